package vspheretest

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// PowerDownHostToStandByTask implements PowerDownHostToStandBy_Task for nested
// hosts: DRS takes their VMs elsewhere, then they shut themselves down.
func (p *hostProxy) PowerDownHostToStandByTask(_ *simulator.Context, req *types.PowerDownHostToStandBy_Task) soap.HasFault {
	n := p.v.nestedHost(p.host)
	if n == nil || p.v.bmcOf(p.host) == (types.HostIpmiInfo{}) { // there would be no way back
		return &methods.PowerDownHostToStandBy_TaskBody{Fault_: simulator.Fault("", &types.NotSupported{})}
	}
	t, fault := p.v.runHostTask(p.host, "PowerDownHostToStandBy_Task", "enterStandbyMode", func() types.BaseMethodFault {
		all := req.EvacuatePoweredOffVms != nil && *req.EvacuatePoweredOffVms
		return p.v.enterStandby(n, all, time.Duration(req.TimeoutSec)*time.Second)
	})
	if fault != nil {
		return &methods.PowerDownHostToStandBy_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.PowerDownHostToStandBy_TaskBody{Res: &types.PowerDownHostToStandBy_TaskResponse{Returnval: t}}
}

// PowerUpHostFromStandByTask implements PowerUpHostFromStandBy_Task: the BMC is
// told to power the host on, and then it is the host's heartbeats that count.
func (p *hostProxy) PowerUpHostFromStandByTask(_ *simulator.Context, req *types.PowerUpHostFromStandBy_Task) soap.HasFault {
	n := p.v.nestedHost(p.host)
	if n == nil || p.v.cfg.BMCs == nil {
		return &methods.PowerUpHostFromStandBy_TaskBody{Fault_: simulator.Fault("", &types.NotSupported{})}
	}
	t, fault := p.v.runHostTask(p.host, "PowerUpHostFromStandBy_Task", "exitStandbyMode", func() types.BaseMethodFault {
		return p.v.exitStandby(n, time.Duration(req.TimeoutSec)*time.Second)
	})
	if fault != nil {
		return &methods.PowerUpHostFromStandBy_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.PowerUpHostFromStandBy_TaskBody{Res: &types.PowerUpHostFromStandBy_TaskResponse{Returnval: t}}
}

// nestedHost returns what is known of a nested host; nil of another.
func (v *VCenter) nestedHost(host *simulator.HostSystem) *nested {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.nests[host.Self.Value]
}

func (v *VCenter) enterStandby(n *nested, all bool, within time.Duration) types.BaseMethodFault {
	if fault := v.standby(n.host, standbyNone, standbyEntering, func(e types.HostEvent) types.BaseEvent {
		return &types.EnteringStandbyModeEvent{HostEvent: e}
	}); fault != nil {
		return fault
	}
	fault := v.evacuate(n.host, all)
	if fault == nil {
		n.Outer.guestGoes(n.vm, off)
		if !v.expect(n, false, within) {
			fault = &types.Timedout{}
		}
	}
	if fault != nil && v.standby(n.host, standbyEntering, standbyNone, nil) != nil {
		return nil // it went just now
	}
	return fault
}

func (v *VCenter) exitStandby(n *nested, within time.Duration) types.BaseMethodFault {
	if fault := v.standby(n.host, standbyIn, standbyExiting, func(e types.HostEvent) types.BaseEvent {
		return &types.ExitingStandbyModeEvent{HostEvent: e}
	}); fault != nil {
		return fault
	}
	ctx, cancel := v.untilClosed()
	defer cancel()
	var fault types.BaseMethodFault
	if err := v.cfg.BMCs.PowerOn(ctx, v.bmcOf(n.host)); err != nil {
		fault = &types.HostPowerOpFailed{VimFault: types.VimFault{MethodFault: types.MethodFault{
			FaultMessage: []types.LocalizableMessage{{Key: "bmc", Message: err.Error()}},
		}}}
	} else if !v.expect(n, true, within) {
		fault = &types.Timedout{}
	}
	if fault == nil || v.standby(n.host, standbyExiting, standbyIn, func(e types.HostEvent) types.BaseEvent {
		return &types.ExitStandbyModeFailedEvent{HostEvent: e}
	}) != nil {
		return nil // also when it came back just now
	}
	return fault
}

// standby changes a host's standby mode and posts the event, if any. It returns
// InvalidState when the mode is not from, or when a host is to enter standby that is
// not connected.
func (v *VCenter) standby(host *simulator.HostSystem, from, to string, event func(types.HostEvent) types.BaseEvent) (fault types.BaseMethodFault) {
	v.registry.WithLock(v.context(), host, func() {
		connected := host.Runtime.ConnectionState == types.HostSystemConnectionStateConnected
		if host.Runtime.StandbyMode != from || to == standbyEntering && !connected {
			fault = &types.InvalidState{}
			return
		}
		host.Runtime.StandbyMode = to
		if event != nil {
			v.postHost(host, event)
		}
	})
	v.hub.touch(host.Self)
	return fault
}

// evacuate moves the VMs that run on a host to another that is connected, and with
// all those that are off, too.
func (v *VCenter) evacuate(host *simulator.HostSystem, all bool) types.BaseMethodFault {
	var leave []*simulator.VirtualMachine
	for _, e := range v.registry.All("VirtualMachine") {
		vm := e.(*simulator.VirtualMachine)
		v.registry.WithLock(v.context(), vm, func() {
			if *vm.Runtime.Host == host.Self && (all || vm.Runtime.PowerState != off) {
				leave = append(leave, vm)
			}
		})
	}
	if len(leave) == 0 {
		return nil
	}
	to, ok := v.otherHost(host)
	if !ok {
		return &types.HostPowerOpFailed{}
	}
	for _, vm := range leave {
		v.place(vm, to)
	}
	return nil
}

// otherHost returns a host that can take VMs.
func (v *VCenter) otherHost(not *simulator.HostSystem) (to types.ManagedObjectReference, ok bool) {
	for _, e := range v.registry.All("HostSystem") {
		host := e.(*simulator.HostSystem)
		if host.Self == not.Self {
			continue
		}
		v.registry.WithLock(v.context(), host, func() {
			ok = host.Runtime.ConnectionState == types.HostSystemConnectionStateConnected &&
				host.Runtime.StandbyMode == standbyNone && !host.Runtime.InMaintenanceMode
		})
		if ok {
			return host.Self, true
		}
	}
	return to, false
}
