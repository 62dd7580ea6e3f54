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
	name := vm.Name
	return v.onlyTask(v.newTask(method, "VirtualMachine."+id, vm.Self, name), func() types.BaseMethodFault {
		return v.carryOut(vm, name, method, do)
	})
}

// runHostTask is runTask on a host. do runs without any lock.
func (v *VCenter) runHostTask(host *simulator.HostSystem, method, id string, do func() types.BaseMethodFault,
) (types.ManagedObjectReference, types.BaseMethodFault) {
	name := v.hostName(host)
	return v.onlyTask(v.newTask(method, "HostSystem."+id, host.Self, name), func() types.BaseMethodFault {
		if f := v.faults.take(method, name, true); f != nil {
			if !v.pause(f.Delay) {
				return &types.RequestCanceled{}
			}
			if f.Fault != nil {
				return f.Fault
			}
		}
		return do()
	})
}

// newTask makes a task that runs, of the account's.
func (v *VCenter) newTask(method, description string, entity types.ManagedObjectReference, name string) *task {
	t := &task{}
	t.Self.Type = "Task"
	now := time.Now()
	t.Info = types.TaskInfo{
		Name: method, DescriptionId: description,
		Entity: &entity, EntityName: name,
		State: types.TaskInfoStateRunning, QueueTime: now, StartTime: &now,
		Reason: &types.TaskReasonUser{UserName: v.cfg.Username},
	}
	v.registry.Put(t)
	v.registry.WithLock(v.context(), t, func() { t.Info.Task, t.Info.Key = t.Self, t.Self.Value })
	return t
}

// onlyTask carries a task out unless its entity has another that runs.
func (v *VCenter) onlyTask(t *task, do func() types.BaseMethodFault) (types.ManagedObjectReference, types.BaseMethodFault) {
	entity := *t.Info.Entity
	if busy := v.claim(entity, t.Self); busy != nil {
		v.registry.Remove(v.context(), t.Self)
		return t.Self, &types.TaskInProgress{Task: *busy}
	}
	started := v.spawn(func() {
		fault := do()
		v.release(entity)
		v.finish(t, fault)
	})
	if !started {
		v.release(entity)
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

// claim makes t the one task of a VM or a host, or returns the one it has.
func (v *VCenter) claim(entity, t types.ManagedObjectReference) (busy *types.ManagedObjectReference) {
	v.mu.Lock()
	defer v.mu.Unlock()
	m := v.machine(entity)
	if m.task != nil {
		return m.task
	}
	m.task = &t
	return nil
}

func (v *VCenter) release(entity types.ManagedObjectReference) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.machine(entity).task = nil
}
