package vspheretest

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ReconfigVMTask implements ReconfigVM_Task. Boot options are merged into the
// present ones, where the simulator would replace them; the rest of the
// specification is the simulator's.
func (p *vmProxy) ReconfigVMTask(_ *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	t, fault := p.v.runTask(p.VirtualMachine, "ReconfigVM_Task", "reconfigure", func(ctx *simulator.Context) types.BaseMethodFault {
		return p.reconfigure(ctx, req.Spec)
	})
	if fault != nil {
		return &methods.ReconfigVM_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: t}}
}

func (p *vmProxy) reconfigure(ctx *simulator.Context, spec types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if p.Runtime.ConnectionState != types.VirtualMachineConnectionStateConnected {
		return &types.InvalidState{}
	}
	boot := spec.BootOptions
	spec.BootOptions = nil
	if boot != nil {
		if fault := p.bootable(boot.BootOrder); fault != nil {
			return fault
		}
	}
	if !reflect.ValueOf(spec).IsZero() {
		if fault := p.delegate(ctx, spec); fault != nil {
			return fault
		}
	}
	if boot != nil {
		p.Config.BootOptions = mergeBoot(p.Config.BootOptions, boot)
		if reflect.ValueOf(spec).IsZero() { // else the simulator has posted it
			p.v.post(p.VirtualMachine, func(e types.VmEvent) types.BaseEvent { return &types.VmReconfiguredEvent{VmEvent: e} })
		}
	}
	p.v.hub.touch(p.Self)
	return nil
}

// delegate has the simulator reconfigure the VM. Its task shares our lock on
// the VM, because it runs on behalf of the same context.
func (p *vmProxy) delegate(ctx *simulator.Context, spec types.VirtualMachineConfigSpec) types.BaseMethodFault {
	p.v.storage.Lock()
	defer p.v.storage.Unlock()
	body := p.VirtualMachine.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: p.Self, Spec: spec})
	return p.v.await(body.(*methods.ReconfigVM_TaskBody).Res.Returnval)
}

// await waits for a task of the simulator's own and returns its fault.
func (v *VCenter) await(ref types.ManagedObjectReference) types.BaseMethodFault {
	t := v.registry.Get(ref).(*simulator.Task)
	t.Wait()
	var fault types.BaseMethodFault
	v.registry.WithLock(v.context(), t, func() {
		if t.Info.Error != nil {
			fault = t.Info.Error.Fault
		}
	})
	return fault
}

// bootable checks that a boot order names devices the VM has.
func (p *vmProxy) bootable(order []types.BaseVirtualMachineBootOptionsBootableDevice) types.BaseMethodFault {
	has := func(key int32, fits func(types.BaseVirtualDevice) bool) bool {
		for _, d := range p.Config.Hardware.Device {
			if d.GetVirtualDevice().Key == key && fits(d) {
				return true
			}
		}
		return false
	}
	for _, item := range order {
		ok := true
		switch d := item.(type) {
		case *types.VirtualMachineBootOptionsBootableEthernetDevice:
			ok = has(d.DeviceKey, func(d types.BaseVirtualDevice) bool {
				_, ok := d.(types.BaseVirtualEthernetCard)
				return ok
			})
		case *types.VirtualMachineBootOptionsBootableDiskDevice:
			ok = has(d.DeviceKey, func(d types.BaseVirtualDevice) bool {
				_, ok := d.(*types.VirtualDisk)
				return ok
			})
		}
		if !ok {
			return &types.InvalidDeviceSpec{
				InvalidVmConfig: types.InvalidVmConfig{Property: "configSpec.bootOptions.bootOrder"},
			}
		}
	}
	return nil
}

// mergeBoot is the present options with what is set in the change. A boot order
// of one bare BootableDevice clears the order; an empty one leaves it.
func mergeBoot(present, change *types.VirtualMachineBootOptions) *types.VirtualMachineBootOptions {
	var merged types.VirtualMachineBootOptions
	if present != nil {
		merged = *present
	}
	dst, src := reflect.ValueOf(&merged).Elem(), reflect.ValueOf(change).Elem()
	for i := range src.NumField() {
		if !src.Field(i).IsZero() {
			dst.Field(i).Set(src.Field(i))
		}
	}
	if len(change.BootOrder) == 0 && present != nil {
		merged.BootOrder = present.BootOrder
	}
	if len(merged.BootOrder) == 1 {
		if _, bare := merged.BootOrder[0].(*types.VirtualMachineBootOptionsBootableDevice); bare {
			merged.BootOrder = nil
		}
	}
	return &merged
}
