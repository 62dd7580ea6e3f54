package vsphere

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A collector is one property collector in one session, with a filter over all
// VMs and one over the members of each folder. So a single outstanding call
// waits for everything. One goroutine uses it.
type collector struct {
	conn    *conn
	ref     types.ManagedObjectReference
	vms     string            // filter over all VMs
	folders map[string]Folder // filter → folder
	placed  map[Folder]placement
	view    types.ManagedObjectReference
}

// A placement is the server's side of one folder.
type placement struct {
	folder, view, filter types.ManagedObjectReference
}

// newCollector creates the collector with its filter over all VMs.
func newCollector(ctx context.Context, c *conn) (*collector, error) {
	res, err := methods.CreatePropertyCollector(ctx, c, &types.CreatePropertyCollector{This: c.content.PropertyCollector})
	if err != nil {
		return nil, err
	}
	col := &collector{conn: c, ref: res.Returnval, folders: make(map[string]Folder), placed: make(map[Folder]placement)}
	all, err := col.watch(ctx, c.content.RootFolder, true, watchedPaths)
	if err != nil {
		return nil, err
	}
	col.vms, col.view = all.filter.Value, all.view
	return col, nil
}

// watch adds a filter over the VMs in a container.
func (col *collector) watch(ctx context.Context, container types.ManagedObjectReference, recursive bool, paths []string) (placement, error) {
	p := placement{folder: container}
	view, err := methods.CreateContainerView(ctx, col.conn, &types.CreateContainerView{
		This: *col.conn.content.ViewManager, Container: container, Type: []string{"VirtualMachine"}, Recursive: recursive,
	})
	if err != nil {
		return p, err
	}
	p.view = view.Returnval
	no, yes := false, true
	filter, err := methods.CreateFilter(ctx, col.conn, &types.CreateFilter{This: col.ref, Spec: types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{{
			Obj: p.view, Skip: &yes,
			SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ContainerView", Path: "view", Skip: &no}},
		}},
		PropSet: []types.PropertySpec{{Type: "VirtualMachine", All: &no, PathSet: paths}},
	}})
	if err != nil {
		return p, err
	}
	p.filter = filter.Returnval
	return p, nil
}

// wait asks for what changed since version, "" for everything, and holds for as
// long as hold when nothing did. A nil answer means that nothing changed.
func (col *collector) wait(ctx context.Context, version string, hold, timeout time.Duration) (*types.UpdateSet, error) {
	seconds := int32(hold / time.Second)
	body := methods.WaitForUpdatesExBody{Req: &types.WaitForUpdatesEx{
		This: col.ref, Version: version, Options: &types.WaitOptions{MaxWaitSeconds: &seconds},
	}}
	var res methods.WaitForUpdatesExBody
	if err := col.conn.call(ctx, timeout, &body, &res); err != nil {
		return nil, err
	}
	if res.Res == nil {
		return nil, nil
	}
	return res.Res.Returnval, nil
}

// destroy gives back what the collector holds in a session that lives on. The
// first error ends it: the session's end frees the rest.
func (col *collector) destroy(ctx context.Context) error {
	if _, err := methods.DestroyPropertyCollector(ctx, col.conn, &types.DestroyPropertyCollector{This: col.ref}); err != nil {
		return err
	}
	views := []types.ManagedObjectReference{col.view}
	for _, p := range col.placed {
		views = append(views, p.view)
	}
	for _, v := range views {
		if err := destroyView(ctx, col.conn, v); err != nil {
			return err
		}
	}
	return nil
}

func destroyView(ctx context.Context, rt soap.RoundTripper, view types.ManagedObjectReference) error {
	_, err := methods.DestroyView(ctx, rt, &types.DestroyView{This: view})
	return err
}
