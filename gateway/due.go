package gateway

import (
	"context"
	"time"
)

// due does something whenever its time has come.
type due struct{ again chan struct{} }

func newDue() due { return due{again: make(chan struct{}, 1)} }

// changed says that something may be due earlier than was known.
func (d due) changed() {
	select {
	case d.again <- struct{}{}:
	default: // one word waits
	}
}

// retryDue is how soon a step is repeated that could not do what was due.
const retryDue = 5 * time.Second

// run calls step now and whenever something is due, until ctx ends. step does what
// is due and returns when the next is; zero: nothing is.
func (d due) run(ctx context.Context, step func(now time.Time) (next time.Time)) {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		now := time.Now()
		next := step(now)
		alarm.Stop()
		if wait := next.Sub(now); !next.IsZero() && wait > 0 {
			alarm.Reset(wait)
		} else if !next.IsZero() {
			alarm.Reset(retryDue)
		}
		select {
		case <-ctx.Done():
			return
		case <-d.again:
		case <-alarm.C:
		}
	}
}
