package vspheretest

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

func (v *VCenter) datacenter() *simulator.Datacenter {
	return v.registry.Any("Datacenter").(*simulator.Datacenter)
}

func (v *VCenter) renameDatacenter() {
	dc := v.datacenter()
	v.registry.WithLock(v.context(), dc, func() { dc.Name = v.cfg.Datacenter })
}

// identifyHost gives an ESXi host the UUID of the configuration: all of the
// simulator's are one machine.
func (v *VCenter) identifyHost() {
	host := v.registry.Any("HostSystem").(*simulator.HostSystem)
	v.registry.WithLock(v.context(), host, func() {
		hardware := *host.Summary.Hardware
		hardware.Uuid = v.cfg.InstanceUUID
		host.Summary.Hardware = &hardware
	})
}

// child returns the folder of that name in a folder; nil when there is none.
func (v *VCenter) child(f *simulator.Folder, name string) *simulator.Folder {
	var children []types.ManagedObjectReference
	v.registry.WithLock(v.context(), f, func() { children = append(children, f.ChildEntity...) })
	for _, ref := range children {
		sub, ok := v.registry.Get(ref).(*simulator.Folder)
		if ok && sub.Name == name {
			return sub
		}
	}
	return nil
}

// folder walks a path from the datacenter's VM folder, creating what is missing
// when told to.
func (v *VCenter) folder(path string, create bool) (*simulator.Folder, error) {
	f := v.registry.Get(v.datacenter().VmFolder).(*simulator.Folder)
	rest := strings.TrimPrefix(path, "/"+v.cfg.Datacenter+"/vm")
	for name := range strings.SplitSeq(rest, "/") {
		if name == "" {
			continue
		}
		sub := v.child(f, name)
		if sub == nil && !create {
			return nil, fmt.Errorf("folder %q: no such folder", path)
		}
		if sub == nil {
			ctx := v.context()
			v.registry.WithLock(ctx, f, func() {
				body := f.CreateFolder(ctx, &types.CreateFolder{This: f.Self, Name: name}).(*methods.CreateFolderBody)
				if body.Res != nil {
					sub = v.registry.Get(body.Res.Returnval).(*simulator.Folder)
				}
			})
			if sub == nil {
				return nil, fmt.Errorf("folder %q: cannot create %q", path, name)
			}
		}
		f = sub
	}
	return f, nil
}

// CreateFolder creates a VM folder and what is missing above it. The path is an
// inventory path, "/DC0/vm/a/b", or relative to the VM folder, "a/b". It
// returns the inventory path.
func (v *VCenter) CreateFolder(path string) (string, error) {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	if _, err := v.folder(path, true); err != nil {
		return "", err
	}
	root := "/" + v.cfg.Datacenter + "/vm"
	return root + "/" + strings.Trim(strings.TrimPrefix(path, root), "/"), nil
}

// MoveToFolder moves VMs into an existing folder, named as for CreateFolder.
func (v *VCenter) MoveToFolder(path string, names ...string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	var vms []types.ManagedObjectReference
	for _, name := range names {
		vm, err := v.find(name)
		if err != nil {
			return err
		}
		vms = append(vms, vm.Self)
	}
	return v.move(path, vms)
}

// AddVM creates a VM, powered on, in a folder named as for CreateFolder; "" is
// the datacenter's VM folder.
func (v *VCenter) AddVM(name, folder string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	f, err := v.folder(folder, true)
	if err != nil {
		return err
	}
	vm, err := v.create(f, v.newVM(name))
	if err != nil {
		return err
	}
	v.registry.WithLock(v.context(), vm, func() { v.power(vm, on) })
	return nil
}

// RemoveVM powers a VM off and deletes it.
func (v *VCenter) RemoveVM(name string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	return v.remove(name)
}

func (v *VCenter) remove(name string) error {
	vm, err := v.find(name)
	if err != nil {
		return err
	}
	if fault := v.destroy(vm); fault != nil {
		return fmt.Errorf("VM %q: %s", name, faultName(fault))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.machines, vm.Self.Value)
	return nil
}

// destroy has the simulator delete a VM, and waits also for the task that deletes
// its files, for which the simulator itself does not.
func (v *VCenter) destroy(vm *simulator.VirtualMachine) types.BaseMethodFault {
	ctx := v.context()
	var task types.ManagedObjectReference
	v.registry.WithLock(ctx, vm, func() {
		v.power(vm, off)
		v.storage.Lock()
		task = vm.DestroyTask(ctx, &types.Destroy_Task{This: vm.Self}).(*methods.Destroy_TaskBody).Res.Returnval
	})
	defer v.storage.Unlock()
	fault := v.await(task)
	for _, deletion := range v.hub.takeDeletions() {
		v.await(deletion) // may fail: the VM is gone all the same
	}
	return fault
}

// Reregister takes a VM out of the inventory and registers it again: same
// UUIDs and name, new managed object id, powered off.
func (v *VCenter) Reregister(name string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	vm, err := v.find(name)
	if err != nil {
		return err
	}
	spec := v.newVM(name)
	var parent types.ManagedObjectReference
	v.registry.WithLock(v.context(), vm, func() {
		spec.Uuid, spec.InstanceUuid, parent = vm.Config.Uuid, vm.Config.InstanceUuid, *vm.Parent
	})
	if err := v.remove(name); err != nil {
		return err
	}
	_, err = v.create(v.registry.Get(parent).(*simulator.Folder), spec)
	return err
}

// createVMs makes the VMs of the configuration, powered on. Each task holds the
// folder until it has ended, so there is nothing to win by starting them from
// several goroutines, but much by not waiting for each.
func (v *VCenter) createVMs() error {
	f, err := v.folder("", false)
	if err != nil {
		return err
	}
	v.storage.Lock()
	defer v.storage.Unlock()
	tasks := make([]types.ManagedObjectReference, v.cfg.VMs)
	for n := range tasks {
		tasks[n] = v.startCreate(f, v.newVM(v.cfg.vmName(n+1)))
	}
	for n, task := range tasks {
		vm, err := v.created(task, v.cfg.vmName(n+1))
		if err != nil {
			return err
		}
		v.registry.WithLock(v.context(), vm, func() { v.power(vm, on) })
	}
	return nil
}

// create has the simulator create a VM, powered off.
func (v *VCenter) create(f *simulator.Folder, spec types.VirtualMachineConfigSpec) (*simulator.VirtualMachine, error) {
	v.storage.Lock()
	defer v.storage.Unlock()
	return v.created(v.startCreate(f, spec), spec.Name)
}

// startCreate starts a creation; storage is held until it has ended.
func (v *VCenter) startCreate(f *simulator.Folder, spec types.VirtualMachineConfigSpec) (task types.ManagedObjectReference) {
	req := &types.CreateVM_Task{This: f.Self, Config: spec, Pool: v.pool}
	ctx := v.context()
	v.registry.WithLock(ctx, f, func() {
		task = f.CreateVMTask(ctx, req).(*methods.CreateVM_TaskBody).Res.Returnval
	})
	return task
}

// created waits for a creation and returns the VM.
func (v *VCenter) created(task types.ManagedObjectReference, name string) (*simulator.VirtualMachine, error) {
	if fault := v.await(task); fault != nil {
		return nil, fmt.Errorf("VM %q: %s", name, faultName(fault))
	}
	t := v.registry.Get(task).(*simulator.Task)
	var made types.ManagedObjectReference
	v.registry.WithLock(v.context(), t, func() { made = t.Info.Result.(types.ManagedObjectReference) })
	v.mu.Lock()
	v.names[name] = made.Value
	v.mu.Unlock()
	return v.registry.Get(made).(*simulator.VirtualMachine), nil
}

// newVM describes a VM with one disk, one CD-ROM drive and one network card.
// Its identities follow from the vCenter's and from how many came before it.
func (v *VCenter) newVM(name string) types.VirtualMachineConfigSpec {
	v.mu.Lock()
	v.serial++
	n := v.serial
	v.mu.Unlock()
	serial := fmt.Sprint(n)
	spec := types.VirtualMachineConfigSpec{
		Name:         name,
		GuestId:      string(types.VirtualMachineGuestOsIdentifierOtherGuest64),
		Uuid:         derivedUUID("bios", v.cfg.InstanceUUID, serial),
		InstanceUuid: derivedUUID("instance", v.cfg.InstanceUUID, serial),
		Files:        &types.VirtualMachineFileInfo{VmPathName: "[LocalDS_0]"},
	}
	var devices object.VirtualDeviceList
	scsi, _ := devices.CreateSCSIController("pvscsi") // a known kind: cannot fail
	ide, _ := devices.CreateIDEController()
	devices = append(devices, scsi, ide)
	cdrom, _ := devices.CreateCdrom(ide.(*types.VirtualIDEController))
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.CapacityInKB = 16 << 20
	backing := &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "VM Network"},
	}
	nic, _ := devices.CreateEthernetCard("vmxnet3", backing)
	card := nic.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	card.Key, card.ControllerKey, card.UnitNumber = 4000, 100, types.NewInt32(7)
	card.AddressType = string(types.VirtualEthernetCardMacTypeAssigned)
	// The simulator's own addresses repeat. 00:50:56:80 to bf is what vCenter assigns.
	card.MacAddress = fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80|v.cfg.macSeed(), n>>8&0xff, n&0xff)
	devices = append(devices, cdrom, disk, nic)
	spec.DeviceChange, _ = devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	return spec
}
