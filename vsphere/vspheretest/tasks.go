package vspheretest

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// task is a task of ours. The simulator's own holds the VM's lock from start to
// end, so a slow one would hold up every property read of the VM.
type task struct{ mo.Task }

// runTask starts a task on a VM and returns its reference, or TaskInProgress
// when the VM has one running. method is the API's name ("PowerOnVM_Task"), id
// the task's description. do runs with the VM's lock held.
func (v *VCenter) runTask(vm *simulator.VirtualMachine, method, id string,
	do func(*simulator.Context) types.BaseMethodFault,
) (types.ManagedObjectReference, types.BaseMethodFault) {
	t := &task{}
	t.Self.Type = "Task"
	now := time.Now()
	t.Info = types.TaskInfo{
		Name: method, DescriptionId: "VirtualMachine." + id,
		Entity: &vm.Self, EntityName: vm.Name,
		State: types.TaskInfoStateRunning, QueueTime: now, StartTime: &now,
		Reason: &types.TaskReasonUser{UserName: v.cfg.Username},
	}
	v.registry.Put(t)
	ctx := v.context()
	v.registry.WithLock(ctx, t, func() { t.Info.Task, t.Info.Key = t.Self, t.Self.Value })
	if busy := v.claim(vm.Self, t.Self); busy != nil {
		v.registry.Remove(ctx, t.Self)
		return t.Self, &types.TaskInProgress{Task: *busy}
	}
	name := vm.Name
	started := v.spawn(func() {
		fault := v.carryOut(vm, name, method, do)
		v.release(vm.Self)
		v.finish(t, fault)
	})
	if !started {
		v.release(vm.Self)
		return t.Self, &types.RequestCanceled{}
	}
	return t.Self, nil
}

func (v *VCenter) carryOut(vm *simulator.VirtualMachine, name, method string,
	do func(*simulator.Context) types.BaseMethodFault,
) types.BaseMethodFault {
	if f := v.faults.take(method, name, true); f != nil {
		if !v.pause(f.Delay) {
			return &types.RequestCanceled{}
		}
		if f.Fault != nil {
			if fails(method) {
				v.registry.WithLock(v.context(), vm, func() { v.postFailure(vm, method, f.Fault) })
			}
			return f.Fault
		}
	}
	if v.registry.Get(vm.Self) == nil {
		return &types.ManagedObjectNotFound{Obj: vm.Self}
	}
	ctx := v.context()
	var fault types.BaseMethodFault
	v.registry.WithLock(ctx, vm, func() {
		if fault = do(ctx); fault != nil && fails(method) {
			v.postFailure(vm, method, fault)
		}
	})
	return fault
}

func (v *VCenter) finish(t *task, fault types.BaseMethodFault) { v.finishWith(t, nil, fault) }

func (v *VCenter) finishWith(t *task, result types.AnyType, fault types.BaseMethodFault) {
	now := time.Now()
	v.registry.WithLock(v.context(), t, func() {
		t.Info.CompleteTime = &now
		t.Info.State, t.Info.Result = types.TaskInfoStateSuccess, result
		if fault != nil {
			t.Info.State = types.TaskInfoStateError
			t.Info.Error = &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: faultName(fault)}
		}
	})
	v.hub.touch(t.Self)
}

// claim makes t the VM's one task, or returns the one it has.
func (v *VCenter) claim(vm, t types.ManagedObjectReference) (busy *types.ManagedObjectReference) {
	v.mu.Lock()
	defer v.mu.Unlock()
	m := v.machine(vm)
	if m.task != nil {
		return m.task
	}
	m.task = &t
	return nil
}

func (v *VCenter) release(vm types.ManagedObjectReference) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.machine(vm).task = nil
}
