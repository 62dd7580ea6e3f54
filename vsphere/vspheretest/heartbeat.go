package vspheretest

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// runtime.standbyMode, HostStandbyMode of the API.
const (
	standbyNone     = string(types.HostStandbyModeNone)
	standbyEntering = string(types.HostStandbyModeEntering)
	standbyIn       = string(types.HostStandbyModeIn)
	standbyExiting  = string(types.HostStandbyModeExiting)
)

// followedBy has power told after each change of a VM's power state.
func (v *VCenter) followedBy(vm types.ManagedObjectReference, power chan<- struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.followers[vm] = append(v.followers[vm], power)
}

// tellFollowers is called with the VM's lock held and does not wait.
func (v *VCenter) tellFollowers(vm types.ManagedObjectReference) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, power := range v.followers[vm] {
		select {
		case power <- struct{}{}:
		default: // it has not looked yet
		}
	}
}

// running reports whether the VM that the host is in is on.
func (n *nested) running() (is bool) {
	n.Outer.registry.WithLock(n.Outer.context(), n.vm, func() { is = n.vm.Runtime.PowerState == on })
	return is
}

// follow boots the host when its VM is powered on and loses it when it is off.
func (v *VCenter) follow(n *nested) {
	for {
		if !n.running() {
			v.hears(n, false)
		} else if heard, _ := n.heard(); !heard {
			switch again, ok := v.boot(n); {
			case !ok:
				return
			case again:
				continue
			}
			v.hears(n, true)
		}
		select {
		case <-n.power:
		case <-v.closing:
			return
		}
	}
}

// boot waits until the host has booted: again when its VM changed meanwhile, not
// ok when the vCenter ends.
func (v *VCenter) boot(n *nested) (again, ok bool) {
	timer := time.NewTimer(n.BootTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false, true
	case <-n.power:
		return true, true
	case <-v.closing:
		return false, false
	}
}

// heard reports whether there are heartbeats; changed is closed when that changes.
func (n *nested) heard() (heard bool, changed <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.beats, n.changed
}

// hears has vCenter hear the host's heartbeats, or lose them. A host that was to
// go to standby is there when it is lost, and leaves it when it comes back, whoever
// powered it on.
func (v *VCenter) hears(n *nested, beats bool) {
	v.registry.WithLock(v.context(), n.host, func() {
		n.mu.Lock()
		same := n.beats == beats
		n.beats = beats
		if !same {
			close(n.changed)
			n.changed = make(chan struct{})
		}
		n.mu.Unlock()
		if same {
			return
		}
		if beats {
			v.appear(n.host)
		} else {
			v.vanish(n.host)
		}
	})
	v.hub.touch(n.host.Self)
}

// appear is what becomes of a host whose heartbeats come; its lock is held.
func (v *VCenter) appear(host *simulator.HostSystem) {
	mode := host.Runtime.StandbyMode
	host.Runtime.ConnectionState = types.HostSystemConnectionStateConnected
	host.Runtime.PowerState, host.Runtime.StandbyMode = types.HostSystemPowerStatePoweredOn, standbyNone
	now := time.Now()
	host.Runtime.BootTime = &now
	v.postHost(host, func(e types.HostEvent) types.BaseEvent {
		if mode == standbyIn || mode == standbyExiting {
			return &types.ExitedStandbyModeEvent{HostEvent: e}
		}
		return &types.HostConnectedEvent{HostEvent: e}
	})
}

// vanish is what becomes of one whose heartbeats stop; its lock is held.
func (v *VCenter) vanish(host *simulator.HostSystem) {
	host.Runtime.ConnectionState = types.HostSystemConnectionStateNotResponding
	if host.Runtime.StandbyMode == standbyEntering {
		host.Runtime.PowerState, host.Runtime.StandbyMode = types.HostSystemPowerStateStandBy, standbyIn
		v.postHost(host, func(e types.HostEvent) types.BaseEvent { return &types.EnteredStandbyModeEvent{HostEvent: e} })
		return
	}
	if host.Runtime.StandbyMode == standbyNone {
		host.Runtime.PowerState = types.HostSystemPowerStateUnknown
	}
	v.postHost(host, func(e types.HostEvent) types.BaseEvent { return &types.HostConnectionLostEvent{HostEvent: e} })
}

// postHost posts an event about a host, whose lock is held.
func (v *VCenter) postHost(host *simulator.HostSystem, event func(types.HostEvent) types.BaseEvent) {
	v.postEvent(v.cfg.Username, event(types.HostEvent{Event: types.Event{
		Datacenter: v.datacenterArgument(), ComputeResource: v.clusterArgument(),
		Host: &types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: host.Name}, Host: host.Self},
	}}))
}

// expect waits until the host's heartbeats are as said; false when that takes longer.
func (v *VCenter) expect(n *nested, beats bool, within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		heard, changed := n.heard()
		if heard == beats {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		case <-v.closing:
			return false
		}
	}
}
