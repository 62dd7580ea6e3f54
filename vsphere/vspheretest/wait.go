package vspheretest

import (
	"strconv"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// sessionCheck is how often a wait looks whether its session still exists, for
// the ways a session can end that the hub does not hear of.
const sessionCheck = 250 * time.Millisecond

// WaitForUpdatesEx implements the method of the same name. Version "" starts
// over. The version of the last answer goes on; the one before it gets the last
// answer again; any other is InvalidCollectorVersion. A second wait ends the
// first with RequestCanceled.
func (c *collector) WaitForUpdatesEx(ctx *simulator.Context, req *types.WaitForUpdatesEx) soap.HasFault {
	limit, most := pageSize, time.Duration(-1)
	if o := req.Options; o != nil {
		if o.MaxObjectUpdates > 0 {
			limit = min(limit, int(o.MaxObjectUpdates))
		}
		if o.MaxWaitSeconds != nil {
			most = time.Duration(*o.MaxWaitSeconds) * time.Second
		}
	}
	set, fault := c.wait(ctx, req.Version, limit, most)
	if fault != nil {
		return &methods.WaitForUpdatesExBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.WaitForUpdatesExBody{Res: &types.WaitForUpdatesExResponse{Returnval: set}}
}

// WaitForUpdates implements the method of the same name: it waits without limit.
func (c *collector) WaitForUpdates(ctx *simulator.Context, req *types.WaitForUpdates) soap.HasFault {
	set, fault := c.wait(ctx, req.Version, pageSize, -1)
	if fault != nil {
		return &methods.WaitForUpdatesBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.WaitForUpdatesBody{Res: &types.WaitForUpdatesResponse{Returnval: *set}}
}

// CheckForUpdates implements the method of the same name: it does not wait.
func (c *collector) CheckForUpdates(ctx *simulator.Context, req *types.CheckForUpdates) soap.HasFault {
	set, fault := c.wait(ctx, req.Version, pageSize, 0)
	if fault != nil {
		return &methods.CheckForUpdatesBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.CheckForUpdatesBody{Res: &types.CheckForUpdatesResponse{Returnval: set}}
}

// wait returns the next set, or nil after most, if that is not negative.
func (c *collector) wait(ctx *simulator.Context, version string, limit int, most time.Duration) (*types.UpdateSet, types.BaseMethodFault) {
	canceled, ok := c.begin()
	if !ok {
		return nil, &types.RequestCanceled{}
	}
	defer c.end(canceled)

	if version != "" && version == c.asked && c.answer != nil {
		return c.answer, nil
	}
	if version != "" && (c.version == 0 || version != strconv.Itoa(c.version)) {
		return nil, &types.InvalidCollectorVersion{}
	}
	if version == "" {
		c.restart()
	}
	var expired <-chan time.Time
	if most > 0 {
		timer := time.NewTimer(most)
		defer timer.Stop()
		expired = timer.C
	}
	check := time.NewTicker(sessionCheck)
	defer check.Stop()
	for {
		if !c.v.alive(ctx.Session) {
			return nil, &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &c.Self, PrivilegeId: "System.View"}}
		}
		set, fault := c.update(ctx, limit)
		switch {
		case fault != nil:
			return nil, fault
		case set != nil:
			return c.publish(version, set), nil
		case version == "": // an empty inventory is an answer too
			return c.publish(version, new(types.UpdateSet)), nil
		case most == 0:
			return nil, nil
		}
		select {
		case <-c.wake:
		case <-check.C:
		case <-expired:
			return nil, nil
		case <-canceled:
			return nil, &types.RequestCanceled{}
		case <-c.v.closing:
			return nil, &types.RequestCanceled{}
		}
	}
}

// begin ends the wait in flight, if any, and takes its turn. It fails when the
// collector is destroyed, the vCenter closes or yet another wait comes.
func (c *collector) begin() (canceled chan struct{}, ok bool) {
	c.mu.Lock()
	if c.destroyed {
		c.mu.Unlock()
		return nil, false
	}
	c.stopLocked()
	canceled = make(chan struct{})
	c.cancel = canceled
	c.mu.Unlock()
	select {
	case c.turn <- struct{}{}:
		return canceled, true
	case <-canceled:
	case <-c.v.closing:
	}
	return nil, false
}

func (c *collector) end(canceled chan struct{}) {
	c.mu.Lock()
	if c.cancel == canceled {
		c.cancel = nil
	}
	c.mu.Unlock()
	<-c.turn
}

// restart forgets what the client was told. The turn is held.
func (c *collector) restart() {
	c.mu.Lock()
	filters := c.filters
	c.mu.Unlock()
	for _, f := range filters {
		f.reset()
	}
	c.asked, c.answer = "", nil
}
