package vspheretest

import (
	"slices"
	"strconv"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// pageSize is how many object updates vCenter returns at most in one answer.
const pageSize = 100

// collector is a PropertyCollector whose updates cost what changed, where the
// simulator's reads every object of every filter at every change, and that has
// versions, pages and sessions as vCenter has them. One-off reads
// (RetrieveProperties and its kin) stay the simulator's.
type collector struct {
	simulator.PropertyCollector
	v       *VCenter
	session *simulator.Session // that made it

	// turn is held while an update is made or waited for; it guards version,
	// the replay and the inner state of the filters.
	turn    chan struct{} // capacity 1
	version int
	asked   string // version the last answer was given to
	answer  *types.UpdateSet

	mu        sync.Mutex // taken under hub.mu: for the fields below only
	filters   []*filter
	dirty     map[types.ManagedObjectReference]struct{}
	structure bool
	tasks     bool          // some filter is about tasks
	wake      chan struct{} // capacity 1
	cancel    chan struct{} // closed to end the wait in flight; nil without one
	destroyed bool
}

func (v *VCenter) newCollector(ctx *simulator.Context, ref types.ManagedObjectReference) *collector {
	c := &collector{
		v: v, session: ctx.Session,
		turn:  make(chan struct{}, 1),
		dirty: make(map[types.ManagedObjectReference]struct{}),
		wake:  make(chan struct{}, 1),
	}
	c.Self = ref
	return c
}

// mark notes a changed object. Tasks come by the thousand in a power storm and
// most collectors do not care.
func (c *collector) mark(ref types.ManagedObjectReference, structure bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ref.Type == "Task" && !c.tasks {
		return
	}
	c.dirty[ref] = struct{}{}
	c.structure = c.structure || structure
	c.poke()
}

func (c *collector) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// take returns what was marked since the last take, and the present filters.
func (c *collector) take() (dirty map[types.ManagedObjectReference]struct{}, structure bool, filters []*filter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	dirty, structure = c.dirty, c.structure
	c.dirty, c.structure = make(map[types.ManagedObjectReference]struct{}), false
	return dirty, structure, slices.Clone(c.filters)
}

// CreatePropertyCollector implements the method of the same name.
func (c *collector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	made := c.v.newCollector(ctx, types.ManagedObjectReference{Type: "PropertyCollector"})
	ref := ctx.Session.Put(made).Reference()
	return &methods.CreatePropertyCollectorBody{Res: &types.CreatePropertyCollectorResponse{Returnval: ref}}
}

// DestroyPropertyCollector implements the method of the same name. A wait in
// flight ends with RequestCanceled.
func (c *collector) DestroyPropertyCollector(ctx *simulator.Context, _ *types.DestroyPropertyCollector) soap.HasFault {
	c.mu.Lock()
	filters := c.filters
	c.filters, c.destroyed = nil, true
	c.stopLocked()
	c.mu.Unlock()
	c.v.hub.leave(c)
	for _, f := range filters {
		ctx.Session.Registry.Remove(ctx, f.Self)
	}
	ctx.Session.Registry.Remove(ctx, c.Self)
	return &methods.DestroyPropertyCollectorBody{Res: &types.DestroyPropertyCollectorResponse{}}
}

// CancelWaitForUpdates implements the method of the same name.
func (c *collector) CancelWaitForUpdates(*types.CancelWaitForUpdates) soap.HasFault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopLocked()
	return &methods.CancelWaitForUpdatesBody{Res: &types.CancelWaitForUpdatesResponse{}}
}

func (c *collector) stopLocked() {
	if c.cancel != nil {
		close(c.cancel)
		c.cancel = nil
	}
}

// CreateFilter implements the method of the same name. A wait in flight
// delivers the new filter's objects.
func (c *collector) CreateFilter(ctx *simulator.Context, req *types.CreateFilter) soap.HasFault {
	for _, set := range req.Spec.ObjectSet {
		if ctx.Session.Get(set.Obj) == nil {
			return &methods.CreateFilterBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: set.Obj})}
		}
	}
	f := newFilter(c, req)
	ctx.Session.Put(f)
	c.v.hub.sweep()
	c.v.hub.join(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.filters = append(c.filters, f)
	c.tasks = c.tasks || f.about("Task")
	c.poke()
	return &methods.CreateFilterBody{Res: &types.CreateFilterResponse{Returnval: f.Self}}
}

// update makes the next set of at most limit object updates; nil when there is
// nothing to tell. The turn is held.
func (c *collector) update(ctx *simulator.Context, limit int) (*types.UpdateSet, types.BaseMethodFault) {
	dirty, structure, filters := c.take()
	set := new(types.UpdateSet)
	more := false
	for _, f := range filters {
		if fault := f.schedule(ctx, dirty, structure); fault != nil {
			return nil, fault
		}
		objects, fault := f.next(ctx, limit)
		if fault != nil {
			return nil, fault
		}
		limit -= len(objects)
		if len(objects) > 0 {
			set.FilterSet = append(set.FilterSet, types.PropertyFilterUpdate{Filter: f.Self, ObjectSet: objects})
		}
		more = more || len(f.todo) > 0
	}
	if len(set.FilterSet) == 0 {
		return nil, nil
	}
	if more {
		set.Truncated = types.NewBool(true)
	}
	return set, nil
}

// publish gives a set its version and keeps it for a client that lost the answer.
func (c *collector) publish(asked string, set *types.UpdateSet) *types.UpdateSet {
	c.version++
	set.Version = strconv.Itoa(c.version)
	c.asked, c.answer = asked, set
	return set
}
