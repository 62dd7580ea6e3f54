package address

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// judge decides about one route by what the kernel has: whether it is to be put
// back, and what is to be told. mu is held.
func (w *path) judge(p netip.Prefix, link linkState, there bool, have []localRoute, now time.Time) (tell *Event, put bool) {
	ours, foreign := false, false
	for _, one := range have {
		ours = ours || one.ours && one.index == link.index
		foreign = foreign || !one.ours
	}
	switch {
	case !there:
		w.set(Missing, ErrNoInterface.Error())
		w.putBacks = nil // one made anew is nobody's doing
		return nil, false
	case ours:
		w.index = link.index
		w.set(Present, "")
		return nil, false
	case foreign:
		if w.set(Foreign, "somebody else's local route to "+p.String()+" is there") {
			return &Event{Kind: RouteLost, Err: fmt.Errorf("local route to %s: somebody else's is there", p)}, false
		}
		return nil, false
	}
	if w.index != 0 && w.index != link.index {
		w.putBacks = nil
	}
	w.index = link.index
	w.putBacks = slices.DeleteFunc(w.putBacks, func(t time.Time) bool { return now.Sub(t) > putBackWindow })
	if len(w.putBacks) < putBackLimit {
		return nil, true
	}
	why := fmt.Sprintf("taken away %d times within %s", putBackLimit, putBackWindow)
	if w.set(Disputed, why) {
		return &Event{Kind: RouteLost, Err: fmt.Errorf("local route to %s: %s", p, why)}, false
	}
	return nil, false
}

// set changes the presence and reports whether it was another one.
func (w *path) set(is Presence, why string) bool {
	changed := w.is != is
	w.is, w.why = is, why
	return changed
}

// putRoute adds a route that is missing. ops is held.
func (k *Keeper) putRoute(r *Routes, p netip.Prefix, now time.Time) {
	err := k.kernel.putRoute(r.iface, p)
	k.mu.Lock()
	defer k.mu.Unlock()
	w := r.paths[p]
	switch {
	case err != nil:
		if w.set(Missing, err.Error()) {
			k.post(Event{Kind: RouteLost, Iface: r.iface, Err: err})
		}
	default:
		w.set(Present, "")
		w.putBacks = append(w.putBacks, now)
		if w.added {
			k.post(Event{Kind: RouteBack, Iface: r.iface, Err: fmt.Errorf("local route to %s was missing", p)})
		}
		w.added = true
	}
}
