package address

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// A Policy is how the addresses of a pool are kept.
type Policy struct {
	// Lifetime is how long the kernel keeps an address that is not refreshed; it
	// is refreshed each third of it. 0: for ever.
	Lifetime time.Duration
	Check    Check
	// ProbeTime is how long a probe takes, from the first question to the end of
	// the wait for an answer. RFC 5227's own constants make 4 to 7 seconds.
	ProbeTime time.Duration
	// GiveUp: an address that another host insists on within ten seconds is taken
	// off the interface (RFC 5227, section 2.4, b). Otherwise it is defended, at
	// most once in ten seconds (c).
	GiveUp bool
}

// A Segment is the part of a [Keeper] that one pool uses: an [Addresser] whose
// addresses are kept.
type Segment struct {
	keeper *Keeper
	policy Policy

	// With the keeper's lock.
	renewed time.Time // when the lifetimes were last refreshed
	counts  Counts    // of what happened; the states are counted when asked
}

var _ Addresser = (*Segment)(nil)

// A ward is an address that is kept.
type ward struct {
	segment  *Segment
	is       Presence
	why      string // it is not present
	index    uint32 // of the interface it was last seen on
	seen     time.Time
	putBacks []time.Time
	conflict conflict
	told     time.Time // when the conflict was last told of
	defended time.Time
}

// Add implements [Addresser]. An address that is not on the interface yet is
// first probed, unless the policy says otherwise or [Segment.Vet] has just done
// so; one that another host has is [ErrConflict].
func (s *Segment) Add(iface string, a netip.Addr) error {
	k := s.keeper
	at := place{iface, a}
	if s.keeps(at) {
		return nil // should it be missing, the loop puts it back
	}
	if err := k.VLANFault(iface); err != nil {
		return err
	}
	ours, err := k.kernel.has(iface, a)
	if err != nil {
		return err
	}
	if !ours && s.policy.Check == CheckProbe {
		if err := s.vetted(at); err != nil {
			return fmt.Errorf("interface %q: %w", iface, err)
		}
	}
	k.ops.Lock()
	defer k.ops.Unlock()
	if err := k.kernel.put(iface, a, s.terms(false)); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.asked, at)
	if w, ok := k.wanted[at]; !ok || w.segment != s {
		k.wanted[at] = &ward{segment: s, seen: time.Now()}
	}
	if k.neighbours == nil || s.policy.Check == CheckNone {
		return nil
	}
	k.wake() // so that ARP on a new interface is listened to
	return nil
}

func (s *Segment) terms(dad bool) terms {
	return terms{lifetime: s.policy.Lifetime, dad: dad}
}

// keeps reports whether the address is kept, and was there when last seen.
func (s *Segment) keeps(at place) bool {
	k := s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	w, ok := k.wanted[at]
	return ok && w.segment == s && w.is == Present
}

// Adopt keeps those of the addresses that are on the interface already as ours:
// an earlier run added them. They get their lifetime anew at once, without having
// been away. It costs one look at the kernel, however many they are.
func (s *Segment) Adopt(iface string, addrs []netip.Addr) error {
	k := s.keeper
	k.ops.Lock()
	defer k.ops.Unlock()
	v, err := k.kernel.look()
	if err != nil {
		return err
	}
	k.withoutWrongVLANs(v)
	index := v.links[iface].index
	var ours []netip.Addr
	k.mu.Lock()
	for _, a := range addrs {
		if h, _, is, _ := v.find(index, a); is && !h.dadFailed {
			k.wanted[place{iface, a}] = &ward{segment: s, index: index, seen: time.Now()}
			ours = append(ours, a)
		}
	}
	k.mu.Unlock()
	k.wake()
	if s.policy.Lifetime == 0 || len(ours) == 0 {
		return nil
	}
	return k.kernel.renew(index, ours, s.policy.Lifetime)
}

// Remove implements [Addresser].
func (s *Segment) Remove(iface string, a netip.Addr) error {
	k := s.keeper
	k.ops.Lock()
	defer k.ops.Unlock()
	k.mu.Lock()
	if w, ok := k.wanted[place{iface, a}]; ok && w.segment == s {
		delete(k.wanted, place{iface, a})
	}
	k.mu.Unlock()
	return k.kernel.Remove(iface, a)
}

// Withdraw removes all addresses that are kept. It is the end of the segment.
func (s *Segment) Withdraw() error {
	k := s.keeper
	k.mu.Lock()
	k.segments = slices.DeleteFunc(slices.Clone(k.segments), func(o *Segment) bool { return o == s })
	var all []place
	for at, w := range k.wanted {
		if w.segment == s {
			all = append(all, at)
		}
	}
	k.mu.Unlock()
	var problems []error
	for _, at := range all {
		problems = append(problems, s.Remove(at.iface, at.addr))
	}
	return errors.Join(problems...)
}

// List implements [Addresser].
func (s *Segment) List(iface string) ([]netip.Addr, error) { return s.keeper.kernel.List(iface) }

// Tagged returns the tags of the addresses on the interface that are ours and have one.
func (s *Segment) Tagged(iface string) (map[netip.Addr]uint32, error) {
	return s.keeper.kernel.tagged(iface)
}

// Announce tells the neighbours that the address is here: at once, which may
// fail, and again after one and after three seconds.
func (s *Segment) Announce(iface string, a netip.Addr) error {
	k := s.keeper
	if k.neighbours == nil {
		return nil
	}
	err := k.neighbours.Announce(iface, a)
	if errors.Is(err, ErrNoInterface) {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.announceLater(place{iface, a}, time.Now())
	return err
}
