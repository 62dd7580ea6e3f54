package address

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

const (
	// syncAtOnce is how many addresses are refreshed by what one look at the kernel
	// said: the shorter the time between, the surer they are still ours.
	syncAtOnce = 1000
	// putBackLimit is how often an address is put back within putBackWindow: who
	// takes it away that often means it.
	putBackLimit  = 5
	putBackWindow = 10 * time.Minute
)

// sync compares what is wanted with what the kernel has. Without live nothing is
// added and no lifetime refreshed. It reports whether everything is as it should.
func (k *Keeper) sync(now time.Time, live bool) bool {
	began := time.Now()
	k.mu.Lock()
	all := make([]place, 0, len(k.wanted))
	for at := range k.wanted {
		all = append(all, at)
	}
	due := make(map[*Segment]bool)
	for _, s := range k.segments {
		s.counts.Resyncs++
		due[s] = live && s.policy.Lifetime > 0 && now.Sub(s.renewed) >= s.policy.Lifetime/3
	}
	k.mu.Unlock()
	whole := k.syncVLANs(live)
	k.dropUnused(now)
	k.vetLate(now, live)
	whole = k.syncRoutes(now, live) && whole
	for some := range slices.Chunk(all, syncAtOnce) {
		ok, err := k.syncSome(some, due, now.Add(time.Since(began)), live)
		if err != nil {
			k.post(Event{Kind: LookFailed, Err: err})
			return false
		}
		whole = whole && ok
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for s := range due {
		if due[s] {
			s.renewed = now
		}
	}
	return whole
}

// A plan is what is to be done by what a look said.
type plan struct {
	renew   map[renewal][]netip.Addr
	putBack []place
	strays  []place // where else addresses are as ours
	events  []Event
	retry   bool // not everything could be refreshed
}

type renewal struct {
	index    uint32
	lifetime time.Duration
}

func (k *Keeper) syncSome(some []place, due map[*Segment]bool, now time.Time, live bool) (whole bool, err error) {
	began := time.Now()
	k.ops.Lock()
	defer k.ops.Unlock()
	v, err := k.kernel.look()
	if err != nil {
		return false, err
	}
	k.withoutWrongVLANs(v)
	k.relisten(v, some)
	p := k.judge(v, some, due, now, live)
	p.strays = k.straysOf(v, some)
	for r, addrs := range p.renew {
		if err := k.kernel.renew(r.index, addrs, r.lifetime); err != nil {
			p.retry = true
			p.events = append(p.events, Event{Kind: Unkept, Err: err})
		}
	}
	for _, at := range p.strays {
		if err := k.withdrawStray(at); err != nil {
			p.retry = true
		}
	}
	for _, at := range p.putBack {
		p.events = append(p.events, k.putBack(at, now.Add(time.Since(began)))...)
	}
	for _, e := range p.events {
		k.post(e)
	}
	return !p.retry && len(p.putBack) == 0, nil
}

// judge decides, for each address, by what the kernel has.
func (k *Keeper) judge(v view, some []place, due map[*Segment]bool, now time.Time, live bool) plan {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := plan{renew: make(map[renewal][]netip.Addr)}
	for _, at := range some {
		w, ok := k.wanted[at]
		if !ok {
			continue
		}
		link, there := v.links[at.iface]
		ours, foreign, isOurs, isForeign := v.find(link.index, at.addr)
		switch {
		case !there:
			w.set(Missing, ErrNoInterface.Error())
			w.putBacks = nil // one made anew is nobody's doing
		case isOurs && !ours.dadFailed:
			w.index, w.seen = link.index, now
			w.set(Present, "")
			if due[w.segment] {
				r := renewal{link.index, w.segment.policy.Lifetime}
				p.renew[r] = append(p.renew[r], at.addr)
			}
		case isForeign:
			if w.set(Foreign, "it is there as "+foreign.String()) {
				p.events = append(p.events, Event{Kind: ForeignFound, Iface: at.iface, Address: at.addr,
					Err: fmt.Errorf("%w: it is there as %s", ErrForeign, foreign)})
			}
		case !live:
		default:
			w.mayPutBack(at, link, now, &p)
		}
	}
	return p
}

// mayPutBack notes that an address is missing, and puts it on the plan unless it
// was taken away too often.
func (w *ward) mayPutBack(at place, link linkState, now time.Time, p *plan) {
	if w.index != 0 && w.index != link.index {
		w.putBacks = nil // the interface was made anew
	}
	w.index = link.index
	if w.tolerated(now) {
		p.putBack = append(p.putBack, at)
		return
	}
	why := fmt.Sprintf("taken away %d times within %s", putBackLimit, putBackWindow)
	if w.set(Disputed, why) {
		p.events = append(p.events, Event{Kind: TakenTooOften, Iface: at.iface, Address: at.addr, Err: errors.New(why)})
	}
}

// set changes the presence and reports whether it was another one.
func (w *ward) set(is Presence, why string) bool {
	changed := w.is != is
	w.is, w.why = is, why
	return changed
}

// putBack adds an address that is missing. ops is held.
func (k *Keeper) putBack(at place, now time.Time) []Event {
	k.mu.Lock()
	w, ok := k.wanted[at]
	q, answered := k.asked[at]
	contested := ok && answered && q.conflict.is()
	if contested {
		w.conflict = q.conflict
		k.dropped = append(k.dropped, at)
	}
	unsure := ok && w.late(now) && k.asks(at) && !k.answer(at, time.Now())
	k.mu.Unlock()
	if !ok || contested || unsure { // it is asked for by the next look, a second later
		return nil
	}
	err := k.kernel.put(at.iface, at.addr, w.segment.terms(false))
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		if w.set(Missing, err.Error()) {
			return []Event{{Kind: Unkept, Iface: at.iface, Address: at.addr, Err: err}}
		}
		return nil
	}
	w.set(Present, "")
	w.seen = now
	w.putBacks = append(w.putBacks, now)
	w.segment.counts.PutBacks++
	k.announceNow(at, now)
	return []Event{{Kind: PutBack, Iface: at.iface, Address: at.addr}}
}

// relisten makes sure that ARP is heard on each interface, also on one that was
// made anew or has another hardware address.
func (k *Keeper) relisten(v view, some []place) {
	k.mu.Lock()
	before := k.links
	k.links, k.local = v.links, v.macs()
	listen := make(map[string]bool)
	for _, at := range some {
		if w, ok := k.wanted[at]; ok && w.segment.policy.Check != CheckNone {
			listen[at.iface] = true
		}
	}
	k.mu.Unlock()
	if k.neighbours == nil {
		return
	}
	for iface := range listen {
		was, is := before[iface], v.links[iface]
		if was.index != 0 && (was.index != is.index || was.mac != is.mac) {
			k.neighbours.forget(iface)
		}
		if is.index != 0 {
			_ = k.neighbours.listen(iface) // it is tried again with each look
		}
	}
}
