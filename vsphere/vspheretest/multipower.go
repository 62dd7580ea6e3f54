package vspheretest

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// datacenterProxy answers PowerOnMultiVM_Task, of which the simulator has a sketch:
// it attempts everything at once and has no word for what cannot be started.
type datacenterProxy struct {
	*simulator.Datacenter
	v *VCenter
}

// SetManualDRS makes PowerOnMultiVM_Task recommend instead of start, as in a cluster
// whose DRS is set to manual.
func (v *VCenter) SetManualDRS(manual bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.manualDRS = manual
}

// PowerOnMultiVMTask implements PowerOnMultiVM_Task. A fault injected into the task
// of that name strikes a VM, which is then not attempted; one without a name strikes
// each of them. One injected into the task of PowerOnVM_Task strikes a VM that is
// attempted.
func (p *datacenterProxy) PowerOnMultiVMTask(_ *simulator.Context, req *types.PowerOnMultiVM_Task) soap.HasFault {
	v := p.v
	t := v.newTask("PowerOnMultiVM_Task", "Datacenter.powerOnVm", p.Self, p.Name)
	if !v.spawn(func() { v.finishWith(t, v.powerOnAll(req.Vm), nil) }) {
		return &methods.PowerOnMultiVM_TaskBody{Fault_: simulator.Fault("", &types.RequestCanceled{})}
	}
	return &methods.PowerOnMultiVM_TaskBody{Res: &types.PowerOnMultiVM_TaskResponse{Returnval: t.Self}}
}

// powerOnAll starts the VMs, each by a task of its own, and says what became of each.
func (v *VCenter) powerOnAll(vms []types.ManagedObjectReference) types.ClusterPowerOnVmResult {
	v.mu.Lock()
	manual := v.manualDRS
	v.mu.Unlock()
	var result types.ClusterPowerOnVmResult
	for _, ref := range vms {
		if manual {
			result.Recommendations = append(result.Recommendations, types.ClusterRecommendation{
				Key: ref.Value, Type: "V1", Time: time.Now(), Rating: 5, Reason: "powerOnVm", ReasonText: "Power on virtual machine", Target: &ref,
			})
			continue
		}
		started, fault := v.powerOnOne(ref)
		if fault != nil {
			result.NotAttempted = append(result.NotAttempted, types.ClusterNotAttemptedVmInfo{
				Vm: ref, Fault: types.LocalizedMethodFault{Fault: fault, LocalizedMessage: faultName(fault)},
			})
			continue
		}
		result.Attempted = append(result.Attempted, types.ClusterAttemptedVmInfo{Vm: ref, Task: &started})
	}
	return result
}

func (v *VCenter) powerOnOne(ref types.ManagedObjectReference) (started types.ManagedObjectReference, fault types.BaseMethodFault) {
	vm, ok := v.registry.Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return started, &types.ManagedObjectNotFound{Obj: ref}
	}
	if f := v.faults.take("PowerOnMultiVM_Task", v.nameOf(ref), true); f != nil {
		if !v.pause(f.Delay) {
			return started, &types.RequestCanceled{}
		}
		if f.Fault != nil {
			return started, f.Fault
		}
	}
	v.registry.WithLock(v.context(), vm, func() {
		p := &vmProxy{VirtualMachine: vm, v: v}
		if vm.Runtime.PowerState == on {
			fault = &types.InvalidPowerState{RequestedState: on, ExistingState: on}
			return
		}
		started, fault = p.transition("PowerOnVM_Task", "powerOn", on, off, suspended)
	})
	return started, fault
}
