package address

import (
	"errors"
	"time"
)

const (
	// dadLimit bounds the kernel's question, which takes one to two seconds
	// (RFC 4862, section 5.4, with RetransTimer and MAX_RTR_SOLICITATION_DELAY of 1 s).
	dadLimit = 5 * time.Second
	// dadPoll is how often the kernel is asked whether it has an answer.
	dadPoll = 100 * time.Millisecond
)

// errTentative says that the kernel has not found out whether an address of IPv6
// is free, as on an interface that is down.
var errTentative = errors.New("duplicate address detection does not end; is the interface up?")

// ask6 is ask for IPv6: the kernel asks, of an address that it has been given and
// does not answer for yet. Those that are free stay, for Add to find them.
func (s *Segment) ask6(open []place) {
	k := s.keeper
	verdict := make(map[place]error, len(open))
	k.ops.Lock()
	for _, at := range open {
		if err := k.kernel.put(at.iface, at.addr, s.terms(true)); err != nil {
			verdict[at] = err
		}
	}
	k.ops.Unlock()
	var err error
	for end := time.Now().Add(dadLimit); err == nil && len(verdict) < len(open); {
		if err = k.wait(dadPoll); err == nil {
			err = k.judgeDAD(open, verdict)
		}
		if err == nil && time.Now().After(end) {
			err = errTentative
		}
	}
	for _, at := range open {
		if _, ok := verdict[at]; !ok {
			verdict[at] = err
		}
		s.settle(at, verdict[at])
	}
}

// judgeDAD notes a verdict for each address whose question has ended.
func (k *Keeper) judgeDAD(open []place, verdict map[place]error) error {
	v, err := k.kernel.look()
	if err != nil {
		return err
	}
	for _, at := range open {
		ours, _, there, _ := v.find(v.links[at.iface].index, at.addr)
		switch {
		case !there || ours.dadFailed:
			verdict[at] = ErrConflict
		case !ours.tentative:
			verdict[at] = nil
		}
	}
	return nil
}

// settle notes the answer for one address, and takes one that cannot be used away.
func (s *Segment) settle(at place, err error) {
	k := s.keeper
	if err != nil {
		k.ops.Lock()
		_ = k.kernel.Remove(at.iface, at.addr) // else its lifetime ends
		k.ops.Unlock()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	q, ok := k.asked[at]
	if !ok {
		return
	}
	q.done, q.at = true, time.Now()
	if errors.Is(err, ErrConflict) {
		q.conflict = conflict{seen: q.at}
	} else {
		q.err = err
	}
}

// placed reports whether the question has left the address on the interface.
func (q *asked) placed(at place) bool {
	return at.addr.Is6() && q.done && q.err == nil && !q.conflict.is()
}

// dropUnused takes away again what was asked for and then put to no use: nobody would
// refresh it, and without a lifetime it would stay.
func (k *Keeper) dropUnused(now time.Time) {
	k.ops.Lock()
	defer k.ops.Unlock()
	var unused []place
	k.mu.Lock()
	for at, q := range k.asked {
		if !q.placed(at) || now.Sub(q.at) <= vettedFor {
			continue
		}
		delete(k.asked, at)
		if _, wanted := k.wanted[at]; !wanted {
			unused = append(unused, at)
		}
	}
	k.mu.Unlock()
	for _, at := range unused {
		_ = k.kernel.Remove(at.iface, at.addr) // else its lifetime ends
	}
}
