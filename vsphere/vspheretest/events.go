package vspheretest

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Post posts an event about a VM. event makes it from the part that all events of
// VMs share.
func (v *VCenter) Post(name string, event func(types.VmEvent) types.BaseEvent) error {
	vm, err := v.find(name)
	if err != nil {
		return err
	}
	v.registry.WithLock(v.context(), vm, func() { v.post(vm, event) })
	return nil
}

// post posts an event about a VM, whose lock is held. The event manager's lock is
// taken after it; nothing here takes them the other way round.
func (v *VCenter) post(vm *simulator.VirtualMachine, event func(types.VmEvent) types.BaseEvent) {
	v.postBy(v.cfg.Username, vm, event)
}

// postBy is post of what a user did.
func (v *VCenter) postBy(user string, vm *simulator.VirtualMachine, event func(types.VmEvent) types.BaseEvent) {
	v.postEvent(user, event(types.VmEvent{Event: types.Event{
		Datacenter: v.datacenterArgument(), ComputeResource: v.clusterArgument(),
		Host: &types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: "host of " + vm.Name}},
		Vm:   &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: vm.Name}, Vm: vm.Self},
	}}))
}

// postEvent posts an event of a user's. Locks of a VM or a host may be held.
func (v *VCenter) postEvent(user string, event types.BaseEvent) {
	manager := v.registry.EventManager()
	ctx := v.context()
	ctx.Session.UserName = user
	v.registry.WithLock(ctx, manager, func() {
		manager.PostEvent(ctx, &types.PostEvent{EventToPost: event})
	})
}

func (v *VCenter) datacenterArgument() *types.DatacenterEventArgument {
	return &types.DatacenterEventArgument{EntityEventArgument: types.EntityEventArgument{Name: v.cfg.Datacenter}}
}

func (v *VCenter) clusterArgument() *types.ComputeResourceEventArgument {
	return &types.ComputeResourceEventArgument{EntityEventArgument: types.EntityEventArgument{Name: "cluster of " + v.cfg.Datacenter}}
}

// postTag posts what vCenter posts when a tag was put on a VM ("attach") or taken
// off ("detach"). vCenter names the object in the arguments only; the simulator
// cannot do without its id.
func (v *VCenter) postTag(vm *simulator.VirtualMachine, action string) {
	v.post(vm, func(e types.VmEvent) types.BaseEvent {
		return &types.EventEx{
			EventTypeId: "com.vmware.cis.tagging." + action,
			ObjectType:  vm.Self.Type, ObjectId: vm.Self.Value, ObjectName: vm.Name,
			Arguments: []types.KeyAnyValue{{Key: "Object", Value: vm.Name}, {Key: "User", Value: v.cfg.Username}},
		}
	})
}

// postPower posts what vCenter posts of a change of the power state.
func (v *VCenter) postPower(user string, vm *simulator.VirtualMachine, to types.VirtualMachinePowerState) {
	v.postBy(user, vm, func(e types.VmEvent) types.BaseEvent {
		switch to {
		case on:
			return &types.VmPoweredOnEvent{VmEvent: e}
		case off:
			return &types.VmPoweredOffEvent{VmEvent: e}
		default:
			return &types.VmSuspendedEvent{VmEvent: e}
		}
	})
}

// postFailure posts what vCenter posts of a power task that failed.
func (v *VCenter) postFailure(vm *simulator.VirtualMachine, method string, fault types.BaseMethodFault) {
	reason := types.LocalizedMethodFault{Fault: fault, LocalizedMessage: faultName(fault)}
	v.post(vm, func(e types.VmEvent) types.BaseEvent {
		switch method {
		case "PowerOnVM_Task":
			return &types.VmFailedToPowerOnEvent{VmEvent: e, Reason: reason}
		case "PowerOffVM_Task":
			return &types.VmFailedToPowerOffEvent{VmEvent: e, Reason: reason}
		default:
			return &types.VmFailedToResetEvent{VmEvent: e, Reason: reason}
		}
	})
}

// fails reports whether vCenter has an event for the failure of a task.
func fails(method string) bool {
	return method == "PowerOnVM_Task" || method == "PowerOffVM_Task" || method == "ResetVM_Task"
}

// performance answers power draws, of which the simulator has none.
type performance struct {
	*simulator.PerformanceManager
	v *VCenter
}

// QueryPerf implements the method of the same name.
func (p *performance) QueryPerf(ctx *simulator.Context, req *types.QueryPerf) soap.HasFault {
	counter := p.counter("power", "power", types.PerfSummaryTypeAverage)
	res := &types.QueryPerfResponse{}
	for _, spec := range req.QuerySpec {
		one := *req
		one.QuerySpec = []types.PerfQuerySpec{spec}
		if len(spec.MetricId) != 1 || spec.MetricId[0].CounterId != counter || spec.Entity.Type != "VirtualMachine" {
			body, ok := p.PerformanceManager.QueryPerf(ctx, &one).(*methods.QueryPerfBody)
			if !ok || body.Res == nil {
				return body
			}
			res.Returnval = append(res.Returnval, body.Res.Returnval...)
			continue
		}
		metric := &types.PerfEntityMetric{PerfEntityMetricBase: types.PerfEntityMetricBase{Entity: spec.Entity}}
		p.v.mu.Lock()
		watts := p.v.machine(spec.Entity).watts
		p.v.mu.Unlock()
		if watts > 0 {
			metric.Value = []types.BasePerfMetricSeries{&types.PerfMetricIntSeries{
				PerfMetricSeries: types.PerfMetricSeries{Id: spec.MetricId[0]}, Value: []int64{watts},
			}}
		}
		res.Returnval = append(res.Returnval, metric)
	}
	return &methods.QueryPerfBody{Res: res}
}

func (p *performance) counter(group, name string, rollup types.PerfSummaryType) int32 {
	for _, c := range p.PerfCounter {
		if c.GroupInfo.GetElementDescription().Key == group && c.NameInfo.GetElementDescription().Key == name && c.RollupType == rollup {
			return c.Key
		}
	}
	return 0
}

// SetWatts sets the power draw that the performance manager tells of a VM; 0 is
// none, as on a host without power sensors.
func (v *VCenter) SetWatts(name string, watts int64) error {
	vm, err := v.find(name)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.machine(vm.Self).watts = watts
	return nil
}
