package vsphere

import (
	"context"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// clocksDiffer is how far vCenter's clock may be behind ours.
const clocksDiffer = 15 * time.Minute

// powerEvents are the events that say that a VM's power state is another.
var powerEvents = []string{"VmPoweredOnEvent", "DrsVmPoweredOnEvent", "VmPoweredOffEvent", "VmSuspendedEvent"}

// OffByOthers reports whether, by vCenter's events, the VM's power state was
// changed last by somebody else than this account, or to something else than off.
// Where vCenter has no such event, or none since then, nobody else has.
func (v *VCenter) OffByOthers(ctx context.Context, key inventory.Key, since time.Time) (bool, error) {
	vm, name, err := v.target(key)
	var others bool
	if err == nil {
		others, err = v.offByOthers(ctx, key, vm, since.Add(-clocksDiffer))
	}
	return others, v.explain(sentinel(ctx, err), "reading the events", name)
}

func (v *VCenter) offByOthers(ctx context.Context, key inventory.Key, vm types.ManagedObjectReference, from time.Time) (bool, error) {
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return false, loginError(ctx, err)
	}
	if c.content.EventManager == nil {
		return false, nil
	}
	res, err := methods.QueryEvents(ctx, v.operations.on(key.VCenter), &types.QueryEvents{
		This: *c.content.EventManager,
		Filter: types.EventFilterSpec{
			Entity:      &types.EventFilterSpecByEntity{Entity: vm, Recursion: types.EventFilterSpecRecursionOptionSelf},
			Time:        &types.EventFilterSpecByTime{BeginTime: &from},
			EventTypeId: powerEvents,
		},
	})
	if err != nil {
		return false, err
	}
	var last types.BaseEvent
	for _, e := range res.Returnval {
		if last == nil || e.GetEvent().Key > last.GetEvent().Key {
			last = e
		}
	}
	if last == nil {
		return false, nil
	}
	_, off := last.(*types.VmPoweredOffEvent)
	return !off || account(last.GetEvent().UserName) != account(c.user.UserName), nil
}

// account is the name in DOMAIN\name or name@domain: which of the two vCenter
// writes is not the same everywhere.
func account(user string) string {
	if i := strings.LastIndexByte(user, '\\'); i >= 0 {
		user = user[i+1:]
	}
	name, _, _ := strings.Cut(user, "@")
	return strings.ToLower(name)
}
