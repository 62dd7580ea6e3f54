package address

import (
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Lease is the promise that an address means one VM and no other. It outlives
// the BMC: a lease that was released is held, so that a VM that comes back finds
// its address, and then quarantined, so that nobody who still remembers the
// address reaches another VM by it.
//
// Its times are those of the pool's clock, which counts the hours the gateway runs.
type Lease struct {
	Key        inventory.Key `json:"key"`                 // zero: no VM's, reserved or lost to its VM
	Tenant     string        `json:"tenant,omitempty"`    // who had it last
	VM         string        `json:"vm,omitempty"`        // name of the VM when it was last served
	BIOSUUID   string        `json:"bios_uuid,omitempty"` // of the VM, so that its BMC can be served while no vCenter names it
	Pool       string        `json:"pool"`                // name of the pool that gave the address
	Address    netip.Addr    `json:"address"`
	MAC        MAC           `json:"mac"`
	Since      time.Time     `json:"since,omitzero"`       // when the lease was last put to use
	ReleasedAt time.Time     `json:"released_at,omitzero"` // zero while it is in use
	EndedAt    time.Time     `json:"ended_at,omitzero"`    // when the hold ended before its time; zero: it did not
	ConflictAt time.Time     `json:"conflict_at,omitzero"` // when another host was last seen with the address
	Pinned     bool          `json:"pinned,omitempty"`     // the VM's for ever
	Reserved   bool          `json:"reserved,omitempty"`   // nobody's until an operator says otherwise
	Tag        uint32        `json:"tag,omitempty"`        // of the VM that had it, when that is all that is left of a lease
}

// InUse reports whether the lease has not been released.
func (l Lease) InUse() bool { return l.ReleasedAt.IsZero() }

// Orphaned returns the lease without its VM, whose hold ends now.
func (l Lease) Orphaned(now time.Time) Lease {
	l.Key, l.MAC, l.Pinned = inventory.Key{}, MAC{}, false
	if l.InUse() {
		l.ReleasedAt = now
	}
	if l.EndedAt.IsZero() {
		l.EndedAt = now
	}
	return l
}

// A State is what an address that was ever given away, or set aside, is good for.
type State uint8

// The states. An address goes through them from InUse to Free; Reserved is beside.
const (
	InUse       State = iota // a VM's BMC has it
	Held                     // its VM is gone and finds it again
	Quarantined              // nobody but its VM gets it, for a client may still mean that VM by it
	Free                     // another VM may have it
	Reserved                 // nobody gets it
)

// String returns the state in the words of the command line.
func (s State) String() string {
	switch s {
	case InUse:
		return "in use"
	case Held:
		return "held"
	case Quarantined:
		return "quarantined"
	case Free:
		return "free"
	case Reserved:
		return "reserved"
	default:
		return "unknown"
	}
}

// State returns what a lease of this pool is at a time, and when that ends by
// itself; zero: it does not.
func (c PoolConfig) State(l Lease, now time.Time) (State, time.Time) {
	switch {
	case l.Reserved:
		return Reserved, time.Time{}
	case l.InUse():
		return InUse, time.Time{}
	case l.Pinned:
		return Held, time.Time{}
	}
	if held := c.heldUntil(l); now.Before(held) {
		return Held, held
	}
	if free := c.freeAt(l); now.Before(free) {
		return Quarantined, free
	}
	return Free, time.Time{}
}

func (c PoolConfig) heldUntil(l Lease) time.Time {
	if !l.EndedAt.IsZero() {
		return l.EndedAt
	}
	return l.ReleasedAt.Add(c.Hold)
}

// freeAt is when another VM may have the address of a lease that was released.
func (c PoolConfig) freeAt(l Lease) time.Time {
	from := c.heldUntil(l)
	if l.ConflictAt.After(from) {
		from = l.ConflictAt
	}
	return from.Add(c.Quarantine)
}
