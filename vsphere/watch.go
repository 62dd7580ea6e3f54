package vsphere

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

const (
	firstHold    = 2 * time.Second // how long vCenter may hold back an answer that says "nothing"
	shutGap      = 2 * time.Second // between two looks at a shut gate: the password may have changed
	lostSessions = 5               // sessions lost in a row, with nothing heard between, that are no outage yet
)

// A watcher keeps the memory in step with vCenter. Its fields belong to the
// goroutine of run.
type watcher struct {
	cfg     Config
	session *session
	mem     *memory
	link    *link

	operations *session

	wants *wants
	hints <-chan struct{} // something else is wanted

	conn    *conn      // nil: not logged in
	col     *collector // nil: to be built
	version string     // of the data; empty: everything is to be told
	seen    *census    // of an answer that tells everything; nil: none under way
	losses  int        // complete answers in a row that left known VMs out
	resync  time.Time  // when everything is to be told again
	folders folderWatch
	tagged  int32 // number of the latest event of a tag
	deaf    bool  // that these events cannot be followed has been told
}

// A census is what a complete answer has named so far, over all its pages.
type census struct {
	vms     map[string]bool
	folders map[Folder]map[string]bool
}

func (w *watcher) run(ctx context.Context) {
	hints, cancel := w.wants.changed.subscribe()
	defer cancel()
	w.hints = hints
	for failures := 0; ctx.Err() == nil; {
		err := w.step(ctx)
		if err == nil {
			failures = 0
			continue
		}
		if ctx.Err() != nil {
			return
		}
		failures++
		pause(ctx, w.failed(err, failures))
	}
}

// step logs in, builds and looks up what is missing and then makes one wait.
func (w *watcher) step(ctx context.Context) error {
	if w.conn == nil {
		c, err := w.session.acquire(ctx)
		if err != nil {
			return err
		}
		w.conn = c
		w.mem.open(c.vcenter)
		w.operations.follow(c.vcenter)
	}
	if err := w.prepare(ctx); err != nil {
		return w.drop(ctx, err)
	}
	hold, timeout := w.patience()
	set, ended, err := w.wait(ctx, hold, timeout)
	if err != nil {
		return w.drop(ctx, err)
	}
	if ended {
		return nil
	}
	if !w.take(set, time.Now()) && set != nil {
		pause(ctx, firstHold) // it was not held back, and the next would not be either
	}
	return nil
}

func (w *watcher) prepare(ctx context.Context) error {
	between := w.seen == nil || w.version == "" // not amid the pages of an answer
	wanted := w.wants.now()
	if w.col != nil && between && (time.Now().After(w.resync) || !w.col.serves(wanted)) {
		w.giveUp(ctx)
	}
	if w.col == nil {
		w.mem.scope(wanted.vms())
		col, err := newCollector(ctx, w.conn, wanted)
		if err != nil {
			return err
		}
		if err := w.listen(ctx, col, nil, wanted); err != nil {
			return undo(err, func() error { return col.destroy(ctx) })
		}
		w.mem.keepFolders(wanted.Folders)
		w.col, w.version, w.folders = col, "", folderWatch{wanted: wanted}
		// Belt and braces: an update lost on the way, or by a view, would never be noticed.
		w.resync = time.Now().Add(w.cfg.Resync + rand.N(w.cfg.Resync))
	}
	if between {
		if err := w.lookAtFolders(ctx); err != nil {
			return err
		}
	}
	if w.version == "" {
		w.seen = &census{vms: make(map[string]bool), folders: make(map[Folder]map[string]bool)}
	}
	return nil
}

// patience is how long vCenter may hold an answer back, and how long to wait for
// it. Two answers fit into the freshness, so that one lost makes nothing stale.
func (w *watcher) patience() (hold, timeout time.Duration) {
	hold = min(max(w.cfg.Freshness/3, time.Second), time.Minute)
	extra := min(max(w.cfg.Freshness/3, 2*time.Second), w.cfg.CallTimeout)
	if w.folders.missing {
		hold = min(hold, folderRetry)
	}
	if w.folders.restless() {
		hold = min(hold, folderPause)
	}
	if w.link.check() != nil { // somebody waits to hear that vCenter is back
		hold = time.Second
	}
	if w.seen == nil && w.mem.inDoubt() {
		hold = 0 // whether what is off still is, is to be told now and not when something changes
	}
	if w.seen != nil {
		hold, extra = min(hold, firstHold), w.cfg.CallTimeout
		if w.version != "" {
			hold = 0 // the next page is there already, or there is none
		}
	}
	return hold, hold + extra
}

// take puts an answer into the memory and reports whether it is to be believed.
// Only the last page of an answer makes what is known fresh: until then part of
// it is from before.
func (w *watcher) take(set *types.UpdateSet, now time.Time) (believed bool) {
	var e effect
	if set != nil {
		for _, f := range set.FilterSet {
			e = e.or(w.update(f, now))
		}
		w.version = set.Version
	}
	partial := set != nil && set.Truncated != nil && *set.Truncated
	nothing, less := false, false
	if !partial {
		nothing, less = w.lossy()
	}
	if nothing || less {
		w.version = "" // everything is to be told again
	}
	if nothing {
		w.mem.doubt()
		return false
	}
	if !partial {
		if w.seen != nil {
			w.mem.sweep(w.seen.vms, w.seen.folders, less)
			w.seen, e = nil, effect{list: true, power: true}
		}
		if w.col.clusters.changed {
			w.mem.setClusters(w.col.clusters.byHost())
			w.col.clusters.changed = false
		}
		placed := make([]Folder, 0, len(w.col.placed))
		for f := range w.col.placed {
			placed = append(placed, f)
		}
		e.list = w.mem.complete(now, placed) || e.list
		if w.link.good(now) {
			w.cfg.Log.Info("vCenter connected", "vcenter", w.cfg.Name)
			w.told(nil)
		}
	}
	if e.list {
		w.mem.changed.raise()
	}
	if e.power {
		w.mem.power.raise()
	}
	return !less
}

func (w *watcher) update(u types.PropertyFilterUpdate, now time.Time) effect {
	if f, ok := w.col.folders[u.Filter.Value]; ok {
		if w.seen != nil {
			if w.seen.folders[f] == nil {
				w.seen.folders[f] = make(map[string]bool)
			}
			mark(w.seen.folders[f], u.ObjectSet)
		}
		return w.mem.applyFolder(f, u.ObjectSet)
	}
	switch u.Filter.Value {
	case w.col.vms:
	case w.col.hosts:
		w.mem.hosts.raise()
		return effect{}
	case w.col.tree:
		if w.col.folderTree.apply(u.ObjectSet) && w.seen == nil {
			w.folders.stirred, w.folders.doubt = true, now.Add(viewLag)
		}
		return effect{}
	case w.col.clusterFilter:
		w.col.clusters.apply(u.ObjectSet)
		return effect{}
	case w.col.fields:
		return effect{list: w.mem.applyFields(u.ObjectSet)}
	case w.col.hints:
		if latest := latestEvent(u.ObjectSet); latest != w.tagged {
			w.tagged = latest
			w.mem.tagged.raise()
		}
		return effect{}
	default:
		return effect{} // of a filter that has just been destroyed
	}
	if w.seen != nil {
		mark(w.seen.vms, u.ObjectSet)
	}
	e := w.mem.apply(u.ObjectSet, now)
	if e.moved && len(w.col.placed) > 0 {
		w.folders.doubt = now.Add(viewLag)
	}
	return e
}

func mark(seen map[string]bool, updates []types.ObjectUpdate) {
	for _, u := range updates {
		seen[u.Obj.Value] = u.Kind != types.ObjectUpdateKindLeave
	}
}

// drop gives up what err says is lost, so that the next step builds it again.
func (w *watcher) drop(ctx context.Context, err error) error {
	if w.seen != nil {
		w.version = "" // a page cannot be asked for twice
	}
	switch faultOf(err).(type) {
	case *types.NotAuthenticated:
		w.session.expire(w.conn)
		w.conn, w.col = nil, nil
	case *types.InvalidCollectorVersion:
		w.version = ""
	default:
		// ManagedObjectNotFound, RequestCanceled and what else may come, also a fault
		// without detail: begin anew. What is not vCenter's word at all says nothing
		// of the collector.
		if w.col != nil && answered(err) {
			w.giveUp(ctx)
		}
	}
	return err
}

// giveUp gives back what the collector holds, so that the next step makes another.
func (w *watcher) giveUp(ctx context.Context) {
	if err := w.col.destroy(ctx); err != nil {
		w.cfg.Log.Debug("collector was not destroyed", "vcenter", w.cfg.Name, "error", err)
	}
	w.col = nil
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
