package vspheretest

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// selected returns the objects a filter is about, without duplicates, in the
// order of its specification.
func (f *filter) selected(ctx *simulator.Context) ([]types.ManagedObjectReference, types.BaseMethodFault) {
	var refs []types.ManagedObjectReference
	for _, set := range f.Spec.ObjectSet {
		found, fault := f.selectSet(ctx, set)
		if fault != nil {
			return nil, fault
		}
		refs = append(refs, found...)
	}
	seen := make(map[types.ManagedObjectReference]bool, len(refs))
	refs = slices.DeleteFunc(refs, func(ref types.ManagedObjectReference) bool {
		dup := seen[ref]
		seen[ref] = true
		return dup
	})
	return f.collector.v.hub.visible(refs), nil
}

// selectSet follows one object specification. The usual one, a view and its
// members, is read off the view; any other is left to the simulator.
func (f *filter) selectSet(ctx *simulator.Context, set types.ObjectSpec) ([]types.ManagedObjectReference, types.BaseMethodFault) {
	if len(set.SelectSet) == 0 {
		return []types.ManagedObjectReference{set.Obj}, nil
	}
	if len(set.SelectSet) == 1 {
		t, ok := set.SelectSet[0].(*types.TraversalSpec)
		if ok && t.Path == "view" && len(t.SelectSet) == 0 {
			if refs, ok := viewMembers(ctx, set.Obj); ok {
				return append(refs, set.Obj), nil // the view itself: for who asks for its properties
			}
		}
	}
	spec := types.PropertyFilterSpec{ObjectSet: []types.ObjectSpec{set}, ReportMissingObjectsInResults: types.NewBool(true)}
	for _, p := range f.Spec.PropSet {
		spec.PropSet = append(spec.PropSet, types.PropertySpec{Type: p.Type})
	}
	objects, fault := f.collector.retrieve(ctx, spec)
	var refs []types.ManagedObjectReference
	for _, o := range objects {
		refs = append(refs, o.Obj)
	}
	return refs, fault
}

// viewMembers returns what is in a view of the session; none when the view was
// destroyed. false when it is no view.
func viewMembers(ctx *simulator.Context, ref types.ManagedObjectReference) (refs []types.ManagedObjectReference, ok bool) {
	switch ref.Type {
	case "ContainerView":
		if view, ok := ctx.Session.Registry.Get(ref).(*containerView); ok {
			refs = view.list()
		}
		return refs, true
	case "ListView":
		if view, ok := ctx.Session.Registry.Get(ref).(*simulator.ListView); ok {
			ctx.WithLock(view, func() { refs = slices.Clone(view.View) })
		}
		return refs, true
	default:
		return nil, false
	}
}

// viewManager makes container views that see moves.
type viewManager struct {
	*simulator.ViewManager
	v *VCenter
}

// CreateContainerView implements the method of the same name.
func (m *viewManager) CreateContainerView(ctx *simulator.Context, req *types.CreateContainerView) soap.HasFault {
	body := new(methods.CreateContainerViewBody)
	switch root := m.v.registry.Get(req.Container); {
	case root == nil:
		body.Fault_ = simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Container})
		return body
	case req.Container.Type == "VirtualMachine":
		body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "container"})
		return body
	}
	view := &containerView{v: m.v}
	view.Self.Type = "ContainerView"
	view.Container, view.Type, view.Recursive = req.Container, req.Type, req.Recursive
	if m.v.viewsFrozen() {
		view.then = m.v.census(view.list())
	}
	body.Res = &types.CreateContainerViewResponse{Returnval: ctx.Session.Put(view).Reference()}
	return body
}

// containerView works out its members whenever they are read: the simulator's
// keeps a list that folder moves do not change.
type containerView struct {
	mo.ContainerView
	v    *VCenter
	then *census // nil: it sees moves
}

// Get returns the view as property reads are to see it.
func (c *containerView) Get() mo.Reference {
	view := c.ContainerView
	view.View = c.list()
	return &view
}

// DestroyView implements the method of the same name.
func (c *containerView) DestroyView(ctx *simulator.Context, _ *types.DestroyView) soap.HasFault {
	ctx.Session.Registry.Remove(ctx, c.Self)
	c.v.hub.restructure()
	return &methods.DestroyViewBody{Res: &types.DestroyViewResponse{}}
}

// list walks the inventory below the container. It holds one lock at a time.
func (c *containerView) list() []types.ManagedObjectReference {
	var out []types.ManagedObjectReference
	ctx := c.v.context()
	seen := make(map[types.ManagedObjectReference]bool)
	var walk func(types.ManagedObjectReference)
	walk = func(parent types.ManagedObjectReference) {
		for _, ref := range c.v.children(ctx, parent) {
			if seen[ref] {
				continue
			}
			seen[ref] = true
			if c.includes(ref.Type) {
				out = append(out, ref)
			}
			if c.Recursive {
				walk(ref)
			}
		}
	}
	walk(c.Container)
	if c.then != nil && c.v.viewsFrozen() {
		out = c.then.blinded(c.v, out)
	}
	return c.v.hub.visible(out)
}

func (c *containerView) includes(kind string) bool {
	if len(c.Type) == 0 {
		return true
	}
	return slices.ContainsFunc(c.Type, func(t string) bool {
		return t == kind || t == "ManagedEntity" || t == "ComputeResource" && kind == "ClusterComputeResource"
	})
}

// children returns what the inventory has directly below an object.
func (v *VCenter) children(ctx *simulator.Context, ref types.ManagedObjectReference) (refs []types.ManagedObjectReference) {
	if ref.Type == "VirtualMachine" {
		return nil
	}
	obj := v.registry.Get(ref)
	if obj == nil {
		return nil
	}
	v.registry.WithLock(ctx, obj, func() {
		switch o := obj.(type) {
		case *simulator.Folder:
			refs = slices.Clone(o.ChildEntity)
		case *simulator.Datacenter:
			refs = []types.ManagedObjectReference{o.VmFolder, o.HostFolder, o.DatastoreFolder, o.NetworkFolder}
		case *simulator.ClusterComputeResource:
			refs = append(slices.Clone(o.Host), *o.ResourcePool)
		case *simulator.HostSystem:
			refs = slices.Clone(o.Vm)
		case *simulator.ResourcePool:
			refs = append(slices.Clone(o.ResourcePool.ResourcePool), o.Vm...)
		}
	})
	return refs
}
