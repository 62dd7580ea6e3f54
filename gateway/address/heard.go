package address

import (
	"net"
	"time"
)

// heard judges what a host on the link has said. It only notes: the socket it
// comes from may be the one to answer through.
func (k *Keeper) heard(iface string, p neighbourSeen) { k.hear(iface, p, time.Now()) }

func (k *Keeper) hear(iface string, p neighbourSeen, now time.Time) {
	k.mu.Lock()
	if k.local[p.mac] || p.mac == "" {
		k.mu.Unlock()
		return
	}
	if p.sender.IsUnspecified() {
		// A probe: somebody is about to take it. Only who is probing, too, minds; an
		// address of ours the kernel defends by its answer.
		if q, ok := k.asked[place{iface, p.target}]; ok && !q.done {
			q.conflict = conflict{p.mac, now}
		}
		k.mu.Unlock()
		return
	}
	at := place{iface, p.sender}
	if q, ok := k.asked[at]; ok {
		q.conflict = conflict{p.mac, now}
	}
	w, ok := k.wanted[at]
	told := ok && k.contested(at, w, p.mac, now)
	k.mu.Unlock()
	if told {
		k.post(Event{Kind: ConflictHeard, Iface: iface, Address: at.addr, MAC: net.HardwareAddr(p.mac)})
	}
}

// contested notes a conflict over an address of ours and decides as RFC 5227,
// section 2.4, says. It reports whether to tell of it: once a minute. mu is held.
func (k *Keeper) contested(at place, w *ward, mac string, now time.Time) (tell bool) {
	if w.segment.policy.Check == CheckNone {
		return false
	}
	again := now.Sub(w.conflict.seen) < defendInterval
	w.conflict = conflict{mac, now}
	w.segment.counts.ConflictsHeard++
	switch {
	case again && w.segment.policy.GiveUp && now.Sub(w.defended) > time.Second/4:
		k.dropped = append(k.dropped, at)
	case now.Sub(w.defended) >= defendInterval:
		w.defended = now
		k.due = append(k.due, announcement{at, now})
	}
	if now.Sub(w.told) < time.Minute {
		return false
	}
	w.told = now
	return true
}

// giveUp takes the addresses off the interface that other hosts insist on.
func (k *Keeper) giveUp() {
	k.mu.Lock()
	dropped := k.dropped
	k.dropped = nil
	k.mu.Unlock()
	for _, at := range dropped {
		k.mu.Lock()
		w, ok := k.wanted[at]
		k.mu.Unlock()
		if !ok {
			continue
		}
		err := w.segment.Remove(at.iface, at.addr)
		k.mu.Lock()
		k.asked[at] = &asked{done: true, at: w.conflict.seen, conflict: w.conflict}
		k.mu.Unlock()
		k.post(Event{Kind: ConflictLost, Iface: at.iface, Address: at.addr, MAC: net.HardwareAddr(w.conflict.mac), Err: err})
	}
}
