package gateway

import (
	"time"
)

// A clock counts the hours the gateway runs; holds and quarantines are measured by
// it. It goes on from where the last run's stood, so a wall clock that is set, a
// machine that was suspended and a gateway that was down for a while all make a
// quarantine longer and never shorter: nobody can tell a clock that jumped a day
// ahead from a day without the gateway.
type clock struct {
	start time.Time // of this run, with the monotonic reading
	base  time.Time // what the clock said then
}

// newClock goes on from a stored time; without one it begins with the wall clock.
func newClock(stored time.Time) *clock {
	c := &clock{start: time.Now(), base: stored}
	if stored.IsZero() {
		c.base = c.start.Round(0).UTC()
	}
	return c
}

// at returns what the clock says at an instant of this run.
func (c *clock) at(t time.Time) time.Time { return c.base.Add(t.Sub(c.start)) }
