package vspheretest

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// eventManager forgets the collectors of sessions that are gone, as vCenter does:
// the simulator would have 32 for ever.
type eventManager struct {
	*simulator.EventManager
	v *VCenter
}

// An eventCollector is an event collector and the session that made it.
type eventCollector struct {
	ref     types.ManagedObjectReference
	session *simulator.Session
}

// CreateCollectorForEvents implements the method of the same name.
func (m *eventManager) CreateCollectorForEvents(ctx *simulator.Context, req *types.CreateCollectorForEvents) soap.HasFault {
	m.v.mu.Lock()
	readers := m.v.readers
	m.v.readers = nil
	m.v.mu.Unlock()
	var kept []eventCollector
	for _, r := range readers {
		if m.v.alive(r.session) {
			kept = append(kept, r)
			continue
		}
		if c, ok := r.session.Registry.Get(r.ref).(*simulator.EventHistoryCollector); ok {
			gone := m.v.context()
			gone.Session = r.session
			c.DestroyCollector(gone, &types.DestroyCollector{This: r.ref})
		}
	}
	body := m.EventManager.CreateCollectorForEvents(ctx, req).(*methods.CreateCollectorForEventsBody)
	if body.Res != nil {
		kept = append(kept, eventCollector{body.Res.Returnval, ctx.Session})
	}
	m.v.mu.Lock()
	defer m.v.mu.Unlock()
	m.v.readers = append(m.v.readers, kept...)
	return body
}

// endingCollector is an event collector that is destroyed while no event is being
// posted: the simulator goes through its collectors with another lock than that of
// the one that is taken out.
type endingCollector struct {
	*simulator.EventHistoryCollector
	v       *VCenter
	session *simulator.Registry
}

// Lock and Unlock opt out of the simulator's lock of the collector, which is taken
// after that of the event manager.
func (c *endingCollector) Lock() {}

// Unlock is Lock's other half.
func (c *endingCollector) Unlock() {}

// DestroyCollector implements the method of the same name.
func (c *endingCollector) DestroyCollector(ctx *simulator.Context, req *types.DestroyCollector) (res soap.HasFault) {
	ctx.Session.Registry = c.session
	c.v.registry.WithLock(ctx, c.v.registry.EventManager(), func() {
		res = c.EventHistoryCollector.DestroyCollector(ctx, req)
	})
	return res
}
