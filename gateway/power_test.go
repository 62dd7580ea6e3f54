package gateway

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const vm = "vc-a-vm-01"

// oneVM is a lab with one VM and a session at its BMC.
func oneVM(t *testing.T, change ...func(*Tenant)) (*vspheretest.VCenter, *lab, admin.BMC, *remote.Session) {
	t.Helper()
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	l, b, s := labWith(t, vc, change...)
	return vc, l, b, s
}

// labWith is a lab with the VM of that vCenter and a session at its BMC.
func labWith(t *testing.T, vc *vspheretest.VCenter, change ...func(*Tenant)) (*lab, admin.BMC, *remote.Session) {
	t.Helper()
	if err := vc.Tag("bmc/enabled", vm); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	tenant := l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.4.1-127.7.4.9")
	for _, c := range change {
		c(tenant)
	}
	l.start(t)
	b := l.ready(t, vm)
	return l, b, login(t, b)
}

func TestPowerCommands(t *testing.T) {
	vc, _, _, s := oneVM(t)
	if err := vc.SetTools(vm, true); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s, "on")
	for _, tt := range []struct {
		name    string
		command ipmi.ChassisControl
		code    ipmi.CompletionCode
		status  string // in the end
	}{
		{"on when on", ipmi.ChassisPowerUp, ipmi.Completed, "on"},
		{"reset when on", ipmi.ChassisHardReset, ipmi.Completed, "on"},
		{"diag when on", ipmi.ChassisDiagnostic, ipmi.Completed, "on"},
		{"cycle when on", ipmi.ChassisPowerCycle, ipmi.Completed, "on"},
		{"off when on", ipmi.ChassisPowerDown, ipmi.Completed, "off"},
		{"off when off", ipmi.ChassisPowerDown, ipmi.Completed, "off"},
		{"soft when off", ipmi.ChassisSoftOff, ipmi.Completed, "off"},
		{"reset when off", ipmi.ChassisHardReset, ipmi.NotInPresentState, "off"},
		{"cycle when off", ipmi.ChassisPowerCycle, ipmi.NotInPresentState, "off"},
		{"diag when off", ipmi.ChassisDiagnostic, ipmi.NotInPresentState, "off"},
		{"on when off", ipmi.ChassisPowerUp, ipmi.Completed, "on"},
		{"soft when on", ipmi.ChassisSoftOff, ipmi.Completed, "off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if code := control(t, s, tt.command); code != tt.code {
				t.Fatalf("got %s, want %s", code, tt.code)
			}
			if tt.command == ipmi.ChassisPowerCycle && tt.code == ipmi.Completed {
				wantStatus(t, s, "off") // it really was off, for a moment
			}
			wantStatus(t, s, tt.status)
			if got := vc.Power(vm); got == types.VirtualMachinePowerStatePoweredOn != (tt.status == "on") {
				t.Errorf("vCenter says %s", got)
			}
		})
	}
	if got := vc.Resets(vm); got != 1 {
		t.Errorf("%d resets, want 1", got)
	}
	if got := vc.NMIs(vm); got != 1 {
		t.Errorf("%d NMIs, want 1", got)
	}
}

func TestSuspendedIsNotOff(t *testing.T) {
	vc, l, _, s := oneVM(t)
	if err := vc.SetPower(vm, types.VirtualMachinePowerStateSuspended); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the watch knows", func() error {
		if b := l.ready(t, vm); b.Power != admin.PowerSuspended {
			return errors.New(string(b.Power))
		}
		return nil
	})
	if got := status(t, s); got != "on" {
		t.Errorf("power status of a suspended VM: %s", got)
	}
	if code := control(t, s, ipmi.ChassisHardReset); code != ipmi.NotInPresentState {
		t.Errorf("reset of a suspended VM: %s", code)
	}
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Errorf("off of a suspended VM: %s", code)
	}
	wantStatus(t, s, "off")
}

// A vCenter that takes longer than a client waits: the client hears node busy,
// the one operation goes on, and a repeat learns what became of it.
func TestSlowVCenter(t *testing.T) {
	vc, _, b, s := oneVM(t)
	other := login(t, b)
	// Commands wait for two seconds each. It ends in the middle of the third one's wait:
	// what comes after it would be asked of vCenter anew.
	defer vc.Inject(vspheretest.Fault{Method: "ResetVM_Task", Delay: 5 * time.Second, Times: 1})()

	done := make(chan ipmi.CompletionCode, 1)
	go func() { done <- control(t, s, ipmi.ChassisHardReset) }()
	var took []time.Duration
	for range 20 { // meanwhile, also on the same BMC
		began := time.Now()
		if got := status(t, other); got != "on" {
			t.Errorf("status while the reset is under way: %s", got)
		}
		took = append(took, time.Since(began))
	}
	if slices.Sort(took); took[len(took)/2] > time.Second {
		t.Errorf("statuses took %s", took)
	}
	if code := <-done; code != ipmi.NodeBusy {
		t.Fatalf("not accepted in time: %s", code)
	}
	if code := control(t, other, ipmi.ChassisPowerUp); code != ipmi.NodeBusy {
		t.Errorf("another action meanwhile: %s", code)
	}
	eventually(t, "a repeat learns that it was accepted", func() error {
		if code := control(t, other, ipmi.ChassisHardReset); code != ipmi.Completed {
			return code
		}
		return nil
	})
	if n := vc.Calls()["ResetVM_Task"]; n != 1 {
		t.Errorf("vCenter was asked %d times, want once", n)
	}
}

// A power cycle whose second half fails leaves the VM off and says so; it does
// not take back the answer, and the next command works.
func TestCycleFailsAfterItWasAccepted(t *testing.T) {
	vc, _, _, s := oneVM(t)
	defer vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", Fault: &types.InsufficientResourcesFault{}, Times: 1})()
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	eventually(t, "power on", func() error {
		if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
			return code
		}
		return nil
	})
	wantStatus(t, s, "on")
}

// A power cycle whose first half fails after it was accepted leaves the VM on, and
// does not keep the next command waiting until nobody expects the VM off any more.
func TestCycleWhosePowerOffFails(t *testing.T) {
	vc, _, _, s := oneVM(t)
	vc.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Delay: 3 * time.Second, Fault: &types.GenericVmConfigFault{}, Times: 1})
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	within(t, time.Minute, "power off", func() error { // of the two minutes that a power off may take
		if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
			return code
		}
		return nil
	})
	wantStatus(t, s, "off")
}

// A gateway that is stopped in the middle of a power cycle ends it first.
func TestStopEndsAPowerCycle(t *testing.T) {
	vc, l, _, s := oneVM(t, func(c *Tenant) { c.Power.CycleOffTime = 500 * time.Millisecond })
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	l.stop()
	if got := vc.Power(vm); got != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("after the stop: %s", got)
	}
}

// No word from vCenter for longer than the freshness, and the state is nobody's
// to tell: node busy, never off.
func TestStaleIsNeverOff(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	if err := vc.Tag("bmc/enabled", vm); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.5.1-127.7.5.9")
	l.config.VCenters[0].Freshness = 3 * time.Second
	l.start(t)
	s := login(t, l.ready(t, vm))
	wantStatus(t, s, "on")
	vc.Stall(true)
	stalled := time.Now()
	if got := status(t, s); got != "on" && time.Since(stalled) < time.Second { // a slow machine's memory is not fresh any more
		t.Errorf("from fresh memory: %s", got)
	}
	eventually(t, "stale", func() error {
		switch got := status(t, s); got {
		case ipmi.NodeBusy.String():
			return nil
		case "on":
			return errors.New("still on")
		default:
			t.Fatalf("power status: %s", got)
			return nil
		}
	})
	quickest := time.Hour
	for range 3 { // a machine that does something else may be slow, but not each time
		began := time.Now()
		if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.NodeBusy {
			t.Errorf("a command to a vCenter that is gone: %s", code)
		}
		quickest = min(quickest, time.Since(began))
	}
	if quickest > time.Second {
		t.Errorf("its refusal took %s although the vCenter was known to be gone", quickest)
	}
	vc.Stall(false)
	wantStatus(t, s, "on")
}

// The VM is off as far as anybody knows, and a power on is under way: an off now
// must not be answered from memory, because the VM will be on in a moment.
func TestOffWhileOnIsUnderWay(t *testing.T) {
	vc, _, b, s := oneVM(t)
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	defer vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", InTask: true, Delay: 5 * time.Second, Times: 1})()
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
		t.Fatal(code)
	}
	other := login(t, b)
	if got := status(t, other); got != "off" {
		t.Fatalf("status while the task runs: %s", got)
	}
	if code := control(t, other, ipmi.ChassisPowerDown); code != ipmi.NodeBusy {
		t.Errorf("off while on is under way: %s", code)
	}
	wantStatus(t, other, "on")
}
