package bmc

import (
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
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
	guesses *simplelru.LRU[uint32, *handshake]
	wrong   func(time.Time, *handshake)
}

func newHandshakes(abandoned func(*handshake), wrong func(time.Time, *handshake)) handshakes {
	hs := handshakes{guesses: newHalfOpen(), wrong: wrong}
	abandon := func(h *handshake) {
		hs.unproven(h.named, h) // when it expires, it was counted long ago
		abandoned(h)
	}
	hs.opened, hs.named, hs.challenged = newStage(abandon), newStage(abandon), newStage(abandon)
	return hs
}

// find returns the handshake of IPMI 2.0 with the BMC's ID, or nil.
func (hs *handshakes) find(now time.Time, id uint32) *handshake {
	hs.expire(now)
	if h, ok := hs.opened.lru.Peek(id); ok {
		return h
	}
	h, _ := hs.named.lru.Peek(id)
	return h
}

// findChallenge returns the handshake of IPMI 1.5 with the temporary ID, or nil.
func (hs *handshakes) findChallenge(now time.Time, id uint32) *handshake {
	hs.expire(now)
	h, _ := hs.challenged.lru.Peek(id)
	return h
}

func (hs *handshakes) contain(id uint32) bool {
	return hs.opened.lru.Contains(id) || hs.named.lru.Contains(id) || hs.challenged.lru.Contains(id)
}

// name says that h was answered with a new RAKP message 2. From now on its
// console knows whether its password is right.
func (hs *handshakes) name(now time.Time, h *handshake) {
	hs.advance(now, h)
	h.named = now
	hs.guesses.Add(h.id, h)
}

// expireUnproven counts the guesses whose console had enough time.
func (hs *handshakes) expireUnproven(now time.Time) {
	for {
		_, h, ok := hs.guesses.GetOldest()
		if !ok || now.Sub(h.named) < proveWithin {
			return
		}
		hs.unproven(h.named.Add(proveWithin), h)
	}
}

// unproven counts h as a wrong guess, unless it is none or was counted before.
func (hs *handshakes) unproven(at time.Time, h *handshake) {
	if hs.guesses.Remove(h.id) {
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
	hs.guesses.Remove(h.id)
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
		for _, h := range s.lru.Values() {
			if names[h.who.name] {
				h.who.real = false
			}
		}
	}
}

func (hs *handshakes) abandonAll() {
	for _, s := range []*stage{&hs.opened, &hs.named, &hs.challenged} {
		for _, h := range s.lru.Values() {
			s.abandon(h)
		}
	}
}

// A stage holds handshakes, the one that waits for longest first.
type stage struct {
	lru       *simplelru.LRU[uint32, *handshake] // BMC's ID -> handshake
	sources   map[netip.Addr]int                 // how many of them each source has
	abandoned func(*handshake)
}

func newStage(abandoned func(*handshake)) stage {
	return stage{lru: newHalfOpen(), sources: make(map[netip.Addr]int), abandoned: abandoned}
}

func newHalfOpen() *simplelru.LRU[uint32, *handshake] {
	lru, err := simplelru.NewLRU[uint32, *handshake](maxHalfOpen, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return lru
}

// add makes room if it must: the oldest handshake of the source that has the
// most goes, so that a flood from one address pushes out only itself.
func (s *stage) add(h *handshake) {
	if s.lru.Len() >= maxHalfOpen {
		s.abandon(s.crowded())
	}
	s.lru.Add(h.id, h)
	s.sources[h.from.Addr()]++
}

func (s *stage) crowded() *handshake {
	most := 0
	for _, n := range s.sources {
		most = max(most, n)
	}
	for _, id := range s.lru.Keys() { // oldest first
		if h, _ := s.lru.Peek(id); s.sources[h.from.Addr()] == most {
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
	if !s.lru.Remove(h.id) {
		return
	}
	from := h.from.Addr()
	if s.sources[from]--; s.sources[from] == 0 {
		delete(s.sources, from)
	}
}

func (s *stage) expire(now time.Time) {
	for {
		_, h, ok := s.lru.GetOldest()
		if !ok || now.Sub(h.stepped) < handshakeLife {
			return
		}
		s.abandon(h)
	}
}
