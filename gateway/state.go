package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
)

const (
	// stateInterval is how long a changed lease may be in the state file alone: the
	// copy has it after that.
	stateInterval = 10 * time.Second
	// clockInterval is how often the clock is stored. What passed since is lost when
	// the process is killed, which makes quarantines longer by as much.
	clockInterval = time.Minute
	// copyInterval is how often the copy is made when no lease changes.
	copyInterval = time.Hour
)

// openState opens the state file. A damaged one does not keep the gateway from
// starting: what is known is served, and what is not known is given to nobody.
func (g *Gateway) openState() (*store.Store, error) {
	st, r, err := store.OpenOrRecover(g.config.StatePath)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
	case r.Lost:
		g.log.Error("the state file is damaged and has no good copy: VMs get new addresses, but none that is on an interface now",
			"error", r.Cause, "kept", r.Aside)
	case !r.CopyOf.IsZero():
		g.log.Error("the state file is damaged; its copy took its place", "error", r.Cause, "kept", r.Aside, "copied", r.CopyOf)
	default:
		g.log.Error("the state file is damaged; its leases were mended", "error", r.Cause, "kept", r.Aside,
			"from the copy", r.Restored, "quarantined", r.Unknown)
	}
	return st, nil
}

// keepState stores the gateway's clock, lets go of what nobody needs and copies the
// state file, until ctx ends.
func (g *Gateway) keepState(ctx context.Context) {
	tick := time.NewTicker(stateInterval)
	defer tick.Stop()
	var stored time.Time
	defer g.keeping.Rest()
	for ended := false; !ended; {
		g.keeping.Beat()
		select {
		case <-ctx.Done():
			ended = true
		case <-tick.C:
		}
		var failed error
		if ended || time.Since(stored) >= clockInterval {
			stored = time.Now()
			failed = errors.Join(g.store.PutClock(g.clock.at(stored)), g.forgetGone())
		}
		if failed == nil && (ended || g.store.Uncopied() || time.Since(g.store.Health().CopiedAt) >= copyInterval) {
			failed = g.store.Copy()
		}
		g.tellState(failed)
	}
}

// tellState logs that the state file cannot be written, and that it can again,
// once each.
func (g *Gateway) tellState(err error) {
	switch {
	case err == nil && g.stateFailed != "":
		g.log.Info("the state file is written again")
		g.stateFailed = ""
	case err != nil && g.stateFailed == "":
		g.log.Error("the state file cannot be written: BMCs go on, and no VM gets a new address", "error", err)
		g.stateFailed = err.Error()
	}
}
