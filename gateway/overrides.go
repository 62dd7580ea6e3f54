package gateway

import (
	"fmt"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// overridden is the lease with the hardware address that the VM asks for.
func overridden(l address.Lease, o inventory.Overrides) address.Lease {
	if o.MAC != [6]byte{} {
		l.MAC = o.MAC
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
// not. Sessions carry the BIOS UUID, and clients know the BMC by its hardware address.
func renews(c inventory.Change) string {
	switch {
	case c.From.BIOSUUID != c.To.BIOSUUID:
		return "another BIOS UUID"
	case c.From.Overrides.MAC != c.To.Overrides.MAC:
		return "another hardware address"
	case c.From.Overrides.Address != c.To.Overrides.Address:
		return "another address"
	default:
		return ""
	}
}
