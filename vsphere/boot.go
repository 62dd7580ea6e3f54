package vsphere

import (
	"context"
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// Boot asks vCenter how the VM boots now, in the form RestoreBoot takes.
func (v *VCenter) Boot(ctx context.Context, key inventory.Key) (BootConfig, error) {
	vm, name, err := v.target(key)
	if err != nil {
		return BootConfig{}, v.explain(err, "reading the boot order", name)
	}
	now, _, err := v.readBoot(ctx, key, vm)
	if err != nil {
		return BootConfig{}, v.explain(sentinel(ctx, err), "reading the boot order", name)
	}
	return BootConfig{
		Order:      items(now.BootOrder),
		EnterSetup: now.EnterBIOSSetup != nil && *now.EnterBIOSSetup,
	}, nil
}

// SetBootDevice makes the VM try dev first and then what it tried before, from
// its next start on; BootSetup enters the firmware's setup once. It returns when
// vCenter has done it. ErrNoDevice when the VM has no such device, ErrState where a
// vCenter does not let the order be changed while the VM is on.
func (v *VCenter) SetBootDevice(ctx context.Context, key inventory.Key, dev BootDevice) error {
	return v.configureBoot(ctx, key, "boot device "+dev.String(),
		func(now types.VirtualMachineBootOptions, devices []types.BaseVirtualDevice) (types.VirtualMachineBootOptions, error) {
			return withDevice(now, devices, dev)
		})
}

// RestoreBoot puts back what Boot returned, less the devices that the VM has lost
// since. It returns when vCenter has done it. ErrState as for SetBootDevice.
func (v *VCenter) RestoreBoot(ctx context.Context, key inventory.Key, b BootConfig) error {
	return v.configureBoot(ctx, key, "restoring the boot order",
		func(now types.VirtualMachineBootOptions, devices []types.BaseVirtualDevice) (types.VirtualMachineBootOptions, error) {
			return withConfig(now, devices, b), nil
		})
}

type bootChange func(types.VirtualMachineBootOptions, []types.BaseVirtualDevice) (types.VirtualMachineBootOptions, error)

func (v *VCenter) configureBoot(ctx context.Context, key inventory.Key, verb string, change bootChange) error {
	vm, name, err := v.target(key)
	if err == nil {
		err = sentinel(ctx, v.reconfigure(ctx, key, vm, change))
	}
	return v.explain(err, verb, name)
}

func (v *VCenter) reconfigure(ctx context.Context, key inventory.Key, vm types.ManagedObjectReference, change bootChange) error {
	now, devices, err := v.readBoot(ctx, key, vm)
	if err != nil {
		return err
	}
	next, err := change(now, devices)
	if err != nil {
		return err
	}
	task, err := v.start(ctx, key, vm, verb{start: func(ctx context.Context, t turn) (*types.ManagedObjectReference, error) {
		res, err := methods.ReconfigVM_Task(ctx, t.rt, &types.ReconfigVM_Task{
			This: t.vm, Spec: types.VirtualMachineConfigSpec{BootOptions: &next},
		})
		if err != nil {
			return nil, err
		}
		return &res.Returnval, nil
	}})
	if err != nil {
		return err
	}
	// What follows a change of the boot order, such as a start, must not come as a
	// surprise long after the client has given up.
	ctx, cancel := context.WithTimeout(ctx, v.cfg.CallTimeout)
	defer cancel()
	ended, err := v.tasks.wait(ctx, *task)
	switch {
	case ended:
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("reconfiguration under way: %w", ctx.Err())
	default:
		return fmt.Errorf("%w: reconfiguration lost from sight", ErrFailed)
	}
}

// readBoot reads the boot options and the devices they may name.
func (v *VCenter) readBoot(ctx context.Context, key inventory.Key, vm types.ManagedObjectReference) (types.VirtualMachineBootOptions, []types.BaseVirtualDevice, error) {
	var now types.VirtualMachineBootOptions
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return now, nil, loginError(ctx, err)
	}
	objects, err := readProperties(ctx, v.operations.on(key.VCenter), c.content.PropertyCollector,
		[]types.ManagedObjectReference{vm}, "config.bootOptions", "config.hardware.device")
	if err != nil {
		return now, nil, err
	}
	devices, ok := objects[vm.Value]["config.hardware.device"].(types.ArrayOfVirtualDevice)
	if !ok {
		return now, nil, fmt.Errorf("%w: its configuration cannot be read", ErrState)
	}
	now, _ = objects[vm.Value]["config.bootOptions"].(types.VirtualMachineBootOptions)
	return now, devices.VirtualDevice, nil
}
