package vsphere

import (
	"context"
	"time"
)

const (
	breakAfter = 5                // calls in a row that got no answer
	breakTime  = 10 * time.Second // without an answer while calls are under way
	probeEvery = 5 * time.Second  // while the breaker is open, one call tries this often
)

// A breaker knows how the calls beside the watch fare. When vCenter answers none of
// them it opens: what comes then is refused at once instead of waiting for its
// timeout, and one call each five seconds tries whether vCenter is back. A fault is
// an answer. The link's lock guards it.
type breaker struct {
	open     bool
	failed   int       // in a row
	underWay int       // calls
	quiet    time.Time // since when there are calls under way and no answer
}

// isOpen reports whether calls are to be refused.
func (b *breaker) isOpen(now time.Time) bool {
	b.open = b.open || b.underWay > 0 && now.Sub(b.quiet) >= breakTime
	return b.open
}

// reset closes the breaker: vCenter has answered.
func (b *breaker) reset() { b.open, b.failed, b.quiet = false, 0, time.Now() }

// begin notes that a call is made. ended is to be called at its end, with the
// context it was made with.
func (l *link) begin(now time.Time) (ended func(context.Context, error)) {
	if l == nil {
		return func(context.Context, error) {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls.underWay == 0 {
		l.calls.quiet = now
	}
	l.calls.underWay++
	return l.ended
}

func (l *link) ended(ctx context.Context, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &l.calls
	now := time.Now()
	open := b.isOpen(now)
	b.underWay--
	switch {
	case err == nil || answered(err):
		b.reset()
	case ctx.Err() != nil:
		// Whoever asked did not wait, which says nothing of vCenter.
	default:
		b.failed++
		b.open = open || b.failed >= breakAfter
		l.lastErr = err
	}
}

// broken reports whether the breaker is open though the watch goes on.
func (l *link) broken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connected && l.calls.isOpen(time.Now())
}
