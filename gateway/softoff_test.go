package gateway

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// softLab is a VM that is on, of a tenant with the policy.
func softLab(t *testing.T, policy SoftOff, tools bool) (*vspheretest.VCenter, *lab, *remote.Session) {
	t.Helper()
	vc, l, _, s := oneVM(t, func(c *Tenant) { c.Power.SoftOff = policy })
	if err := vc.SetTools(vm, tools); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s, "on")
	return vc, l, s
}

// soft sends a soft off that is to be accepted.
func soft(t *testing.T, s *remote.Session) {
	t.Helper()
	if code := control(t, s, ipmi.ChassisSoftOff); code != ipmi.Completed {
		t.Fatalf("soft off: %s", code)
	}
}

// stays fails the test when the VM is off before the time is over.
func stays(t *testing.T, vc *vspheretest.VCenter, d time.Duration) {
	t.Helper()
	for end := time.After(d); ; {
		if got := vc.Power(vm); got != types.VirtualMachinePowerStatePoweredOn {
			t.Fatalf("the VM is %s", got)
		}
		select {
		case <-end:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestSoftOffPolicies(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy SoftOff
		tools  bool
		code   ipmi.CompletionCode
		off    bool // in the end
		cut    int  // PowerOffVM_Task
	}{
		{"refuse, without tools", SoftOff{}, false, ipmi.NotInPresentState, false, 0},
		{"refuse, with tools", SoftOff{}, true, ipmi.Completed, true, 0},
		{"hard, without tools", SoftOff{Hard: true}, false, ipmi.Completed, true, 1},
		{"hard, with tools", SoftOff{Hard: true}, true, ipmi.Completed, true, 0},
		{"hard after, without tools", SoftOff{HardAfter: time.Second}, false, ipmi.Completed, true, 1},
		{"hard after, the guest obeys", SoftOff{HardAfter: time.Minute}, true, ipmi.Completed, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			vc, _, s := softLab(t, tt.policy, tt.tools)
			if code := control(t, s, ipmi.ChassisSoftOff); code != tt.code {
				t.Fatalf("got %s, want %s", code, tt.code)
			}
			if tt.off {
				wantStatus(t, s, "off")
			} else {
				stays(t, vc, 100*time.Millisecond)
			}
			if n := vc.Calls()["PowerOffVM_Task"]; n != tt.cut {
				t.Errorf("the power was cut %d times, want %d", n, tt.cut)
			}
		})
	}
}

// A guest that was asked and does not end loses its power after the time, which
// repeats do not put off.
func TestHardAfterAGuestThatHangs(t *testing.T) {
	vc, l, s := softLab(t, SoftOff{HardAfter: 5 * time.Second}, true)
	vc.SetGuestDelay(time.Hour)
	began := time.Now()
	b := l.ready(t, vm)
	for range 3 {
		soft(t, login(t, b)) // on one session it would be taken for a repeat of the same packet
		stays(t, vc, 300*time.Millisecond)
	}
	wantStatus(t, s, "off")
	if took := time.Since(began); took < 5*time.Second {
		t.Errorf("off after %s", took)
	}
	if n := vc.Calls()["ShutdownGuest"]; n == 0 {
		t.Error("the guest was not asked")
	}
	if !bytes.Contains(l.log.Bytes(), []byte("still on after its time")) {
		t.Error("nothing in the log")
	}
}

// Whatever comes between is the last word.
func TestHardAfterIsTakenBack(t *testing.T) {
	restart := func(t *testing.T, vc *vspheretest.VCenter, s *remote.Session) {
		for _, to := range []types.VirtualMachinePowerState{types.VirtualMachinePowerStatePoweredOff, types.VirtualMachinePowerStatePoweredOn} {
			if err := vc.SetPower(vm, to); err != nil {
				t.Fatal(err)
			}
		}
		wantStatus(t, s, "on")
	}
	command := func(c ipmi.ChassisControl) func(*testing.T, *vspheretest.VCenter, *remote.Session) {
		return func(t *testing.T, _ *vspheretest.VCenter, s *remote.Session) {
			if code := control(t, s, c); code != ipmi.Completed {
				t.Fatal(code)
			}
		}
	}
	for _, tt := range []struct {
		name    string
		between func(*testing.T, *vspheretest.VCenter, *remote.Session)
	}{
		{"power on", command(ipmi.ChassisPowerUp)},
		{"reset", command(ipmi.ChassisHardReset)},
		{"restarted by somebody else", restart},
	} {
		t.Run(tt.name, func(t *testing.T) {
			vc, l, s := softLab(t, SoftOff{HardAfter: 2 * time.Second}, false)
			soft(t, s)
			tt.between(t, vc, s)
			stays(t, vc, 3*time.Second)
			soft(t, login(t, l.ready(t, vm))) // and one for the new run holds again
			wantStatus(t, s, "off")
		})
	}
}

// A stop of the gateway takes it back as well, at once.
func TestHardAfterEndsWithTheGateway(t *testing.T) {
	vc, l, s := softLab(t, SoftOff{HardAfter: 3 * time.Second}, false)
	soft(t, s)
	l.stop()
	stays(t, vc, 3500*time.Millisecond)
}

func TestCycleWhenOff(t *testing.T) {
	vc, _, _, s := oneVM(t, func(c *Tenant) { c.Power.CycleWhenOff = true })
	turnOff(t, s)
	override(t, s, ipmi.BootPXE)
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantOrder(t, vc, "ethernet")
	wantStatus(t, s, "on")
	if err := vc.SetPower(vm, types.VirtualMachinePowerStateSuspended); err != nil {
		t.Fatal(err)
	}
	eventually(t, "refused while suspended", func() error {
		if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.NotInPresentState {
			return errors.New(code.String())
		}
		return nil
	})
}
