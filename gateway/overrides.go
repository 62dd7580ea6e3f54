package gateway

import (
	"fmt"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// overridden is the lease with the hardware address that is fixed for the VM. It
// is told and not stored: without the pin the VM has its own again.
func overridden(l address.Lease, pin Pin) address.Lease {
	if pin.MAC != (address.MAC{}) {
		l.MAC = pin.MAC
	}
	return l
}

// complaint is what is wrong with the attributes by which the VM overrides the
// configuration; empty: nothing. None of it keeps the BMC from answering.
func (ep *endpoint) complaint() string {
	o := ep.vm().Overrides
	wrong := o.Problems
	if o.Address.IsValid() && o.Address != ep.lease.Address {
		wrong = append(wrong[:len(wrong):len(wrong)], fmt.Sprintf("the address %s that its attribute asks for is not given to it", o.Address))
	}
	return strings.Join(wrong, "; ")
}

// renews returns why a VM that changed needs its BMC started anew; empty: it does
// not. Sessions carry the BIOS UUID, and clients know the BMC by its addresses.
func (t *tenant) renews(c inventory.Change) string {
	from, to := t.pinned(c.From), t.pinned(c.To)
	switch {
	case c.From.BIOSUUID != c.To.BIOSUUID:
		return "another BIOS UUID"
	case from.MAC != to.MAC:
		return "another hardware address"
	case from.Address != to.Address:
		return "another address"
	default:
		return ""
	}
}
