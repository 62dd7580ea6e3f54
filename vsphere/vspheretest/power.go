package vspheretest

import (
	"reflect"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// vmProxy answers the calls on a VM that the simulator lacks or gets wrong. It
// is called with the VM's lock held.
type vmProxy struct {
	*simulator.VirtualMachine
	v *VCenter
}

// power changes the state as vSphere does; the VM's lock is held. A boot from
// off takes the time, consumes enterBIOSSetup and starts the installed tools.
func (v *VCenter) power(vm *simulator.VirtualMachine, to types.VirtualMachinePowerState) {
	v.powerBy(v.cfg.Username, vm, to)
}

// somebody is who does what no client of the tests did.
const somebody = `VSPHERE.LOCAL\Somebody`

// powerBy is power by a user.
func (v *VCenter) powerBy(user string, vm *simulator.VirtualMachine, to types.VirtualMachinePowerState) {
	from := vm.Runtime.PowerState
	vm.Runtime.PowerState, vm.Summary.Runtime.PowerState = to, to
	switch {
	case to == types.VirtualMachinePowerStatePoweredOff:
		vm.Runtime.BootTime, vm.Summary.Runtime.BootTime = nil, nil
	case to == types.VirtualMachinePowerStatePoweredOn && from == types.VirtualMachinePowerStatePoweredOff:
		now := time.Now()
		vm.Runtime.BootTime, vm.Summary.Runtime.BootTime = &now, &now
		if o := vm.Config.BootOptions; o != nil && o.EnterBIOSSetup != nil {
			o.EnterBIOSSetup = types.NewBool(false)
		}
	}
	v.showTools(vm)
	v.hub.touch(vm.Self)
	if from != to {
		v.postPower(user, vm, to)
		v.tellFollowers(vm.Self)
	}
}

// showTools makes guest.tools… agree with what is installed and the power state.
func (v *VCenter) showTools(vm *simulator.VirtualMachine) {
	v.mu.Lock()
	installed := v.machine(vm.Self).tools
	v.mu.Unlock()
	vm.GuestHeartbeatStatus = types.ManagedEntityStatusGray
	running, status := types.VirtualMachineToolsRunningStatusGuestToolsNotRunning, types.VirtualMachineToolsStatusToolsNotInstalled
	if installed {
		status = types.VirtualMachineToolsStatusToolsNotRunning
		if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
			running, status = types.VirtualMachineToolsRunningStatusGuestToolsRunning, types.VirtualMachineToolsStatusToolsOk
			vm.GuestHeartbeatStatus = types.ManagedEntityStatusGreen
		}
	}
	vm.Guest.ToolsRunningStatus, vm.Guest.ToolsStatus = string(running), status
}

// transition starts a task that takes the VM to a state, if it is in one of from.
func (p *vmProxy) transition(method, id string, to types.VirtualMachinePowerState,
	from ...types.VirtualMachinePowerState,
) (types.ManagedObjectReference, types.BaseMethodFault) {
	return p.v.runTask(p.VirtualMachine, method, id, func(*simulator.Context) types.BaseMethodFault {
		if fault := p.ready(to, from...); fault != nil {
			return fault
		}
		p.v.power(p.VirtualMachine, to)
		return nil
	})
}

// ready says why a VM cannot go to a state; nil when it can.
func (p *vmProxy) ready(to types.VirtualMachinePowerState, from ...types.VirtualMachinePowerState) types.BaseMethodFault {
	if p.Runtime.ConnectionState != types.VirtualMachineConnectionStateConnected {
		return &types.InvalidState{}
	}
	for _, s := range from {
		if p.Runtime.PowerState == s {
			return nil
		}
	}
	return &types.InvalidPowerState{RequestedState: to, ExistingState: p.Runtime.PowerState}
}

const (
	on        = types.VirtualMachinePowerStatePoweredOn
	off       = types.VirtualMachinePowerStatePoweredOff
	suspended = types.VirtualMachinePowerStateSuspended
)

// PowerOnVMTask implements PowerOnVM_Task; a suspended VM resumes.
func (p *vmProxy) PowerOnVMTask(*simulator.Context, *types.PowerOnVM_Task) soap.HasFault {
	if p.Config.Template {
		return &methods.PowerOnVM_TaskBody{Fault_: simulator.Fault("", &types.NotSupported{})}
	}
	t, fault := p.transition("PowerOnVM_Task", "powerOn", on, off, suspended)
	if fault != nil {
		return &methods.PowerOnVM_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: t}}
}

// PowerOffVMTask implements PowerOffVM_Task.
func (p *vmProxy) PowerOffVMTask(*simulator.Context, *types.PowerOffVM_Task) soap.HasFault {
	t, fault := p.transition("PowerOffVM_Task", "powerOff", off, on, suspended)
	if fault != nil {
		return &methods.PowerOffVM_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{Returnval: t}}
}

// SuspendVMTask implements SuspendVM_Task.
func (p *vmProxy) SuspendVMTask(*simulator.Context, *types.SuspendVM_Task) soap.HasFault {
	t, fault := p.transition("SuspendVM_Task", "suspend", suspended, on)
	if fault != nil {
		return &methods.SuspendVM_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.SuspendVM_TaskBody{Res: &types.SuspendVM_TaskResponse{Returnval: t}}
}

// ResetVMTask implements ResetVM_Task: the VM is never seen off in between.
func (p *vmProxy) ResetVMTask(*simulator.Context, *types.ResetVM_Task) soap.HasFault {
	t, fault := p.v.runTask(p.VirtualMachine, "ResetVM_Task", "reset", func(*simulator.Context) types.BaseMethodFault {
		if fault := p.ready(on, on); fault != nil {
			return fault
		}
		p.v.mu.Lock()
		p.v.machine(p.Self).resets++
		p.v.mu.Unlock()
		p.v.post(p.VirtualMachine, func(e types.VmEvent) types.BaseEvent { return &types.VmResettingEvent{VmEvent: e} })
		return nil
	})
	if fault != nil {
		return &methods.ResetVM_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: t}}
}

// SendNMI implements the method of the same name, of vSphere API 6.0.
func (p *vmProxy) SendNMI(*simulator.Context, *types.SendNMI) soap.HasFault {
	if fault := p.ready(on, on); fault != nil {
		return &methods.SendNMIBody{Fault_: simulator.Fault("", fault)}
	}
	p.v.mu.Lock()
	defer p.v.mu.Unlock()
	p.v.machine(p.Self).nmis++
	return &methods.SendNMIBody{Res: &types.SendNMIResponse{}}
}

// ShutdownGuest implements the method of the same name; the guest takes the
// time set with SetGuestDelay.
func (p *vmProxy) ShutdownGuest(*simulator.Context, *types.ShutdownGuest) soap.HasFault {
	if fault := p.guest(off); fault != nil {
		return &methods.ShutdownGuestBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.ShutdownGuestBody{Res: &types.ShutdownGuestResponse{}}
}

// StandbyGuest implements the method of the same name.
func (p *vmProxy) StandbyGuest(*simulator.Context, *types.StandbyGuest) soap.HasFault {
	if fault := p.guest(suspended); fault != nil {
		return &methods.StandbyGuestBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.StandbyGuestBody{Res: &types.StandbyGuestResponse{}}
}

// guest asks the guest to bring the VM to a state, which needs tools.
func (p *vmProxy) guest(to types.VirtualMachinePowerState) types.BaseMethodFault {
	if fault := p.ready(on, on); fault != nil {
		return fault
	}
	if p.Guest.ToolsRunningStatus != string(types.VirtualMachineToolsRunningStatusGuestToolsRunning) {
		return &types.ToolsUnavailable{}
	}
	p.v.post(p.VirtualMachine, func(e types.VmEvent) types.BaseEvent {
		if to == off {
			return &types.VmGuestShutdownEvent{VmEvent: e}
		}
		return &types.VmGuestStandbyEvent{VmEvent: e}
	})
	p.v.guestGoes(p.VirtualMachine, to)
	return nil
}

// guestGoes has a guest bring its VM to a state, which takes the time set with
// SetGuestDelay.
func (v *VCenter) guestGoes(vm *simulator.VirtualMachine, to types.VirtualMachinePowerState) {
	v.mu.Lock()
	delay := v.guestDelay
	v.mu.Unlock()
	v.spawn(func() {
		if !v.pause(delay) {
			return
		}
		v.registry.WithLock(v.context(), vm, func() {
			if vm.Runtime.PowerState == on {
				v.powerBy("", vm, to)
			}
		})
	})
}

// faultName is the type of a fault, for messages.
func faultName(f types.BaseMethodFault) string { return reflect.TypeOf(f).Elem().Name() }
