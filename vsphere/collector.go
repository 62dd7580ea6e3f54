package vsphere

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A collector is one property collector in one session, with a filter over all
// VMs, one over the members of each folder and one each over all folders, the names
// of custom attributes, the events of tags, all clusters and all hosts. So a single
// outstanding call waits for everything. One goroutine uses it.
type collector struct {
	conn    *conn
	ref     types.ManagedObjectReference
	vms     string            // filter over all VMs; empty: none
	folders map[string]Folder // filter → folder
	placed  map[Folder]placement
	view    types.ManagedObjectReference

	fields    string // filter over the custom attributes; empty: none
	hints     string // filter over the events of tags; empty: none
	tagEvents types.ManagedObjectReference

	hosts     string // filter over all hosts; empty: none
	hostsView types.ManagedObjectReference

	tree       string // filter over all folders; empty: none
	treeView   types.ManagedObjectReference
	folderTree tree

	clusterFilter string // over all clusters; empty: none
	clusterView   types.ManagedObjectReference
	clusters      clusters
}

// A placement is the server's side of one folder.
type placement struct {
	folder, view, filter types.ManagedObjectReference
}

// newCollector creates the collector with its filters over all VMs and all hosts, or
// one of the two.
func newCollector(ctx context.Context, c *conn, wanted *Wanted) (*collector, error) {
	res, err := methods.CreatePropertyCollector(ctx, c, &types.CreatePropertyCollector{This: c.content.PropertyCollector})
	if err != nil {
		return nil, err
	}
	col := &collector{conn: c, ref: res.Returnval, folders: make(map[string]Folder), placed: make(map[Folder]placement)}
	if wanted.vms() {
		all, err := col.watchVMs(ctx, c.content.RootFolder, true, watchedPaths)
		if err != nil {
			return nil, undo(err, func() error { return col.destroy(ctx) })
		}
		col.vms, col.view = all.filter.Value, all.view
	}
	if wanted.Hosts {
		if err := col.watchHosts(ctx); err != nil {
			return nil, undo(err, func() error { return col.destroy(ctx) })
		}
	}
	return col, nil
}

// serves reports whether the collector tells of what is wanted, as far as it cannot
// be changed.
func (col *collector) serves(wanted *Wanted) bool {
	return (col.vms != "") == wanted.vms() && (col.hosts != "") == wanted.Hosts
}

// watchVMs adds a filter over the VMs in a container.
func (col *collector) watchVMs(ctx context.Context, container types.ManagedObjectReference, recursive bool, paths []string) (placement, error) {
	no := false
	return col.watch(ctx, container, recursive, types.PropertySpec{Type: "VirtualMachine", All: &no, PathSet: paths})
}

// watch adds a filter over the objects in a container that have one of the types.
func (col *collector) watch(ctx context.Context, container types.ManagedObjectReference, recursive bool, properties ...types.PropertySpec) (placement, error) {
	p := placement{folder: container}
	var kinds []string
	for _, s := range properties {
		kinds = append(kinds, s.Type)
	}
	view, err := methods.CreateContainerView(ctx, col.conn, &types.CreateContainerView{
		This: *col.conn.content.ViewManager, Container: container, Type: kinds, Recursive: recursive,
	})
	if err != nil {
		return p, err
	}
	p.view = view.Returnval
	no, yes := false, true
	members := types.ObjectSpec{
		Obj: p.view, Skip: &yes,
		SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ContainerView", Path: "view", Skip: &no}},
	}
	p.filter, err = col.filter(ctx, members, properties...)
	if err != nil {
		return p, undo(err, func() error { return destroyView(ctx, col.conn, p.view) })
	}
	return p, nil
}

// watchOne adds a filter over one property of one object.
func (col *collector) watchOne(ctx context.Context, obj types.ManagedObjectReference, path string) (types.ManagedObjectReference, error) {
	no := false
	return col.filter(ctx, types.ObjectSpec{Obj: obj, Skip: &no}, types.PropertySpec{Type: obj.Type, All: &no, PathSet: []string{path}})
}

func (col *collector) filter(ctx context.Context, objects types.ObjectSpec, properties ...types.PropertySpec) (types.ManagedObjectReference, error) {
	res, err := methods.CreateFilter(ctx, col.conn, &types.CreateFilter{This: col.ref, Spec: types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{objects}, PropSet: properties,
	}})
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	return res.Returnval, nil
}

// undo gives back what stands on the server when the next thing was refused, so
// that trying again and again does not fill the session. With no word from vCenter,
// or no session, there is nobody to give it back to. It returns cause.
func undo(cause error, giveBack func() error) error {
	if faultOf(cause) == nil || isExpired(cause) {
		return cause
	}
	if err := giveBack(); err != nil {
		return fmt.Errorf("%w (cleaning up: %v)", cause, err)
	}
	return cause
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

// destroy gives back what the collector holds in a session that lives on. What
// is gone already does not keep it from the rest; silence or a lost session ends it.
func (col *collector) destroy(ctx context.Context) error {
	_, err := methods.DestroyPropertyCollector(ctx, col.conn, &types.DestroyPropertyCollector{This: col.ref})
	errs := []error{err}
	var views []types.ManagedObjectReference
	for _, v := range []types.ManagedObjectReference{col.view, col.treeView, col.hostsView, col.clusterView} {
		if v.Value != "" {
			views = append(views, v)
		}
	}
	for _, p := range col.placed {
		views = append(views, p.view)
	}
	for _, v := range views {
		if err != nil && (faultOf(err) == nil || isExpired(err)) {
			break
		}
		err = destroyView(ctx, col.conn, v)
		errs = append(errs, err)
	}
	if err == nil || faultOf(err) != nil && !isExpired(err) {
		errs = append(errs, col.dropTagEvents(ctx))
	}
	return errors.Join(errs...)
}

func destroyView(ctx context.Context, rt soap.RoundTripper, view types.ManagedObjectReference) error {
	_, err := methods.DestroyView(ctx, rt, &types.DestroyView{This: view})
	return err
}
