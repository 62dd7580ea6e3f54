package address

import (
	"errors"
	"net/netip"
)

// Recall takes addresses off every interface but one: an earlier configuration had
// them elsewhere, and two interfaces would answer for them until their lifetime ends
// there. keep may be empty, for none. Only what carries our mark goes, and nothing
// that is kept where it is. It costs one look at the kernel.
func (k *Keeper) Recall(keep string, addrs []netip.Addr) error {
	k.ops.Lock()
	defer k.ops.Unlock()
	v, err := k.kernel.look()
	if err != nil {
		return err
	}
	var problems []error
	for _, a := range addrs {
		for _, at := range k.strays(v, place{keep, a}) {
			problems = append(problems, k.withdrawStray(at))
		}
	}
	return errors.Join(problems...)
}

// strays returns where else an address is as ours and wanted by nobody.
func (k *Keeper) strays(v view, at place) (all []place) {
	for _, h := range v.held[at.addr] {
		if !h.ours || h.index == v.links[at.iface].index {
			continue
		}
		other := place{v.nameOf(h.index), at.addr}
		k.mu.Lock()
		_, wanted := k.wanted[other]
		k.mu.Unlock()
		if other.iface != "" && !wanted {
			all = append(all, other)
		}
	}
	return all
}

// withdrawStray removes it and tells of it. ops is held.
func (k *Keeper) withdrawStray(at place) error {
	err := k.kernel.Remove(at.iface, at.addr)
	if err == nil {
		k.post(Event{Kind: Recalled, Iface: at.iface, Address: at.addr})
	}
	return err
}

// nameOf returns the name of an interface; empty: there is none of that index.
func (v view) nameOf(index uint32) string {
	for name, l := range v.links {
		if l.index == index {
			return name
		}
	}
	return ""
}

// straysOf returns the strays of those addresses whose own interface is there: one
// that was given another name has them until a new one of its name comes.
func (k *Keeper) straysOf(v view, some []place) (all []place) {
	for _, at := range some {
		if _, there := v.links[at.iface]; there && len(v.held[at.addr]) > 0 {
			all = append(all, k.strays(v, at)...)
		}
	}
	return all
}
