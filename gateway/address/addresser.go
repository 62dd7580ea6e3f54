package address

import (
	"errors"
	"net/netip"
)

// An Addresser puts addresses on an interface of the host and takes them away.
// Both verbs are idempotent, and both touch only addresses that carry our mark.
// They take no context: the kernel answers within microseconds or not at all,
// and the implementation bounds the latter.
type Addresser interface {
	// Add makes the host answer for the address on the interface. An address
	// that is there and ours is fine; one that is there and somebody else's is
	// [ErrForeign] and stays as it was.
	Add(iface string, a netip.Addr) error
	// Remove takes the address away again. One that is not there is fine; one
	// that is there and not ours is [ErrForeign] and stays.
	Remove(iface string, a netip.Addr) error
	// List returns the addresses on the interface that are ours, sorted.
	List(iface string) ([]netip.Addr, error)
}

// Errors of an [Addresser] and of an [Announcer] that a caller can tell apart.
var (
	// ErrForeign says that the address is on the host already and not ours.
	ErrForeign = errors.New("the address is on this host and does not belong to bmc-gateway")
	// ErrNoInterface says that the interface does not exist.
	ErrNoInterface = errors.New("no such interface")
	// ErrPermission says that the process lacks a capability; the text around it
	// names the capability and how to grant it.
	ErrPermission = errors.New("operation not permitted")
)

// None is the [Addresser] of a pool whose addresses the host answers already,
// such as 127.0.0.0/8 or a prefix that is routed to it: it does nothing.
type None struct{}

var _ Addresser = None{}

// Add does nothing.
func (None) Add(string, netip.Addr) error { return nil }

// Remove does nothing.
func (None) Remove(string, netip.Addr) error { return nil }

// List returns no address, as none is ours to remove.
func (None) List(string) ([]netip.Addr, error) { return nil, nil }
