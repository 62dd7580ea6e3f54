package vsphere

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

const (
	folderCheck  = time.Minute     // between two look-ups of folder paths: a rename shows here
	folderRetry  = 2 * time.Second // the same while a folder is missing
	firstHold    = 2 * time.Second // how long vCenter may hold back an answer that says "nothing"
	shutGap      = 2 * time.Second // between two looks at a shut gate: the password may have changed
	emptyAnswers = 3               // answers without any VM in a row before VMs known are dropped
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

	conn    *conn      // nil: not logged in
	col     *collector // nil: to be built
	version string     // of the data; empty: everything is to be told
	seen    *census    // of an answer that tells everything; nil: none under way
	empties int
	resync  time.Time // when everything is to be told again
	checked time.Time // when the folders were looked up
	missing bool      // one of them was not found
	tagged  int32     // number of the latest event of a tag
	deaf    bool      // that these events cannot be followed has been told
}

// A census is what a complete answer has named so far, over all its pages.
type census struct {
	vms     map[string]bool
	folders map[Folder]map[string]bool
}

func (w *watcher) run(ctx context.Context) {
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
	set, err := w.col.wait(ctx, w.version, hold, timeout)
	if err != nil {
		return w.drop(ctx, err)
	}
	if !w.take(set, time.Now()) && set != nil {
		pause(ctx, firstHold) // it was not held back, and the next would not be either
	}
	return nil
}

func (w *watcher) prepare(ctx context.Context) error {
	if w.col == nil {
		col, err := newCollector(ctx, w.conn)
		if err != nil {
			return err
		}
		if err := w.listen(ctx, col); err != nil {
			return undo(err, func() error { return col.destroy(ctx) })
		}
		w.col, w.version, w.checked = col, "", time.Time{}
	}
	between := w.seen == nil || w.version == "" // not amid the pages of an answer
	if age := time.Since(w.checked); between && (age > folderCheck || w.missing && age > folderRetry) {
		if err := w.placeFolders(ctx); err != nil {
			return err
		}
	}
	// Belt and braces: an update lost on the way would never be noticed.
	if now := time.Now(); w.version == "" || now.After(w.resync) {
		w.version = ""
		w.resync = now.Add(30*time.Minute + rand.N(30*time.Minute))
		w.seen = &census{vms: make(map[string]bool), folders: make(map[Folder]map[string]bool)}
	}
	return nil
}

func (w *watcher) placeFolders(ctx context.Context) error {
	missing, began := false, time.Now()
	for _, f := range w.cfg.Folders {
		moved, problem, err := w.col.place(ctx, f)
		if moved || problem != "" {
			w.mem.misplace(f, problem)
			w.mem.changed.raise()
		}
		if err != nil {
			return err
		}
		missing = missing || problem != ""
	}
	// Not before the last: a folder left out would look empty in the next answer.
	w.missing, w.checked = missing, began
	return nil
}

// patience is how long vCenter may hold an answer back, and how long to wait for
// it. Two answers fit into the freshness, so that one lost makes nothing stale.
func (w *watcher) patience() (hold, timeout time.Duration) {
	hold = min(max(w.cfg.Freshness/3, time.Second), time.Minute)
	extra := min(max(w.cfg.Freshness/3, 2*time.Second), w.cfg.CallTimeout)
	if w.missing {
		hold = min(hold, folderRetry)
	}
	if w.link.check() != nil { // somebody waits to hear that vCenter is back
		hold = time.Second
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
	if !partial && w.nothing() {
		w.version = ""
		return false
	}
	if !partial {
		if w.seen != nil {
			w.mem.sweep(w.seen.vms, w.seen.folders)
			w.seen, e = nil, effect{list: true, power: true}
		}
		placed := make([]Folder, 0, len(w.col.placed))
		for f := range w.col.placed {
			placed = append(placed, f)
		}
		e.list = w.mem.complete(now, placed) || e.list
		if w.link.good(now) {
			w.cfg.Log.Info("vCenter connected", "vcenter", w.cfg.Name)
		}
	}
	if e.list {
		w.mem.changed.raise()
	}
	if e.power {
		w.mem.power.raise()
	}
	return true
}

// nothing reports whether the answer to "tell everything" named no VM and is not
// to be believed yet: a vCenter that is starting may have nothing to tell.
func (w *watcher) nothing() bool {
	if w.seen == nil || len(w.seen.vms) > 0 {
		w.empties = 0
		return false
	}
	w.empties++
	_, vms, _ := w.mem.about()
	return vms > 0 && w.empties < emptyAnswers
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
	return w.mem.apply(u.ObjectSet, now)
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
	switch f := faultOf(err).(type) {
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
			if err := w.col.destroy(ctx); err != nil {
				w.cfg.Log.Debug("collector was not destroyed", "vcenter", w.cfg.Name, "fault", f, "error", err)
			}
			w.col = nil
		}
	}
	return err
}

// failed notes a failure and returns how long to wait before the next step. The
// first failure is tried again at once and says nothing of vCenter yet, unless
// it was a login or a silence. Nor does a lost session: vCenter is there to say
// so, and takes verbs on the next one.
func (w *watcher) failed(err error, failures int) time.Duration {
	var silence *timeoutError
	login := w.conn == nil && !isExpired(err)
	borne := 1
	if isExpired(err) {
		borne = lostSessions
	}
	if login || failures > borne || errors.As(err, &silence) {
		if w.link.bad(err, time.Now()) {
			w.cfg.Log.Warn("vCenter lost", "vcenter", w.cfg.Name, "error", err)
			w.mem.changed.raise()
		}
	} else {
		w.link.note(err)
	}
	switch {
	case login:
		return min(w.session.gate.wait(), shutGap)
	case failures == 1:
		return 0
	default:
		return backoff(failures-1, unansweredCap)
	}
}

func (e effect) or(o effect) effect {
	return effect{list: e.list || o.list, power: e.power || o.power}
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
