package gateway

import (
	"fmt"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A Fuse is when too many of a tenant's BMCs are powered off at once: more than
// Share percent of them, and Minimum or more, within a time. The zero value never
// is.
type Fuse struct {
	Share   int // percent; 0 and 100: never
	Within  time.Duration
	Minimum int
}

// fuse refuses to power off further BMCs of a tenant once too many have been. What it
// counts is in the state file, so that a restart is no way round it; see remember. An
// operator's word is not: it ends with the run at the latest.
type fuse struct {
	config func() Fuse
	bmcs   func() int       // how many the tenant has
	event  func(blown bool) // told once each time, mu is not held

	mu      sync.Mutex
	stopped map[inventory.Key]time.Time // when each was last powered off or restarted
	blown   time.Time                   // zero: it is not
	tried   time.Time                   // the last attempt since then
	open    time.Time                   // until then an operator lets everything pass
	unsaved map[inventory.Key]bool      // of what the file does not say how it is; the zero Key is for blown and tried
	noted   time.Time                   // what the file says of tried

	saving sync.Mutex // over a write; before mu
	store  *store.Store
	tenant string
}

func newFuse(config func() Fuse, bmcs func() int, event func(blown bool)) *fuse {
	return &fuse{config: config, bmcs: bmcs, event: event,
		stopped: make(map[inventory.Key]time.Time), unsaved: make(map[inventory.Key]bool)}
}

// take counts that a BMC is powered off, or returns why it must not be. One that was
// a moment ago may be again.
func (f *fuse) take(key inventory.Key) error {
	c, now, all := f.config(), time.Now(), f.bmcs()
	f.mu.Lock()
	before := !f.blown.IsZero()
	f.expire(c, now)
	err := f.judge(c, now, all, key)
	after := !f.blown.IsZero()
	if after != before || after && f.tried.Sub(f.noted) >= c.Within/4 {
		f.unsaved[inventory.Key{}] = true
	}
	f.mu.Unlock()
	f.save()
	if after != before {
		f.event(after)
	}
	return err
}

// expire forgets what is long ago; a blown fuse is whole again when nobody has tried
// for so long.
func (f *fuse) expire(c Fuse, now time.Time) {
	if now.Sub(f.tried) >= c.Within {
		f.blown = time.Time{}
	}
	for one, at := range f.stopped {
		if now.Sub(at) >= c.Within {
			delete(f.stopped, one)
			f.unsaved[one] = true
		}
	}
}

func (f *fuse) judge(c Fuse, now time.Time, all int, key inventory.Key) error {
	if c.Share <= 0 || c.Share >= 100 || now.Before(f.open) {
		f.mend()
		return nil
	}
	if _, again := f.stopped[key]; again {
		return nil
	}
	if f.blown.IsZero() {
		n := len(f.stopped) + 1
		if n < c.Minimum || n*100 <= c.Share*all {
			f.stopped[key] = now
			f.unsaved[key] = true
			return nil
		}
		f.blown = now
	}
	f.tried = now
	return policyError{fmt.Sprintf("more than %d%% of the tenant's %d BMCs would be powered off within %s; "+
		"if that is meant, an operator says so with \"bmc-gateway power release\"", c.Share, all, c.Within)}
}

// mend makes the fuse whole, and reports whether it was not.
func (f *fuse) mend() bool {
	was := !f.blown.IsZero()
	f.blown = time.Time{}
	for one := range f.stopped {
		f.unsaved[one] = true
	}
	clear(f.stopped)
	return was
}

// release lets everything pass for d; it reports whether the fuse had blown.
func (f *fuse) release(d time.Duration) bool {
	f.mu.Lock()
	was := f.mend()
	f.open = time.Now().Add(d)
	f.unsaved[inventory.Key{}] = true
	f.mu.Unlock()
	f.save()
	if was {
		f.event(false)
	}
	return was
}

// state returns since when power-offs are refused, zero: they are not, and until when
// everything may pass.
func (f *fuse) state() (blown, open time.Time) {
	c, now := f.config(), time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.blown.IsZero() && now.Sub(f.tried) < c.Within {
		blown = f.blown
	}
	if now.Before(f.open) {
		open = f.open
	}
	return blown, open
}
