package vspheretest

import (
	"reflect"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// filter is a PropertyFilter that remembers what it told of each object. Its
// fields below collector are guarded by the collector's turn.
type filter struct {
	mo.PropertyFilter
	collector *collector

	fresh   bool // members are not known yet
	members map[types.ManagedObjectReference]bool
	told    map[types.ManagedObjectReference]map[string]types.AnyType // property path -> value
	todo    []types.ManagedObjectReference                            // to look at, in order
	queued  map[types.ManagedObjectReference]bool                     // those in todo
}

func newFilter(c *collector, req *types.CreateFilter) *filter {
	f := &filter{collector: c}
	f.Self.Type = "PropertyFilter"
	f.Spec, f.PartialUpdates = req.Spec, req.PartialUpdates
	f.reset()
	return f
}

func (f *filter) reset() {
	f.fresh = true
	f.members = make(map[types.ManagedObjectReference]bool)
	f.told = make(map[types.ManagedObjectReference]map[string]types.AnyType)
	f.queued = make(map[types.ManagedObjectReference]bool)
	f.todo = nil
}

// about says whether the filter asks for properties of a type by name.
func (f *filter) about(kind string) bool {
	return slices.ContainsFunc(f.Spec.PropSet, func(p types.PropertySpec) bool { return p.Type == kind })
}

// DestroyPropertyFilter implements the method of the same name.
func (f *filter) DestroyPropertyFilter(ctx *simulator.Context, _ *types.DestroyPropertyFilter) soap.HasFault {
	c := f.collector
	c.mu.Lock()
	c.filters = slices.DeleteFunc(slices.Clone(c.filters), func(x *filter) bool { return x == f })
	c.mu.Unlock()
	ctx.Session.Registry.Remove(ctx, f.Self)
	return &methods.DestroyPropertyFilterBody{Res: &types.DestroyPropertyFilterResponse{}}
}

// schedule puts on the list what may have something to tell:
//
//	structure changed, or fresh: all members never told of, all told of that are members no more
//	otherwise:                   the dirty objects that are members or were told of
func (f *filter) schedule(ctx *simulator.Context, dirty map[types.ManagedObjectReference]struct{}, structure bool) types.BaseMethodFault {
	if f.fresh || structure {
		refs, fault := f.selected(ctx)
		if fault != nil {
			return fault
		}
		f.fresh = false
		f.members = make(map[types.ManagedObjectReference]bool, len(refs))
		for _, ref := range refs {
			f.members[ref] = true
			if f.told[ref] == nil {
				f.queue(ref)
			}
		}
		for ref := range f.told {
			if !f.members[ref] {
				f.queue(ref)
			}
		}
	}
	for ref := range dirty {
		if f.members[ref] || f.told[ref] != nil {
			f.queue(ref)
		}
	}
	return nil
}

func (f *filter) queue(ref types.ManagedObjectReference) {
	if !f.queued[ref] {
		f.queued[ref] = true
		f.todo = append(f.todo, ref)
	}
}

// next works off the list until it has limit updates or the list is empty.
func (f *filter) next(ctx *simulator.Context, limit int) ([]types.ObjectUpdate, types.BaseMethodFault) {
	var updates []types.ObjectUpdate
	for len(f.todo) > 0 && len(updates) < limit {
		n := min(len(f.todo), limit-len(updates))
		batch := slices.Clone(f.todo[:n])
		content, fault := f.read(ctx, batch)
		if fault != nil {
			return nil, fault
		}
		f.todo = f.todo[n:]
		for _, ref := range batch {
			delete(f.queued, ref)
			if u := f.compare(ref, content[ref]); u != nil {
				updates = append(updates, *u)
			}
		}
	}
	return updates, nil
}

// read gets the properties of those refs that are members, exist and have a
// type the filter asks for.
func (f *filter) read(ctx *simulator.Context, refs []types.ManagedObjectReference) (map[types.ManagedObjectReference]*types.ObjectContent, types.BaseMethodFault) {
	spec := types.PropertyFilterSpec{PropSet: f.Spec.PropSet, ReportMissingObjectsInResults: types.NewBool(true)}
	for _, ref := range f.collector.v.hub.visible(refs) {
		if f.members[ref] {
			spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: ref})
		}
	}
	out := make(map[types.ManagedObjectReference]*types.ObjectContent, len(spec.ObjectSet))
	objects, fault := f.collector.retrieve(ctx, spec)
	for i := range objects {
		out[objects[i].Obj] = &objects[i]
	}
	return out, fault
}

// retrieve reads properties the simulator's way, which copies them.
func (c *collector) retrieve(ctx *simulator.Context, spec types.PropertyFilterSpec) ([]types.ObjectContent, types.BaseMethodFault) {
	body := c.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{
		This: c.Self, SpecSet: []types.PropertyFilterSpec{spec},
	}).(*methods.RetrievePropertiesExBody)
	if body.Fault_ != nil {
		return nil, body.Fault_.VimFault().(types.BaseMethodFault)
	}
	return body.Res.Returnval.Objects, nil
}

// compare makes the update of one object; nil when the client knows it all.
//
//	told  now   update
//	no    no    none
//	no    yes   enter, all properties
//	yes   yes   modify, what differs; an unset property has no value
//	yes   no    leave
func (f *filter) compare(ref types.ManagedObjectReference, now *types.ObjectContent) *types.ObjectUpdate {
	told, known := f.told[ref]
	if now == nil {
		if !known {
			return nil
		}
		delete(f.told, ref)
		return &types.ObjectUpdate{Kind: types.ObjectUpdateKindLeave, Obj: ref}
	}
	u := &types.ObjectUpdate{Kind: types.ObjectUpdateKindModify, Obj: ref}
	if !known {
		u.Kind, u.MissingSet = types.ObjectUpdateKindEnter, now.MissingSet
	}
	values := make(map[string]types.AnyType, len(now.PropSet))
	for _, p := range now.PropSet {
		values[p.Name] = p.Val
		if old, ok := told[p.Name]; !ok || !reflect.DeepEqual(old, p.Val) {
			u.ChangeSet = append(u.ChangeSet, types.PropertyChange{Name: p.Name, Op: types.PropertyChangeOpAssign, Val: p.Val})
		}
	}
	for name := range told {
		if _, ok := values[name]; !ok {
			u.ChangeSet = append(u.ChangeSet, types.PropertyChange{Name: name, Op: types.PropertyChangeOpAssign})
		}
	}
	f.told[ref] = values
	if known && len(u.ChangeSet) == 0 {
		return nil
	}
	return u
}
