package gateway

import (
	"fmt"
	"sync/atomic"
	"time"
)

// stallLimit is how long one step of a reconcile loop may take before it counts
// as hung. A step is one BMC at most, and waits for no vCenter.
const stallLimit = time.Minute

// A pulse shows that a loop makes progress. While the loop waits for work it
// rests, and that is fine.
type pulse struct{ last atomic.Pointer[time.Time] } // nil: it rests

func (p *pulse) beat() {
	now := time.Now()
	p.last.Store(&now)
}

func (p *pulse) rest() { p.last.Store(nil) }

// stalled returns for how long the loop has been in one step, zero when that is
// not too long.
func (p *pulse) stalled(now time.Time) time.Duration {
	last := p.last.Load()
	if last == nil || now.Sub(*last) < stallLimit {
		return 0
	}
	return now.Sub(*last)
}

// live returns nil while the loops make progress. It takes the lock of each
// tenant and each BMC on the way: where one is never given back, it does not
// return, and nothing that depends on it goes on.
func (g *Gateway) live() error {
	now := time.Now()
	for _, t := range g.served() {
		if d := t.pulse.stalled(now); d > 0 {
			return fmt.Errorf("tenant %q: no progress for more than %s", t.config().Name, stallLimit)
		}
		t.count()
	}
	return nil
}
