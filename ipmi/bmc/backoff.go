package bmc

import (
	"cmp"
	"net/netip"
	"time"
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
	// maxGuessers are remembered.
	maxGuessers = 256
)

// A guesser is somebody who tries passwords for one account. No other source and
// no other account ever waits because of it. A name that nobody has is treated
// as one that somebody has.
type guesser struct {
	source  netip.Prefix // the address, or the subnet of an IPv6 one
	account string
}

func newGuesser(from netip.AddrPort, account string) guesser {
	addr, bits := from.Addr().Unmap().WithZone(""), 32
	if addr.Is6() {
		bits = 64 // a host has all of it
	}
	source, _ := addr.Prefix(bits) // fails only for an invalid address, which then stands for itself
	return guesser{source: source, account: account}
}

// guesses are the wrong passwords of one guesser.
type guesses struct {
	count float64 // not yet forgiven
	level int     // how often it was made to wait
	last  time.Time
	until time.Time // it is not listened to
}

// A backoff slows down those who try passwords. What it remembers is bounded:
// when it is full, somebody of the source with the most guessers is forgotten,
// whoever waited least; so nobody is forgotten because of another source, and a
// source gains nothing by trying other names in between.
type backoff struct {
	guessers map[guesser]*guesses
}

func newBackoff() backoff { return backoff{guessers: make(map[guesser]*guesses)} }

// waits says whether the guesser has to wait: it is not answered.
func (o *backoff) waits(now time.Time, g guesser) bool {
	e := o.guessers[g]
	return e != nil && now.Before(e.until)
}

// failed counts a wrong password.
func (o *backoff) failed(now time.Time, g guesser) {
	e := o.guessers[g]
	if e != nil && now.Before(e.last) {
		now = e.last // it has shown later than others that came after it
	}
	switch {
	case e == nil:
		if len(o.guessers) >= maxGuessers {
			delete(o.guessers, o.spare())
		}
		e = &guesses{}
		o.guessers[g] = e
	case now.Before(e.until):
		return // it has begun before the wait
	case now.Sub(e.last) >= forgetGuesses:
		*e = guesses{}
	default:
		e.count = max(0, e.count-float64(now.Sub(e.last))/float64(guessRefill))
	}
	e.count++
	e.last = now
	if e.count > guessBurst-1 || e.level > 0 { // not one more is left
		e.until = now.Add(min(minBackoff<<e.level, maxBackoff))
		e.level = min(e.level+1, 6) // 64 times the least is more than the most
	}
}

// proved forgets the guesses of somebody who knows the password.
func (o *backoff) proved(g guesser) { delete(o.guessers, g) }

// spare returns the one to forget.
func (o *backoff) spare() (least guesser) {
	of := make(map[netip.Prefix]int)
	most := 0
	for g := range o.guessers {
		of[g.source]++
		most = max(most, of[g.source])
	}
	var e *guesses
	for g, candidate := range o.guessers {
		if of[g.source] == most && (e == nil || candidate.before(e)) {
			least, e = g, candidate
		}
	}
	return least
}

// before says that e waited less than o, or as often but longer ago.
func (e *guesses) before(o *guesses) bool {
	return cmp.Or(cmp.Compare(e.level, o.level), e.last.Compare(o.last)) < 0
}
