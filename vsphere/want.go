package vsphere

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
	"golang.org/x/time/rate"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// Wanted is what the tenants of a vCenter ask of it: the fields of the same names
// of [Config], which may change while Run goes on.
type Wanted struct {
	Folders   []Folder
	Tags      []string
	Selectors []inventory.Selector
	Shares    []TenantShare
	ReadOnly  bool
	Hosts     bool
}

// vms reports whether the watch tells of VMs.
func (w *Wanted) vms() bool { return !w.Hosts || len(w.Selectors) > 0 }

// wants is what is wanted now. What now returns never changes.
type wants struct {
	current atomic.Pointer[Wanted]
	changed signal
}

func newWants(c Config) *wants {
	w := new(wants)
	w.current.Store(&Wanted{Folders: c.Folders, Tags: c.Tags, Selectors: c.Selectors, Shares: c.Shares, ReadOnly: c.ReadOnly, Hosts: c.Hosts})
	return w
}

func (w *wants) now() *Wanted { return w.current.Load() }

// Want replaces what is asked for. What stays wanted is answered without a gap; a
// folder or tag that is new makes the sources that need it fail until it has been
// looked at, which begins at once. The error is of a folder, a tag or a share that
// New would refuse; nothing has changed then.
func (v *VCenter) Want(w Wanted) error {
	c := v.cfg
	c.Folders, c.Tags, c.Selectors, c.Shares, c.ReadOnly, c.Hosts = w.Folders, w.Tags, w.Selectors, w.Shares, w.ReadOnly, w.Hosts
	if err := c.check(); err != nil {
		return err
	}
	w.Folders, w.Tags = dedupe(w.Folders), dedupe(w.Tags)
	v.memory.addFolders(w.Folders)
	v.dispatcher.share(w.Shares)
	v.wants.current.Store(&w)
	v.wants.changed.raise()
	return nil
}

// share replaces the shares of the tenants. What a tenant has waiting keeps its
// place; who is no tenant any more leaves with the last of that.
func (d *dispatcher) share(shares []TenantShare) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shares = make(map[string]TenantShare)
	for _, s := range shares {
		d.shares[s.Tenant] = s.withDefaults()
	}
	now := time.Now()
	d.queue.lines = slices.DeleteFunc(d.queue.lines, func(l *line) bool {
		share, stays := d.shares[l.tenant]
		if !stays && l.tenant != "" && len(l.tickets) == 0 {
			delete(d.buckets, l)
			return true
		}
		if !stays {
			share = share.withDefaults()
		}
		l.weight = share.Weight
		d.buckets[l].SetLimitAt(now, rate.Limit(share.Rate))
		d.buckets[l].SetBurstAt(now, share.Burst)
		return false
	})
	d.dispatch(now)
}

// addFolders has the members of more folders remembered.
func (m *memory) addFolders(folders []Folder) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range folders {
		if m.folders[f] == nil {
			m.folders[f] = &membership{refs: make(map[string]bool)}
		}
	}
}

// keepFolders forgets the members of all other folders. Only the watcher may call
// it: what it forgets is not watched any more.
func (m *memory) keepFolders(folders []Folder) {
	m.addFolders(folders)
	m.mu.Lock()
	defer m.mu.Unlock()
	for f := range m.folders {
		if !slices.Contains(folders, f) {
			delete(m.folders, f)
		}
	}
}

// follow brings the collector from what was wanted when it was last asked to what
// is wanted now. Folders that are new are placed by the caller.
func (w *watcher) follow(ctx context.Context, now *Wanted) error {
	for f, p := range w.col.placed {
		if slices.Contains(now.Folders, f) {
			continue
		}
		if err := w.col.unplace(ctx, f, p); err != nil {
			return err
		}
	}
	if err := w.listen(ctx, w.col, w.folders.wanted, now); err != nil {
		return err
	}
	w.mem.keepFolders(now.Folders)
	w.folders.wanted = now
	return nil
}

// cancelAgain is how long a wait may go on after it was cancelled: the word may
// have come to vCenter before the wait did.
const cancelAgain = time.Second

// wait is the collector's, but it ends, with ended, when something else is wanted.
func (w *watcher) wait(ctx context.Context, hold, timeout time.Duration) (set *types.UpdateSet, ended bool, err error) {
	waiting, over := context.WithCancel(ctx)
	done := make(chan bool, 1)
	go func() { done <- w.hurry(waiting) }()
	set, err = w.col.wait(ctx, w.version, hold, timeout)
	over()
	if <-done && err != nil {
		if _, canceled := faultOf(err).(*types.RequestCanceled); canceled {
			return nil, true, nil
		}
	}
	return set, false, err
}

// hurry has vCenter answer the outstanding wait, until which ctx lasts, when
// something else is wanted. It reports whether it has asked for that.
func (w *watcher) hurry(ctx context.Context) (asked bool) {
	select {
	case <-ctx.Done():
		return false
	case <-w.hints:
	}
	tick := time.NewTicker(cancelAgain)
	defer tick.Stop()
	for {
		// An error leaves the wait to its own end, which is not far.
		_, _ = methods.CancelWaitForUpdates(ctx, w.conn, &types.CancelWaitForUpdates{This: w.col.ref})
		select {
		case <-ctx.Done():
			return true
		case <-tick.C:
		}
	}
}
