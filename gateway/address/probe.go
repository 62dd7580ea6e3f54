package address

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// asked is a question to the neighbours who has an address, and its answer.
type asked struct {
	done     bool
	at       time.Time // when it was done
	conflict conflict
	err      error // why it could not be asked
}

const (
	// probeAtOnce probes are sent at once, then a little later as many again, so
	// that a switch that limits ARP lets them pass.
	probeAtOnce = 250
	probePause  = 10 * time.Millisecond
)

// Vet asks the neighbours who has the addresses, all at the same time, so that Add
// finds the answer. Those that are there already are not asked for. It returns those
// that another host has.
func (s *Segment) Vet(iface string, addrs []netip.Addr) (taken []netip.Addr) {
	k := s.keeper
	if s.policy.Check != CheckProbe || k.VLANFault(iface) != nil {
		return nil
	}
	v4, v6 := s.open(iface, addrs)
	if len(v4) > 0 {
		s.ask(v4)
	}
	if len(v6) > 0 {
		s.ask6(v6)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range addrs {
		if q, ok := k.asked[place{iface, a}]; ok && q.conflict.is() {
			taken = append(taken, a)
		}
	}
	return taken
}

// open returns the addresses to ask for and notes that they are being asked for.
func (s *Segment) open(iface string, addrs []netip.Addr) (v4, v6 []place) {
	k := s.keeper
	v, err := k.kernel.look()
	if err != nil {
		return nil, nil // Add says so
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.local = v.macs()
	k.forgetAnswers(time.Now())
	for _, a := range addrs {
		at := place{iface, a}
		if _, ok := k.asked[at]; ok || len(v.held[a]) > 0 || a.Is4() && k.neighbours == nil {
			continue
		}
		k.asked[at] = &asked{}
		if a.Is4() {
			v4 = append(v4, at)
		} else {
			v6 = append(v6, at)
		}
	}
	return v4, v6
}

// forgetAnswers drops those that are too old. mu is held.
func (k *Keeper) forgetAnswers(now time.Time) {
	for at, q := range k.asked {
		keep := vettedFor
		if q.conflict.is() {
			keep = conflictKept
		}
		if q.done && !q.placed(at) && (q.err != nil || now.Sub(q.at) > keep) {
			delete(k.asked, at)
		}
	}
}

// ask sends the probes and waits for answers: three rounds in the first half of
// the time, then silence.
func (s *Segment) ask(open []place) {
	k := s.keeper
	err := k.neighbours.listen(open[0].iface)
	for range probes {
		if err == nil {
			err = k.probeAll(open)
		}
		if err == nil {
			err = k.wait(s.policy.ProbeTime / 4)
		}
	}
	if err == nil {
		err = k.wait(s.policy.ProbeTime / 4)
	}
	if errors.Is(err, errNoNeighbours) {
		err = nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, at := range open {
		if q, ok := k.asked[at]; ok {
			q.done, q.at, q.err = true, time.Now(), err
		}
	}
}

func (k *Keeper) probeAll(all []place) error {
	for i, at := range all {
		if i > 0 && i%probeAtOnce == 0 {
			if err := k.wait(probePause); err != nil {
				return err
			}
		}
		if err := k.neighbours.probe(at.iface, at.addr); err != nil {
			return err
		}
	}
	return nil
}

// errClosed says that the Keeper was closed meanwhile.
var errClosed = errors.New("closed while asking who has the address")

func (k *Keeper) wait(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-k.closed:
		return errClosed
	case <-t.C:
		return nil
	}
}

// answered reports whether there is an answer that holds still: to look for one
// costs a listing of all addresses.
func (k *Keeper) answered(at place, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.answer(at, now)
}

// answer is answered with mu held.
func (k *Keeper) answer(at place, now time.Time) bool {
	q, ok := k.asked[at]
	keep := vettedFor
	if ok && q.conflict.is() {
		keep = conflictKept
	}
	return ok && q.done && q.err == nil && now.Sub(q.at) <= keep
}

// vetted returns the answer for one address, after asking if nobody has.
func (s *Segment) vetted(at place) error {
	k := s.keeper
	if !k.answered(at, time.Now()) {
		s.Vet(at.iface, []netip.Addr{at.addr})
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	q, ok := k.asked[at]
	switch {
	case !ok:
		return nil // it is on the host; whose, Add finds out
	case q.conflict.is():
		return q.conflict.error(at.addr)
	case q.err != nil:
		return q.err
	case !q.done:
		return fmt.Errorf("address %s: being asked for by another pool", at.addr)
	}
	return nil
}
