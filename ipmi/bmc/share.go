package bmc

import (
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxSources are remembered of a BMC, besides the first; the one that was silent
// for longest makes room, and begins with a full share when it comes back.
const maxSources = 64

// fullAfter is how long a source must be silent to have its whole share again.
const fullAfter = 2 * time.Second

// shares hold back a source that sends more than a BMC should spend on it. Each
// has a bucket of tokens, one a packet, that is filled at the rate and has room
// for two seconds. Most BMCs hear from one source at a time, which needs no memory
// beyond this.
type shares struct {
	rate   float64   // a second; 0: nobody is held back
	latest time.Time // when a packet came last
	first  netip.Prefix
	count  tokenCount                                // of first
	others *simplelru.LRU[netip.Prefix, *tokenCount] // nil: there is none
}

type tokenCount struct {
	tokens float64
	at     time.Time
}

func newShares(rate int) shares { return shares{rate: float64(rate)} }

// take takes a token for a packet; false says that there is none.
func (h *shares) take(now time.Time, from netip.AddrPort) bool {
	if h.rate == 0 {
		return true
	}
	c := h.of(now, sourceOf(from))
	if quiet := now.Sub(c.at); quiet > 0 { // one may show later than others that came after it
		c.tokens = min(h.full(), c.tokens+h.rate*quiet.Seconds())
		c.at = now
	}
	if c.tokens < 1 {
		return false
	}
	c.tokens--
	return true
}

// full is a whole share.
func (h *shares) full() float64 { return h.rate * fullAfter.Seconds() }

// of returns the bucket of a source; that of a new one is full. When nobody has
// sent anything for a while all are, and are forgotten.
func (h *shares) of(now time.Time, source netip.Prefix) *tokenCount {
	if now.Sub(h.latest) >= fullAfter {
		h.first, h.count, h.others = source, tokenCount{tokens: h.full(), at: now}, nil
	}
	h.latest = now
	if source == h.first {
		return &h.count
	}
	if h.others == nil {
		others, err := simplelru.NewLRU[netip.Prefix, *tokenCount](maxSources, nil)
		if err != nil {
			panic(err) // only for a size below 1
		}
		h.others = others
	}
	c, ok := h.others.Get(source)
	if !ok {
		c = &tokenCount{tokens: h.full(), at: now}
		h.others.Add(source, c)
	}
	return c
}

// expire forgets the buckets that are full again.
func (h *shares) expire(now time.Time) {
	for h.others != nil {
		_, c, ok := h.others.GetOldest()
		switch {
		case !ok:
			h.others = nil
		case now.Sub(c.at) < fullAfter:
			return
		default:
			h.others.RemoveOldest()
		}
	}
}
