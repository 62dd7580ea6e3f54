package vspheretest_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const (
	on        = types.VirtualMachinePowerStatePoweredOn
	off       = types.VirtualMachinePowerStatePoweredOff
	suspended = types.VirtualMachinePowerStateSuspended
)

// verbsOf are the calls on a VM; those that start a task wait for it.
func verbsOf(t *testing.T, vm *object.VirtualMachine) map[string]func() error {
	ctx := t.Context()
	task := func(verb func() (*object.Task, error)) func() error {
		return func() error {
			job, err := verb()
			return finish(t, job, err)
		}
	}
	return map[string]func() error{
		"on":       task(func() (*object.Task, error) { return vm.PowerOn(ctx) }),
		"off":      task(func() (*object.Task, error) { return vm.PowerOff(ctx) }),
		"reset":    task(func() (*object.Task, error) { return vm.Reset(ctx) }),
		"suspend":  task(func() (*object.Task, error) { return vm.Suspend(ctx) }),
		"shutdown": func() error { return vm.ShutdownGuest(ctx) },
		"standby":  func() error { return vm.StandbyGuest(ctx) },
		"nmi": func() error {
			_, err := methods.SendNMI(ctx, vm.Client(), &types.SendNMI{This: vm.Reference()})
			return err
		},
	}
}

func TestPowerVerbs(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	vm := vmOf(c, v, "vc-vm-01")
	verbs := verbsOf(t, vm)
	invalidPower, noTools := types.BaseMethodFault(&types.InvalidPowerState{}), types.BaseMethodFault(&types.ToolsUnavailable{})
	for _, tt := range []struct {
		verb  string
		from  types.VirtualMachinePowerState
		tools bool
		to    types.VirtualMachinePowerState
		fault types.BaseMethodFault
	}{
		{"on", off, false, on, nil},
		{"on", suspended, false, on, nil},
		{"on", on, false, on, invalidPower},
		{"off", on, false, off, nil},
		{"off", suspended, false, off, nil},
		{"off", off, false, off, invalidPower},
		{"reset", on, false, on, nil},
		{"reset", off, false, off, invalidPower},
		{"reset", suspended, false, suspended, invalidPower},
		{"suspend", on, false, suspended, nil},
		{"suspend", off, false, off, invalidPower},
		{"nmi", on, false, on, nil},
		{"nmi", off, false, off, invalidPower},
		{"nmi", suspended, false, suspended, invalidPower},
		{"shutdown", on, true, off, nil},
		{"shutdown", on, false, on, noTools},
		{"shutdown", off, true, off, invalidPower},
		{"standby", on, true, suspended, nil},
		{"standby", on, false, on, noTools},
	} {
		name := tt.verb + " when " + string(tt.from)
		if tt.tools {
			name += " with tools"
		}
		t.Run(name, func(t *testing.T) {
			must(t, v.SetTools("vc-vm-01", tt.tools))
			must(t, v.SetPower("vc-vm-01", tt.from))
			err := verbs[tt.verb]()
			if tt.fault == nil && err != nil || tt.fault != nil && !fault.Is(err, tt.fault) {
				t.Errorf("error %v, want fault %T", err, tt.fault)
			}
			eventually(t, "the VM is "+string(tt.to), func() bool { return v.Power("vc-vm-01") == tt.to })
		})
	}
	if got := v.NMIs("vc-vm-01"); got != 1 {
		t.Errorf("%d NMIs counted, want the one accepted", got)
	}
	if got := v.Resets("vc-vm-01"); got != 1 {
		t.Errorf("%d resets counted, want the one accepted", got)
	}
}

func TestDisconnectedHostRefusesPower(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	must(t, v.SetConnection("vc-vm-01", types.VirtualMachineConnectionStateDisconnected))
	task, err := vmOf(c, v, "vc-vm-01").PowerOff(t.Context())
	if err := finish(t, task, err); !fault.Is(err, &types.InvalidState{}) {
		t.Errorf("power off: %v, want InvalidState", err)
	}
}

func TestTemplateRefusesPowerOn(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	must(t, v.SetPower("vc-vm-01", off))
	must(t, v.SetTemplate("vc-vm-01", true))
	if _, err := vmOf(c, v, "vc-vm-01").PowerOn(t.Context()); !fault.Is(err, &types.NotSupported{}) {
		t.Errorf("power on: %v, want NotSupported", err)
	}
}

// TestSlowTask checks that a running task blocks neither reads of its VM nor
// other VMs, and refuses a second task.
func TestSlowTask(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 2})
	c := login(t, v)
	ctx := t.Context()
	remove := v.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", VM: "vc-vm-01", InTask: true, Delay: time.Hour})
	vm := vmOf(c, v, "vc-vm-01")
	slow, err := vm.PowerOff(ctx)
	must(t, err)

	var got mo.VirtualMachine
	must(t, property.DefaultCollector(c).RetrieveOne(ctx, vm.Reference(), []string{"runtime.powerState"}, &got))
	if got.Runtime.PowerState != on {
		t.Errorf("%s during the task, want still on", got.Runtime.PowerState)
	}
	var running mo.Task
	must(t, property.DefaultCollector(c).RetrieveOne(ctx, slow.Reference(), []string{"info"}, &running))
	if running.Info.State != types.TaskInfoStateRunning {
		t.Errorf("the task is %s, want running", running.Info.State)
	}
	if _, err := vm.Reset(ctx); !fault.Is(err, &types.TaskInProgress{}) {
		t.Errorf("second task: %v, want TaskInProgress", err)
	}
	other, err := vmOf(c, v, "vc-vm-02").PowerOff(ctx)
	if err := finish(t, other, err); err != nil {
		t.Errorf("other VM: %v", err)
	}
	remove()
	remove()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
