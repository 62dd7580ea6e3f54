package vsphere

import (
	"context"
	"errors"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// tagEvents are what vCenter tells when a tag is put on an object or taken off.
var tagEvents = []string{"com.vmware.cis.tagging.attach", "com.vmware.cis.tagging.detach"}

// listen follows what is not about VMs themselves: folders and the events of tags,
// from when the first is wanted, and from the beginning, before which before is nil,
// clusters and the names of custom attributes. Without it VMs are watched all the same,
// so a refusal is told once and is no error.
func (w *watcher) listen(ctx context.Context, col *collector, before, now *Wanted) error {
	var errs []error
	if before == nil {
		before = new(Wanted)
		if w.cfg.AttributePrefix != "" && now.vms() {
			errs = append(errs, col.watchFields(ctx))
		}
		if now.vms() {
			errs = append(errs, col.watchClusters(ctx))
		}
	}
	if len(before.Folders) == 0 && len(now.Folders) > 0 && col.tree == "" {
		errs = append(errs, col.watchTree(ctx))
	}
	if len(before.Tags) == 0 && len(now.Tags) > 0 && col.hints == "" {
		errs = append(errs, col.watchTagEvents(ctx))
	}
	for _, err := range errs {
		if err != nil && (!answered(err) || isExpired(err)) {
			return err
		}
	}
	if err := errors.Join(errs...); err != nil && !w.deaf {
		w.deaf = true
		w.cfg.Log.Warn("folders, clusters, custom attributes or tag events cannot be followed", "vcenter", w.cfg.Name, "error", err)
	}
	return nil
}

// watchTagEvents has the outstanding wait return when a tag was put on something
// or taken off. The events name neither the object nor the tag by its id, so they
// are hints only. They cost no call: the wait is there in any case.
func (col *collector) watchTagEvents(ctx context.Context) error {
	manager := col.conn.content.EventManager
	if manager == nil {
		return nil
	}
	// Those before the login are old: a look at the tags follows it in any case.
	since := col.conn.user.LoginTime
	res, err := methods.CreateCollectorForEvents(ctx, col.conn, &types.CreateCollectorForEvents{
		This: *manager,
		Filter: types.EventFilterSpec{
			Time: &types.EventFilterSpecByTime{BeginTime: &since}, EventTypeId: tagEvents, MaxCount: eventPage,
		},
	})
	if err != nil {
		return err
	}
	col.tagEvents = res.Returnval
	filter, err := col.watchOne(ctx, col.tagEvents, "latestPage")
	if err != nil {
		return undo(err, func() error { return col.dropTagEvents(ctx) })
	}
	col.hints = filter.Value
	return nil
}

// dropTagEvents gives the event collector back: vCenter has 32 of them for everybody.
func (col *collector) dropTagEvents(ctx context.Context) error {
	if col.tagEvents.Value == "" {
		return nil
	}
	_, err := methods.DestroyCollector(ctx, col.conn, &types.DestroyCollector{This: col.tagEvents})
	col.tagEvents = types.ManagedObjectReference{}
	return err
}

// latestEvent returns the highest number among the events of an update.
func latestEvent(updates []types.ObjectUpdate) (latest int32) {
	for _, u := range updates {
		for _, c := range u.ChangeSet {
			page, _ := c.Val.(types.ArrayOfEvent)
			for _, e := range page.Event {
				latest = max(latest, e.GetEvent().Key)
			}
		}
	}
	return latest
}

// hintSettles is how long a look at the tags waits after a hint: those who tag one
// VM often tag a second.
const hintSettles = 100 * time.Millisecond
