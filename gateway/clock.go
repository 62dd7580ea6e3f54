package gateway

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
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

// newClock goes on from a stored time. Without one, as of a state file that was
// mended, it goes on from the latest time that a lease has; the wall clock, with
// which it begins otherwise, would have run on while the gateway did not.
func newClock(stored time.Time, leases []address.Lease) *clock {
	c := &clock{start: time.Now(), base: stored}
	if stored.IsZero() {
		for _, l := range leases {
			for _, t := range []time.Time{l.Since, l.ReleasedAt, l.EndedAt, l.ConflictAt} {
				if t.After(c.base) {
					c.base = t
				}
			}
		}
	}
	if c.base.IsZero() {
		c.base = c.start.Round(0).UTC()
	}
	return c
}

// at returns what the clock says at an instant of this run.
func (c *clock) at(t time.Time) time.Time { return c.base.Add(t.Sub(c.start)) }
