package bmc

import (
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxSources are remembered of a BMC; the one that was silent for longest makes
// room, and begins with a full share when it comes back.
const maxSources = 256

// shares hold back a source that sends more than a BMC should spend on it. Each
// has a bucket of tokens, one a packet, that is filled at the rate and has room
// for two seconds.
type shares struct {
	rate    float64                                   // a second; 0: nobody is held back
	sources *simplelru.LRU[netip.Prefix, *tokenCount] // nil until the first packet
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
		c.tokens = min(2*h.rate, c.tokens+h.rate*quiet.Seconds())
		c.at = now
	}
	if c.tokens < 1 {
		return false
	}
	c.tokens--
	return true
}

// of returns the bucket of a source; that of a new one is full.
func (h *shares) of(now time.Time, source netip.Prefix) *tokenCount {
	if h.sources == nil {
		sources, err := simplelru.NewLRU[netip.Prefix, *tokenCount](maxSources, nil)
		if err != nil {
			panic(err) // only for a size below 1
		}
		h.sources = sources
	}
	c, ok := h.sources.Get(source)
	if !ok {
		c = &tokenCount{tokens: 2 * h.rate, at: now}
		h.sources.Add(source, c)
	}
	return c
}
