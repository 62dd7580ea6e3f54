package address

import (
	"net/netip"
	"slices"
	"time"
)

// late reports whether the address may have been away for so long that another host
// was given it: it was not refreshed for its whole lifetime, because the process was
// stopped or made no progress, or was not there for as long, as on an interface that
// was gone. mu is held.
func (w *ward) late(now time.Time) bool {
	s := w.segment
	return s.policy.Lifetime > 0 && (now.Sub(s.renewed) >= s.policy.Lifetime || now.Sub(w.seen) >= s.policy.Lifetime)
}

// asks reports whether neighbours are asked before the address is added. mu is held.
func (k *Keeper) asks(at place) bool {
	return k.wanted[at].segment.policy.Check == CheckProbe && (at.addr.Is6() || k.neighbours != nil)
}

// tolerated reports whether an address that is missing was not taken away too often.
func (w *ward) tolerated(now time.Time) bool {
	w.putBacks = slices.DeleteFunc(w.putBacks, func(t time.Time) bool { return now.Sub(t) > putBackWindow })
	return len(w.putBacks) < putBackLimit
}

// vetLate asks for what is about to be put back and has been away for long, before a
// neighbour hears of it again.
func (k *Keeper) vetLate(now time.Time, live bool) {
	if !live || !k.anyLate(now) {
		return
	}
	v, err := k.kernel.look()
	if err != nil {
		return // the next look tells of it, and puts nothing back
	}
	k.withoutWrongVLANs(v)
	late := make(map[*Segment]map[string][]netip.Addr)
	k.mu.Lock()
	for at, w := range k.wanted {
		if link, there := v.links[at.iface]; !there || !link.up || len(v.held[at.addr]) > 0 || !w.late(now) || !w.tolerated(now) {
			continue
		}
		if late[w.segment] == nil {
			late[w.segment] = make(map[string][]netip.Addr)
		}
		late[w.segment][at.iface] = append(late[w.segment][at.iface], at.addr)
	}
	k.mu.Unlock()
	for s, all := range late {
		for iface, addrs := range all {
			s.Vet(iface, addrs)
		}
	}
}

// anyLate spares the look at the kernel.
func (k *Keeper) anyLate(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for at, w := range k.wanted {
		if w.late(now) && k.asks(at) {
			return true
		}
	}
	return false
}
