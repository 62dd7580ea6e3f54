package vspheretest

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// machine is what is known of a VM or a host beside its managed object.
type machine struct {
	task   *types.ManagedObjectReference // the one that runs
	bmc    string                        // password of a host's BMC
	tools  bool                          // installed
	nmis   int
	watts  int64 // power draw; 0: unknown
	resets int
}

// machine returns the record of a VM or a host; v.mu is held.
func (v *VCenter) machine(ref types.ManagedObjectReference) *machine {
	m := v.machines[ref.Value]
	if m == nil {
		m = new(machine)
		v.machines[ref.Value] = m
	}
	return m
}

// find returns the VM of that name. When several folders have one, it is any.
func (v *VCenter) find(name string) (*simulator.VirtualMachine, error) {
	v.mu.Lock()
	hint := v.names[name]
	v.mu.Unlock()
	ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: hint}
	if vm, ok := v.registry.Get(ref).(*simulator.VirtualMachine); ok && v.nameOf(ref) == name {
		return vm, nil
	}
	names := make(map[string]string)
	for _, e := range v.registry.All("VirtualMachine") {
		names[v.nameOf(e.Reference())] = e.Reference().Value
	}
	v.mu.Lock()
	v.names = names
	v.mu.Unlock()
	ref.Value = names[name]
	vm, ok := v.registry.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return nil, fmt.Errorf("no virtual machine %q", name)
	}
	return vm, nil
}

// nameOf returns the name of a VM or a host, "" of anything else.
func (v *VCenter) nameOf(ref types.ManagedObjectReference) string {
	if host, ok := v.registry.Get(ref).(*simulator.HostSystem); ok {
		return v.hostName(host)
	}
	if ref.Type != "VirtualMachine" || v.hub.isHidden(ref) {
		return ""
	}
	vm, ok := v.registry.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return ""
	}
	var name string
	v.registry.WithLock(v.context(), vm, func() { name = vm.Name })
	return name
}

// Edit changes any property of a VM and tells the watches. f must not call
// back into the VCenter.
func (v *VCenter) Edit(name string, f func(*mo.VirtualMachine)) error {
	vm, err := v.find(name)
	if err != nil {
		return err
	}
	v.registry.WithLock(v.context(), vm, func() { f(&vm.VirtualMachine) })
	v.hub.touch(vm.Self)
	return nil
}

// read is Edit without a change; nothing happens when there is no such VM.
func (v *VCenter) read(name string, f func(*mo.VirtualMachine)) {
	if vm, err := v.find(name); err == nil {
		v.registry.WithLock(v.context(), vm, func() { f(&vm.VirtualMachine) })
	}
}

func (v *VCenter) record(name string) (m machine) {
	if vm, err := v.find(name); err == nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		m = *v.machine(vm.Self)
	}
	return m
}

// Ref returns the managed object id of a VM ("vm-42"); "" when there is none.
func (v *VCenter) Ref(name string) (ref string) {
	v.read(name, func(vm *mo.VirtualMachine) { ref = vm.Self.Value })
	return ref
}

// UUIDs returns the instance UUID and the BIOS UUID of a VM.
func (v *VCenter) UUIDs(name string) (instance, bios string) {
	v.read(name, func(vm *mo.VirtualMachine) { instance, bios = vm.Config.InstanceUuid, vm.Config.Uuid })
	return instance, bios
}

// Power returns the power state of a VM; "" when there is none.
func (v *VCenter) Power(name string) (state types.VirtualMachinePowerState) {
	v.read(name, func(vm *mo.VirtualMachine) { state = vm.Runtime.PowerState })
	return state
}

// BootOptions returns a copy of the boot options of a VM.
func (v *VCenter) BootOptions(name string) (o types.VirtualMachineBootOptions) {
	v.read(name, func(vm *mo.VirtualMachine) {
		if vm.Config.BootOptions != nil {
			o = *vm.Config.BootOptions
		}
	})
	return o
}

// NMIs returns how many NMIs the VM got.
func (v *VCenter) NMIs(name string) int { return v.record(name).nmis }

// Resets returns how often the VM was reset.
func (v *VCenter) Resets(name string) int { return v.record(name).resets }

// SetPower changes the power state as if someone else had done it.
func (v *VCenter) SetPower(name string, to types.VirtualMachinePowerState) error {
	vm, err := v.find(name)
	if err != nil {
		return err
	}
	v.registry.WithLock(v.context(), vm, func() { v.powerBy(somebody, vm, to) })
	return nil
}

// SetTools installs or removes VMware Tools; they run while the VM is on.
func (v *VCenter) SetTools(name string, installed bool) error {
	vm, err := v.find(name)
	if err != nil {
		return err
	}
	v.mu.Lock()
	v.machine(vm.Self).tools = installed
	v.mu.Unlock()
	v.registry.WithLock(v.context(), vm, func() { v.showTools(vm) })
	v.hub.touch(vm.Self)
	return nil
}

// SetGuestDelay sets how long a guest takes to shut down or stand by; the
// default is 20 ms.
func (v *VCenter) SetGuestDelay(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.guestDelay = d
}

// SetConnection sets runtime.connectionState. A VM that is not connected
// refuses power and reconfiguration with InvalidState.
func (v *VCenter) SetConnection(name string, to types.VirtualMachineConnectionState) error {
	return v.Edit(name, func(vm *mo.VirtualMachine) {
		vm.Runtime.ConnectionState, vm.Summary.Runtime.ConnectionState = to, to
	})
}

// SetTemplate makes a template of a VM, or a VM of a template.
func (v *VCenter) SetTemplate(name string, template bool) error {
	return v.Edit(name, func(vm *mo.VirtualMachine) {
		vm.Config.Template, vm.Summary.Config.Template = template, template
	})
}

// SetManagedBy sets config.managedBy to an extension's key, as agents such as
// the vCLS have it; "" clears it.
func (v *VCenter) SetManagedBy(name, extension string) error {
	return v.Edit(name, func(vm *mo.VirtualMachine) {
		vm.Config.ManagedBy = nil
		if extension != "" {
			vm.Config.ManagedBy = &types.ManagedByInfo{ExtensionKey: extension, Type: "agent"}
		}
	})
}

// SetQuestion makes the VM wait for an answer (runtime.question), or ends that.
func (v *VCenter) SetQuestion(name string, waiting bool) error {
	const text = "Did you move or copy this virtual machine?"
	err := v.Edit(name, func(vm *mo.VirtualMachine) {
		vm.Runtime.Question = nil
		if waiting {
			vm.Runtime.Question = &types.VirtualMachineQuestionInfo{Id: "1", Text: text}
		}
	})
	if err != nil || !waiting {
		return err
	}
	return v.Post(name, func(e types.VmEvent) types.BaseEvent {
		return &types.VmMessageEvent{VmEvent: e, Message: text}
	})
}

// Rename gives a VM a new name.
func (v *VCenter) Rename(name, to string) error {
	return v.Edit(name, func(vm *mo.VirtualMachine) {
		vm.Name, vm.Config.Name, vm.Summary.Config.Name = to, to, to
	})
}
