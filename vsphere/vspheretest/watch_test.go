package vspheretest_test

import (
	"context"
	"testing"
	"time"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// watch is a property collector of its own and what it said so far.
type watch struct {
	c       *vim25.Client
	pc      *property.Collector
	version string
	known   map[types.ManagedObjectReference]map[types.ManagedObjectReference]map[string]any // filter, object, path
}

func newWatch(t *testing.T, c *vim25.Client) *watch {
	t.Helper()
	pc, err := property.DefaultCollector(c).Create(t.Context())
	must(t, err)
	return &watch{c: c, pc: pc, known: map[types.ManagedObjectReference]map[types.ManagedObjectReference]map[string]any{}}
}

// filter watches the VMs in a view and returns the filter.
func (w *watch) filter(t *testing.T, v types.ManagedObjectReference, paths ...string) types.ManagedObjectReference {
	t.Helper()
	kind := v.Type
	res, err := methods.CreateFilter(t.Context(), w.c, &types.CreateFilter{This: w.pc.Reference(), Spec: types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{{Obj: v, Skip: types.NewBool(true), SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: kind, Path: "view"},
		}}},
		PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: paths}},
	}})
	must(t, err)
	w.known[res.Returnval] = map[types.ManagedObjectReference]map[string]any{}
	return res.Returnval
}

// next waits at most seconds for one answer; nil when there was none in time.
func (w *watch) next(ctx context.Context, seconds int32) (*types.UpdateSet, error) {
	res, err := methods.WaitForUpdatesEx(ctx, w.c, &types.WaitForUpdatesEx{
		This: w.pc.Reference(), Version: w.version, Options: &types.WaitOptions{MaxWaitSeconds: &seconds},
	})
	if err != nil {
		return nil, err
	}
	if res.Returnval != nil {
		w.version = res.Returnval.Version
		w.apply(res.Returnval)
	}
	return res.Returnval, nil
}

func (w *watch) apply(set *types.UpdateSet) {
	for _, f := range set.FilterSet {
		objects := w.known[f.Filter]
		for _, o := range f.ObjectSet {
			switch o.Kind {
			case types.ObjectUpdateKindLeave:
				delete(objects, o.Obj)
				continue
			case types.ObjectUpdateKindEnter:
				objects[o.Obj] = map[string]any{}
			}
			for _, p := range o.ChangeSet {
				objects[o.Obj][p.Name] = p.Val
			}
		}
	}
}

// sync reads until nothing is left, and returns the pages.
func (w *watch) sync(t *testing.T) (pages []*types.UpdateSet) {
	t.Helper()
	for {
		set, err := w.next(t.Context(), 0)
		must(t, err)
		if set == nil {
			return pages
		}
		pages = append(pages, set)
	}
}

// until waits until the condition on what is known holds.
func (w *watch) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("the watch never said: %s", what)
		}
		_, err := w.next(t.Context(), 1)
		must(t, err)
	}
}

// view makes a recursive container view of the VMs below a folder.
func vmView(t *testing.T, c *vim25.Client, folder types.ManagedObjectReference) types.ManagedObjectReference {
	t.Helper()
	v, err := view.NewManager(c).CreateContainerView(t.Context(), folder, []string{"VirtualMachine"}, true)
	must(t, err)
	return v.Reference()
}
