package vspheretest

import (
	"context"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// extend puts our own object in the way of a call on one of the simulator's.
// The simulator dispatches to what the session's registry holds, before its own
// inventory, while all its internal code still sees its own types.
func (v *VCenter) extend(ctx *simulator.Context, this types.ManagedObjectReference, method string) {
	switch this.Type {
	case "VirtualMachine":
		vm, ok := v.registry.Get(this).(*simulator.VirtualMachine)
		if !ok {
			return // gone: the simulator says so
		}
		// A registry for this one request, so that nothing outlives the VM. Put
		// writes to the VM's status fields, which its lock protects.
		overlay := simulator.NewRegistry()
		v.registry.WithLock(ctx, vm, func() { overlay.Put(&vmProxy{VirtualMachine: vm, v: v}) })
		ctx.Session.Registry = overlay
	case "HostSystem":
		host, ok := v.registry.Get(this).(*simulator.HostSystem)
		if ok && hostMethods[method] { // the others are the simulator's
			overlay := simulator.NewRegistry()
			overlay.Put(&hostProxy{host: host, v: v})
			ctx.Session.Registry = overlay
		}
	case "Datacenter":
		if dc, ok := v.registry.Get(this).(*simulator.Datacenter); ok {
			// As for a VM: Put writes to the object.
			v.registry.WithLock(ctx, dc, func() {
				putOnce(v, ctx, this, func() *datacenterProxy { return &datacenterProxy{Datacenter: dc, v: v} })
			})
		}
	case "PropertyCollector":
		if this == v.registry.Get(rootRef).(*simulator.ServiceInstance).Content.PropertyCollector {
			putOnce(v, ctx, this, func() *collector { return v.newCollector(ctx, this) })
		}
	case "ViewManager":
		if m, ok := v.registry.Get(this).(*simulator.ViewManager); ok {
			putOnce(v, ctx, this, func() *viewManager { return &viewManager{ViewManager: m, v: v} })
		}
	case "AuthorizationManager":
		if m, ok := v.registry.Get(this).(*simulator.AuthorizationManager); ok {
			putOnce(v, ctx, this, func() *authority { return &authority{AuthorizationManager: m, v: v} })
		}
	case "SessionManager":
		if m, ok := v.registry.Get(this).(*simulator.SessionManager); ok {
			putOnce(v, ctx, this, func() *sessionManager { return &sessionManager{SessionManager: m, v: v} })
		}
	case "PerformanceManager":
		if m, ok := v.registry.Get(this).(*simulator.PerformanceManager); ok {
			putOnce(v, ctx, this, func() *performance { return &performance{PerformanceManager: m, v: v} })
		}
	case "EventHistoryCollector":
		if c, ok := ctx.Session.Registry.Get(this).(*simulator.EventHistoryCollector); ok && method == "DestroyCollector" {
			overlay := simulator.NewRegistry()
			overlay.Put(&endingCollector{EventHistoryCollector: c, v: v, session: ctx.Session.Registry})
			ctx.Session.Registry = overlay
		}
	case "EventManager":
		if m, ok := v.registry.Get(this).(*simulator.EventManager); ok {
			putOnce(v, ctx, this, func() *eventManager { return &eventManager{EventManager: m, v: v} })
		}
	case "CustomFieldsManager":
		if m, ok := v.registry.Get(this).(*simulator.CustomFieldsManager); ok {
			putOnce(v, ctx, this, func() *fieldsManager { return &fieldsManager{CustomFieldsManager: m, v: v} })
		}
	}
}

// rootRef is where every vSphere API begins.
var rootRef = types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance"}

// putOnce keeps one T per session: two first requests must not get two collectors.
func putOnce[T mo.Reference](v *VCenter, ctx *simulator.Context, ref types.ManagedObjectReference, make func() T) {
	v.extending.Lock()
	defer v.extending.Unlock()
	if _, ok := ctx.Session.Registry.Get(ref).(T); !ok {
		ctx.Session.Registry.Put(make())
	}
}

// context is a context of our own for one operation: the simulator takes a
// context for the owner of a lock, so no two operations may share one.
func (v *VCenter) context() *simulator.Context {
	ctx := *v.service.Context
	ctx.Context = context.Background()
	ctx.Session = &simulator.Session{
		UserSession: types.UserSession{Key: ownREST, UserName: ownREST},
		Registry:    simulator.NewRegistry(),
		Map:         v.registry,
	}
	return &ctx
}

// sessionIsActive unpacks the answer of SessionIsActive.
func sessionIsActive(body soap.HasFault) bool {
	b, ok := body.(*methods.SessionIsActiveBody)
	return ok && b.Res != nil && b.Res.Returnval
}
