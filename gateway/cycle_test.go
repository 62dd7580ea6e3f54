package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// edit changes the state file while no gateway has it open.
func edit(t *testing.T, l *lab, f func(*store.Store) error) {
	t.Helper()
	st, err := store.Open(l.config.StatePath)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := f(st); err != nil {
		t.Fatal(err)
	}
}

func cyclesLeft(t *testing.T, l *lab) (n int) {
	t.Helper()
	edit(t, l, func(st *store.Store) error {
		left, err := st.Cycles()
		n = len(left)
		return err
	})
	return n
}

// A gateway that was killed in a power cycle left the VM off and a note in the
// state file. The next run starts the VM, from the device it was to start from,
// unless too much time has passed or the VM is not off.
func TestCycleOfAnEarlierRun(t *testing.T) {
	const on, off = types.VirtualMachinePowerStatePoweredOn, types.VirtualMachinePowerStatePoweredOff
	for _, tt := range []struct {
		name  string
		ago   time.Duration
		power types.VirtualMachinePowerState
		then  types.VirtualMachinePowerState
		line  string
		off   bool // was seen before the kill
	}{
		{"still off", 2 * time.Second, off, on, "ending the power cycle of an earlier run", false},
		{"off by somebody else", 2 * time.Second, "", off, "somebody else has switched the VM since", true},
		{"long ago", 11 * time.Minute, off, off, "too long ago", true},
		{"from the future", -11 * time.Minute, off, off, "too long ago", true},
		{"on by now", 2 * time.Second, on, on, "the VM is not off", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			vc, l, b, s := oneVM(t)
			turnOff(t, s)
			override(t, s, ipmi.BootPXE)
			flags := bootflags(t, s)
			l.stop()
			set := []types.VirtualMachinePowerState{tt.power}
			if tt.power == "" {
				set = []types.VirtualMachinePowerState{on, off}
			}
			for _, to := range set {
				if err := vc.SetPower(vm, to); err != nil {
					t.Fatal(err)
				}
			}
			key := inventory.Key{VCenter: vc.InstanceUUID(), VM: b.VM.InstanceUUID}
			edit(t, l, func(st *store.Store) error {
				return errors.Join(
					st.PutCycle(store.Cycle{Key: key, Begun: time.Now().Add(-tt.ago), Flags: flags, Off: tt.off}),
					// By now the time of the flags is over.
					st.PutOverride(store.BootOverride{Key: key, Flags: flags, Until: time.Now().Add(-time.Second)}))
			})
			l.start(t)
			s = login(t, l.ready(t, b.Name))
			eventually(t, "a line in the log", func() error {
				if !bytes.Contains(l.log.Bytes(), []byte(tt.line)) {
					return fmt.Errorf("no %q", tt.line)
				}
				return nil
			})
			if tt.then == on {
				wantStatus(t, s, "on")
			}
			if tt.power == off && tt.then == on {
				wantOrder(t, vc, "ethernet")
			}
			l.stop()
			if got := vc.Power(vm); got != tt.then {
				t.Errorf("the VM is %s, want %s", got, tt.then)
			}
			if n := cyclesLeft(t, l); n != 0 {
				t.Errorf("%d cycles are still noted", n)
			}
		})
	}
}

// A cycle is noted while it is under way, and not when it has ended: well, refused,
// or in a failure that was reported.
func TestCycleIsNoted(t *testing.T) {
	vc, l, b, s := oneVM(t)
	noted := func(want int) {
		t.Helper()
		eventually(t, "what is noted", func() error {
			if left, err := l.gw.state().Cycles(); err != nil || len(left) != want {
				return fmt.Errorf("%d cycles, %v", len(left), err)
			}
			return nil
		})
	}
	release := vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", InTask: true, Delay: 2 * time.Second, Times: 1})
	defer release()
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	noted(1)
	wantStatus(t, s, "on")
	noted(0)

	vc.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", Fault: &types.NoPermission{}, Times: 1})
	if code := control(t, login(t, b), ipmi.ChassisPowerCycle); code != ipmi.InsufficientPrivilege {
		t.Fatal(code)
	}
	noted(0)

	vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", Fault: &types.InsufficientResourcesFault{}, Times: 1})
	if code := control(t, login(t, b), ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	noted(0)
	l.stop()
	if n := cyclesLeft(t, l); n != 0 {
		t.Errorf("%d cycles are still noted after a clean stop", n)
	}
}
