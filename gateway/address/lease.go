package address

import (
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Lease is the promise that an address means one VM and no other. It outlives
// the BMC: a lease that was released is held, so that a VM that comes back finds
// its address, and so that nobody who still remembers the address reaches
// another VM by it.
type Lease struct {
	Key        inventory.Key `json:"key"`
	Tenant     string        `json:"tenant,omitempty"`    // for people, may be out of date
	VM         string        `json:"vm,omitempty"`        // name of the VM when it was last served
	BIOSUUID   string        `json:"bios_uuid,omitempty"` // of the VM, so that its BMC can be served while no vCenter names it
	Pool       string        `json:"pool"`                // name of the pool that gave the address
	Address    netip.Addr    `json:"address"`
	MAC        MAC           `json:"mac"`
	Since      time.Time     `json:"since"`                // when the lease was last put to use
	ReleasedAt time.Time     `json:"released_at,omitzero"` // zero while it is in use
}

// InUse reports whether the lease has not been released.
func (l Lease) InUse() bool { return l.ReleasedAt.IsZero() }
