package pulse

import (
	"sync/atomic"
	"time"
)

// A Pulse is of one loop, which beats with every step, also when there is
// nothing to do. The zero value rests.
type Pulse struct {
	first atomic.Pointer[time.Time] // beat; the others are counted from it
	last  atomic.Int64              // nanoseconds after first; less than zero: it rests
}

// Beat says that the loop goes on. Only the loop itself calls it. It allocates
// nothing but the first time.
func (p *Pulse) Beat() {
	first := p.first.Load()
	if first == nil {
		now := time.Now()
		p.first.Store(&now)
		return
	}
	p.last.Store(int64(time.Since(*first)))
}

// Rest says that the loop has ended as it should, or waits for something that
// may take any time. The next Beat ends the rest.
func (p *Pulse) Rest() { p.last.Store(-1) }

// Silent returns for how long the loop has not beaten, zero while it rests and
// before its first beat.
func (p *Pulse) Silent(now time.Time) time.Duration {
	first, last := p.first.Load(), p.last.Load()
	if first == nil || last < 0 {
		return 0
	}
	return max(0, now.Sub(*first)-time.Duration(last))
}
