package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// errNothingToReload is for a daemon that was not started from a file, and for one
// that has not come so far.
var errNothingToReload = errors.New("there is no configuration to read again, or the daemon is still starting")

// A Loader reads the configuration again. With problems the configuration is not
// looked at; both they and the warnings name file, line and key.
type Loader func() (c Config, warnings, problems []string)

// reloads is what a Gateway knows of its reloads.
type reloads struct {
	turn sync.Mutex      // one at a time; over ctx too
	ctx  context.Context // of the daemon; nil: nothing is reloaded

	mu     sync.Mutex
	loader Loader
	front  Front        // nil: the HTTP server stays as it is
	last   admin.Reload // that was not a dry run
	good   time.Time    // when the configuration was last put in force
}

// LoadWith says how the configuration is read again; without it, it is not. It is
// called before Run.
func (g *Gateway) LoadWith(l Loader) {
	g.reloads.mu.Lock()
	defer g.reloads.mu.Unlock()
	g.reloads.loader = l
}

// Reload reads the configuration again and applies the difference to the one in
// force, or, with dryRun, says what it would do. A configuration that cannot be used
// changes nothing. It returns when everything is done, some seconds later when a
// vCenter is replaced; reloads wait for each other.
func (g *Gateway) Reload(dryRun bool, by admin.Caller) (admin.Reload, error) {
	g.reloads.turn.Lock()
	defer g.reloads.turn.Unlock()
	g.reloads.mu.Lock()
	load, front := g.reloads.loader, g.reloads.front
	g.reloads.mu.Unlock()
	if load == nil || g.reloads.ctx == nil {
		return admin.Reload{}, errNothingToReload
	}
	done := admin.Reload{At: time.Now(), DryRun: dryRun}
	var c Config
	var err error
	if c, done.Warnings, done.Problems = load(); len(done.Problems) == 0 {
		done.Steps = plan(g.inForce(), c)
		var change *change
		change, done.Problems = g.prepare(c, done.Steps)
		if done.Steps, err = change.prepareFront(front, c, done.Steps); err != nil {
			done.Problems = append(done.Problems, err.Error())
		}
		if !dryRun && len(done.Problems) == 0 {
			change.apply()
			done.Applied = true
		} else {
			change.drop()
		}
	}
	if !dryRun {
		g.record.noteReload(done, by)
		g.noteReload(done)
	}
	return done, nil
}

// allow lets reloads begin, until ctx ends.
func (r *reloads) allow(ctx context.Context) {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.ctx = ctx
}

// refuse lets none begin any more, and waits for the one that runs.
func (r *reloads) refuse() {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.ctx = nil
}

// inForce returns the configuration that is.
func (g *Gateway) inForce() Config {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.config
}

// noteReload logs what came of a reload and remembers it for status and metrics.
func (g *Gateway) noteReload(r admin.Reload) {
	g.reloads.mu.Lock()
	g.reloads.last = r
	if r.Applied {
		g.reloads.good = r.At
	}
	g.reloads.mu.Unlock()
	for _, w := range r.Warnings {
		g.log.Warn("configuration: " + w)
	}
	for _, p := range r.Problems {
		g.log.Error("configuration: " + p)
	}
	if !r.Applied {
		g.log.Error("the configuration is not reloaded: the one before stays in force", "problems", len(r.Problems))
		return
	}
	for _, s := range r.Steps {
		level := g.log.Info
		if s.Action == admin.ReloadLater {
			level = g.log.Warn
		}
		level("reload: "+s.Kind, "name", s.Name, "action", string(s.Action), "what", s.What)
	}
	g.log.Info("configuration reloaded", "differences", len(r.Steps), "took", time.Since(r.At).Round(time.Millisecond))
}

// lastReload returns the last reload, and when what is in force was put in force.
func (g *Gateway) lastReload() (last admin.Reload, good time.Time) {
	g.reloads.mu.Lock()
	defer g.reloads.mu.Unlock()
	if g.reloads.good.IsZero() {
		return g.reloads.last, g.started
	}
	return g.reloads.last, g.reloads.good
}

// syncWithin is how long a vCenter that replaces another has to tell of all its VMs
// before it takes over all the same.
const syncWithin = 10 * time.Second

// synced waits until the new vCenter knows the VMs of the tenants, as far as the old
// one does, or the old one does not answer either.
func synced(ctx context.Context, old, now *upstream, tenants []*tenant) {
	ctx, cancel := context.WithTimeout(ctx, syncWithin)
	defer cancel()
	tick := time.NewTicker(reconcileInterval / 4)
	defer tick.Stop()
	for old.vc.Connected() {
		known := true
		for _, t := range tenants {
			_, before := old.vc.Source(t.config().needs()).List(ctx)
			_, err := now.vc.Source(t.config().needs()).List(ctx)
			known = known && (err == nil || before != nil)
		}
		if known {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
