package address

import (
	"fmt"
	"net/netip"
	"time"
)

// placed is an address on an interface, by the index of the interface.
type placed struct {
	index uint32
	addr  netip.Addr
}

// A held address is one that an interface has.
type held struct {
	placed
	bits  uint8 // prefix length
	proto uint8 // 0: none, or the kernel does not tell
	label string
	tag   uint32 // of the VM; 0: none
	ours  bool

	tentative bool // IPv6: the kernel still asks whether somebody has it
	dadFailed bool // IPv6: somebody has
}

// String returns the address as an administrator would look for it.
func (h held) String() string {
	return fmt.Sprintf("%s/%d (interface index %d, label %q, protocol %#x)", h.addr, h.bits, h.index, h.label, h.proto)
}

// A linkState is what matters of an interface.
type linkState struct {
	index uint32
	up    bool
	mac   string // six bytes; empty for one that is no Ethernet

	kind   string // "vlan", "bridge" and so on; empty for most hardware
	parent uint32 // index of the interface below it; 0: none
	vlan   int    // id of one of kind "vlan"
	alias  string // what somebody has written on it
}

// A view is what the kernel has at one time.
type view struct {
	links map[string]linkState // by name
	held  map[netip.Addr][]held
}

// find returns what the host has of an address: ours on the interface, or
// somebody else's, wherever it is.
func (v view) find(index uint32, a netip.Addr) (ours, foreign held, isOurs, isForeign bool) {
	for _, h := range v.held[a] {
		switch {
		case h.ours && h.index == index:
			ours, isOurs = h, true
		case !h.ours:
			foreign, isForeign = h, true
		}
	}
	return ours, foreign, isOurs, isForeign
}

// macs returns the hardware addresses of the host.
func (v view) macs() map[string]bool {
	all := make(map[string]bool)
	for _, l := range v.links {
		if l.mac != "" {
			all[l.mac] = true
		}
	}
	return all
}

// terms are what an address is added with.
type terms struct {
	lifetime time.Duration // until the kernel takes it away by itself; 0: for ever
	dad      bool          // IPv6: the kernel asks first whether somebody has it
}
