package vspheretest

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// RenameFolder gives an existing folder, named as for CreateFolder, another name.
func (v *VCenter) RenameFolder(path, to string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	f, err := v.folder(path, false)
	if err != nil {
		return err
	}
	ctx := v.context()
	var task types.ManagedObjectReference
	v.registry.WithLock(ctx, f, func() {
		req := &types.Rename_Task{This: f.Self, NewName: to}
		task = f.RenameTask(ctx, req).(*methods.Rename_TaskBody).Res.Returnval
	})
	if fault := v.await(task); fault != nil {
		return fmt.Errorf("folder %q: %s", path, faultName(fault))
	}
	return nil
}

// MoveFolder moves an existing folder with all that is in it into another.
func (v *VCenter) MoveFolder(path, into string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	f, err := v.folder(path, false)
	if err != nil {
		return err
	}
	return v.move(into, []types.ManagedObjectReference{f.Self})
}

// move moves objects into an existing folder.
func (v *VCenter) move(into string, what []types.ManagedObjectReference) error {
	f, err := v.folder(into, false)
	if err != nil {
		return err
	}
	ctx := v.context()
	var task types.ManagedObjectReference
	v.registry.WithLock(ctx, f, func() {
		req := &types.MoveIntoFolder_Task{This: f.Self, List: what}
		task = f.MoveIntoFolderTask(ctx, req).(*methods.MoveIntoFolder_TaskBody).Res.Returnval
	})
	if fault := v.await(task); fault != nil {
		return fmt.Errorf("folder %q: %s", into, faultName(fault))
	}
	return nil
}

// Clone makes a VM, powered on, in a folder named as for CreateFolder, that has
// the BIOS UUID of another, as clones made on a host have, and an instance UUID of
// its own, which vCenter sees to.
func (v *VCenter) Clone(name, to, folder string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	f, err := v.folder(folder, true)
	if err != nil {
		return err
	}
	spec := v.newVM(to)
	if _, spec.Uuid = v.UUIDs(name); spec.Uuid == "" {
		return fmt.Errorf("no virtual machine %q", name)
	}
	vm, err := v.create(f, spec)
	if err != nil {
		return err
	}
	v.registry.WithLock(v.context(), vm, func() { v.power(vm, on) })
	return nil
}

// FreezeViews makes container views that are created from now on blind to moves,
// as the simulator's own are: who was in stays in, who was elsewhere stays out.
// false ends that, also for views that are there.
func (v *VCenter) FreezeViews(frozen bool) {
	v.mu.Lock()
	v.frozen = frozen
	v.mu.Unlock()
	v.hub.restructure()
}

func (v *VCenter) viewsFrozen() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.frozen
}

// A census is who was where when a view was created.
type census struct {
	in, elsewhere map[types.ManagedObjectReference]bool
}

// census counts the VMs there are.
func (v *VCenter) census(in []types.ManagedObjectReference) *census {
	c := &census{in: make(map[types.ManagedObjectReference]bool), elsewhere: make(map[types.ManagedObjectReference]bool)}
	for _, ref := range in {
		c.in[ref] = true
	}
	for _, e := range v.registry.All("VirtualMachine") {
		if ref := e.Reference(); !c.in[ref] {
			c.elsewhere[ref] = true
		}
	}
	return c
}

// blinded returns the members of a view that does not see moves.
func (c *census) blinded(v *VCenter, now []types.ManagedObjectReference) []types.ManagedObjectReference {
	var out []types.ManagedObjectReference
	there := make(map[types.ManagedObjectReference]bool)
	for _, ref := range now {
		if !c.elsewhere[ref] {
			out = append(out, ref)
			there[ref] = true
		}
	}
	for ref := range c.in {
		if !there[ref] && v.registry.Get(ref) != nil {
			out = append(out, ref)
		}
	}
	return out
}
