package bmc

import (
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// guessBurst wrong passwords are forgiven, one of them every guessRefill.
	guessBurst  = 5
	guessRefill = 2 * time.Second
	// After that each one costs twice the time of the one before.
	minBackoff = time.Second
	maxBackoff = time.Minute
	// forgetGuesses is how long a guesser must be quiet to start anew.
	forgetGuesses = 5 * time.Minute
	// maxGuessers are remembered that wait, and as many that do not; maxNames of
	// them are those of one source.
	maxGuessers = 256
	maxNames    = 32
)

// A guesser is somebody who tries passwords for one account. No other source and
// no other account ever waits because of it. A name that nobody has is treated
// as one that somebody has.
type guesser struct {
	source  netip.Prefix // the address, or the subnet of an IPv6 one
	account string
}

func newGuesser(from netip.AddrPort, account string) guesser {
	return guesser{source: sourceOf(from), account: account}
}

// sourceOf is what one sender has for itself: an address, or a subnet of IPv6.
func sourceOf(from netip.AddrPort) netip.Prefix {
	addr, bits := from.Addr().Unmap().WithZone(""), 32
	if addr.Is6() {
		bits = 64 // a host has all of it
	}
	source, _ := addr.Prefix(bits) // fails only for an invalid address, which then stands for itself
	return source
}

// guesses are the wrong passwords of one guesser.
type guesses struct {
	count float64 // not yet forgiven
	level int     // how often it was made to wait
	last  time.Time
	until time.Time // it is not listened to
}

// A backoff slows down those who try passwords. What it remembers is bounded, and
// those who wait are kept apart from those who do not yet: so nobody gets rid of
// a wait by trying other names, or from other sources, in between.
//
// The zero value has nobody to remember, as most BMCs have.
type backoff struct {
	trying  *simplelru.LRU[guesser, *guesses] // nil, as the next two: nobody
	waiting *simplelru.LRU[guesser, *guesses]
	names   map[netip.Prefix]int // how many guessers of each source are remembered
}

// begin makes room for those that are remembered.
func (o *backoff) begin() {
	o.names = make(map[netip.Prefix]int)
	o.trying, o.waiting = newGuessers(o.names), newGuessers(o.names)
}

func newGuessers(names map[netip.Prefix]int) *simplelru.LRU[guesser, *guesses] {
	lru, err := simplelru.NewLRU(maxGuessers, func(g guesser, _ *guesses) {
		if names[g.source]--; names[g.source] == 0 {
			delete(names, g.source)
		}
	})
	if err != nil {
		panic(err) // only for a size below 1
	}
	return lru
}

func (o *backoff) find(g guesser) *guesses {
	if o.names == nil {
		return nil
	}
	if e, ok := o.waiting.Peek(g); ok {
		return e
	}
	e, _ := o.trying.Peek(g)
	return e
}

// known is the guesser that is remembered: a source that tries many names is one
// guesser for all further ones.
func (o *backoff) known(g guesser) (guesser, *guesses) {
	e := o.find(g)
	if e == nil && o.names[g.source] >= maxNames {
		g.account = ""
		e = o.find(g)
	}
	return g, e
}

// waits says whether the guesser has to wait: it is not answered.
func (o *backoff) waits(now time.Time, g guesser) bool {
	_, e := o.known(g)
	return e != nil && now.Before(e.until)
}

// failed counts a wrong password.
func (o *backoff) failed(now time.Time, g guesser) {
	g, e := o.known(g)
	if o.names == nil {
		o.begin()
	}
	if e == nil {
		e = &guesses{last: now}
	}
	if now.Before(e.until) {
		return // it has begun before the wait
	}
	e.add(now)
	o.remove(g)
	o.names[g.source]++
	if e.level > 0 {
		o.waiting.Add(g, e)
	} else {
		o.trying.Add(g, e)
	}
}

// proved forgets the guesses of somebody who knows the password.
func (o *backoff) proved(g guesser) {
	if o.names == nil {
		return
	}
	if o.remove(g); len(o.names) == 0 {
		*o = backoff{}
	}
}

// expire forgets those that have been quiet for long enough to start anew.
func (o *backoff) expire(now time.Time) {
	for _, lru := range []*simplelru.LRU[guesser, *guesses]{o.trying, o.waiting} {
		for o.names != nil {
			_, e, ok := lru.GetOldest()
			if !ok || now.Sub(e.last) < forgetGuesses {
				break
			}
			lru.RemoveOldest()
		}
	}
	if len(o.names) == 0 {
		*o = backoff{}
	}
}

func (o *backoff) remove(g guesser) {
	o.trying.Remove(g)
	o.waiting.Remove(g)
}

// add counts one more.
func (e *guesses) add(now time.Time) {
	quiet := max(0, now.Sub(e.last)) // one may show later than others that came after it
	if quiet >= forgetGuesses {
		*e = guesses{}
	}
	e.count = max(0, e.count-float64(quiet)/float64(guessRefill)) + 1
	e.last = now
	if e.count > guessBurst-1 || e.level > 0 { // not one more is left
		e.until = now.Add(min(minBackoff<<e.level, maxBackoff))
		e.level = min(e.level+1, 6) // 64 times the least is more than the most
	}
}
