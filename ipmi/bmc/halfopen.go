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
)

// handshakes are all half-open sessions of a BMC. Nobody has proved anything
// yet, so they are bounded, they expire, and they never cost an active session
// its place. Those whose console has sent RAKP message 1, which a spoofed
// source cannot, are kept apart: no number of Open Session Requests pushes them out.
type handshakes struct {
	opened stage // Open Session was answered
	named  stage // RAKP message 1 was answered
}

func newHandshakes(abandoned func(*handshake)) handshakes {
	return handshakes{opened: newStage(abandoned), named: newStage(abandoned)}
}

// find returns the handshake with the BMC's ID, or nil.
func (hs *handshakes) find(now time.Time, id uint32) *handshake {
	hs.expire(now)
	if h, ok := hs.opened.lru.Peek(id); ok {
		return h
	}
	h, _ := hs.named.lru.Peek(id)
	return h
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
}

// expire gives up on the handshakes that wait for too long.
func (hs *handshakes) expire(now time.Time) {
	hs.opened.expire(now)
	hs.named.expire(now)
}

func (hs *handshakes) abandonAll() {
	for _, s := range []*stage{&hs.opened, &hs.named} {
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
	lru, err := simplelru.NewLRU[uint32, *handshake](maxHalfOpen, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return stage{lru: lru, sources: make(map[netip.Addr]int), abandoned: abandoned}
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
