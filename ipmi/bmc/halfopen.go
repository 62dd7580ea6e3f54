package bmc

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// maxHalfOpen bounds each of the two stages of a handshake.
	maxHalfOpen = 128
	// handshakeLife is how long a handshake waits for its next message. The
	// specification leaves the time open.
	handshakeLife = 20 * time.Second
	// proveWithin is how long a console may take between RAKP messages 2 and 3
	// before it counts as one that has seen that its password is wrong. Many log in
	// at once with the right one; those who prove it later are forgiven.
	proveWithin = time.Second
)

// handshakes are all half-open sessions of a BMC. Nobody has proved anything
// yet, so they are bounded, they expire, and they never cost an active session
// its place. Those whose console has sent RAKP message 1, which a spoofed
// source cannot, are kept apart: no number of Open Session Requests pushes them out.
type handshakes struct {
	opened     stage // Open Session was answered
	named      stage // RAKP message 1 was answered
	challenged stage // Get Session Challenge was answered

	// guesses are the named ones that may still turn out right, oldest first;
	// wrong is told of those that do not.
	guesses queue
	wrong   func(time.Time, *handshake)
}

func newHandshakes(abandoned func(*handshake), wrong func(time.Time, *handshake)) *handshakes {
	hs := &handshakes{wrong: wrong}
	abandon := func(h *handshake) {
		hs.unproven(h.named, h) // when it expires, it was counted long ago
		abandoned(h)
	}
	hs.opened.abandoned, hs.named.abandoned, hs.challenged.abandoned = abandon, abandon, abandon
	return hs
}

// find returns the handshake of IPMI 2.0 with the BMC's ID, or nil.
func (hs *handshakes) find(now time.Time, id uint32) *handshake {
	hs.expire(now)
	if h := hs.opened.find(id); h != nil {
		return h
	}
	return hs.named.find(id)
}

// findChallenge returns the handshake of IPMI 1.5 with the temporary ID, or nil.
func (hs *handshakes) findChallenge(now time.Time, id uint32) *handshake {
	hs.expire(now)
	return hs.challenged.find(id)
}

// some says whether there are any.
func (hs *handshakes) some() bool {
	return len(hs.opened.queue)+len(hs.named.queue)+len(hs.challenged.queue) > 0
}

// of returns the handshake of either version with the BMC's ID, or nil.
func (hs *handshakes) of(id uint32) *handshake {
	for _, s := range [...]*stage{&hs.opened, &hs.named, &hs.challenged} {
		if h := s.find(id); h != nil {
			return h
		}
	}
	return nil
}

func (hs *handshakes) contain(id uint32) bool { return hs.of(id) != nil }

// name says that h was answered with a new RAKP message 2. From now on its
// console knows whether its password is right.
func (hs *handshakes) name(now time.Time, h *handshake) {
	hs.advance(now, h)
	h.named = now
	if len(hs.guesses) >= maxHalfOpen {
		hs.guesses.remove(hs.guesses[0])
	}
	hs.guesses.add(h)
}

// expireUnproven counts the guesses whose console had enough time.
func (hs *handshakes) expireUnproven(now time.Time) {
	for len(hs.guesses) > 0 && now.Sub(hs.guesses[0].named) >= proveWithin {
		h := hs.guesses[0]
		hs.unproven(h.named.Add(proveWithin), h)
	}
}

// unproven counts h as a wrong guess, unless it is none or was counted before.
func (hs *handshakes) unproven(at time.Time, h *handshake) {
	if hs.guesses.remove(h) {
		hs.wrong(at, h)
	}
}

// advance says that h has answered RAKP message 1, first or again.
func (hs *handshakes) advance(now time.Time, h *handshake) {
	hs.remove(h)
	h.stepped = now
	hs.named.add(h)
}

// remove forgets h without a word to anyone.
func (hs *handshakes) remove(h *handshake) {
	hs.opened.remove(h)
	hs.named.remove(h)
	hs.challenged.remove(h)
}

// done removes a handshake whose password was checked.
func (hs *handshakes) done(h *handshake) {
	hs.guesses.remove(h)
	hs.remove(h)
}

// expire gives up on the handshakes that wait for too long.
func (hs *handshakes) expire(now time.Time) {
	hs.opened.expire(now)
	hs.named.expire(now)
	hs.challenged.expire(now)
}

// disown makes the set-ups under these names those of names that nobody has: they
// go on to the end, and fail there.
func (hs *handshakes) disown(names map[string]bool) {
	for _, s := range []*stage{&hs.named, &hs.challenged} {
		for _, h := range s.queue {
			if names[h.who.name] {
				h.who.real = false
			}
		}
	}
}

func (hs *handshakes) abandonAll() {
	for _, s := range []*stage{&hs.opened, &hs.named, &hs.challenged} {
		for len(s.queue) > 0 {
			s.abandon(s.queue[0])
		}
	}
}

// A stage holds handshakes. Most BMCs have none, so its zero value, but for
// abandoned, is an empty one, and one that has become empty is as small again.
type stage struct {
	queue
	sources   map[netip.Prefix]int // how many of them each source has
	abandoned func(*handshake)
}

// add makes room if it must: the oldest handshake of the source that has the
// most goes, so that a flood from one address, or from all of a subnet of IPv6,
// pushes out only itself.
func (s *stage) add(h *handshake) {
	if len(s.queue) >= maxHalfOpen {
		s.abandon(s.crowded())
	}
	if s.sources == nil {
		s.sources = make(map[netip.Prefix]int)
	}
	s.queue.add(h)
	s.sources[sourceOf(h.from)]++
}

func (s *stage) crowded() *handshake {
	if len(s.sources) == 1 || len(s.sources) == len(s.queue) {
		return s.queue[0] // all have as many, as in a flood of either kind: it is made short
	}
	most := 0
	for _, n := range s.sources {
		most = max(most, n)
	}
	for _, h := range s.queue { // oldest first
		if s.sources[sourceOf(h.from)] == most {
			return h
		}
	}
	panic("bmc: a stage that is full has no source")
}

func (s *stage) abandon(h *handshake) {
	s.remove(h)
	s.abandoned(h)
	h.forget()
}

func (s *stage) remove(h *handshake) {
	if !s.queue.remove(h) {
		return
	}
	from := sourceOf(h.from)
	if s.sources[from]--; s.sources[from] == 0 {
		delete(s.sources, from)
	}
	if len(s.sources) == 0 {
		s.sources = nil
	}
}

func (s *stage) expire(now time.Time) {
	for len(s.queue) > 0 && now.Sub(s.queue[0].stepped) >= handshakeLife {
		s.abandon(s.queue[0])
	}
}

// A queue is a few handshakes, the one that waits for longest first: at most
// maxHalfOpen, which are looked through faster than a packet is received.
type queue []*handshake

// find returns the one with the BMC's ID, or nil.
func (q queue) find(id uint32) *handshake {
	for _, h := range q {
		if h.id == id {
			return h
		}
	}
	return nil
}

func (q *queue) add(h *handshake) { *q = append(*q, h) }

// remove says whether h was in it.
func (q *queue) remove(h *handshake) bool {
	i := slices.Index(*q, h)
	if i < 0 {
		return false
	}
	if *q = slices.Delete(*q, i, i+1); len(*q) == 0 {
		*q = nil
	}
	return true
}
