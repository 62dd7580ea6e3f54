package gateway

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const cmdRestartCause = 0x07

func TestStarted(t *testing.T) {
	boot := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	on := func(boot time.Time) vsphere.State { return vsphere.State{Power: vsphere.PoweredOn, BootTime: boot} }
	off, suspended := vsphere.State{Power: vsphere.PoweredOff}, vsphere.State{Power: vsphere.Suspended, BootTime: boot}
	for _, tt := range []struct {
		name        string
		before, now vsphere.State
		want        bool
	}{
		{"seen for the first time", vsphere.State{}, on(boot), false},
		{"from off", off, on(boot), true},
		{"from off, its time not told yet", off, on(time.Time{}), true},
		{"its time told", on(time.Time{}), on(boot), false},
		{"on as before", on(boot), on(boot), false},
		{"its time told with other fractions", on(boot), on(boot.Add(900 * time.Millisecond)), false},
		{"off and on while nobody looked", on(boot), on(boot.Add(time.Minute)), true},
		{"off and on at once, while nobody looked", on(boot), vsphere.State{Power: vsphere.PoweredOn, BootTime: boot.Add(time.Second / 2), Since: boot.Add(time.Minute)}, true},
		{"resumed", suspended, on(boot), false},
		{"switched off", on(boot), off, false},
	} {
		if got := started(tt.before, tt.now); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}

// The restart cause is ours until somebody else starts the VM.
func TestRestartCauseAfterForeignStart(t *testing.T) {
	vc, _, _, s := oneVM(t)
	power := func(to types.VirtualMachinePowerState, word string) {
		t.Helper()
		if err := vc.SetPower(vm, to); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, s, word)
	}
	cause := func() string {
		return fmt.Sprint(command(t, s, ipmi.NetFnChassis, cmdRestartCause)[0] & 0x0F)
	}
	power(types.VirtualMachinePowerStatePoweredOff, "off")
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "on")
	ours := fmt.Sprint(uint8(ipmi.RestartChassisControl))
	if got := cause(); got != ours {
		t.Fatalf("cause %s after our start, want %s", got, ours)
	}
	// The BMC hears of our start after startsSettle, and must still take it for ours.
	eventually(t, "a cause that is not ours", func() error {
		power(types.VirtualMachinePowerStatePoweredOff, "off")
		power(types.VirtualMachinePowerStatePoweredOn, "on")
		if got := cause(); got != "0" {
			return fmt.Errorf("cause %s, want 0", got)
		}
		return nil
	})
}

// Flags for the next boot end with it, also when somebody else starts the VM: it
// has used its own order (section 28.12, parameter 3). Later ones hold.
func TestForeignStartEndsFlags(t *testing.T) {
	for _, tt := range []struct {
		name  string
		keep  byte // parameter 3
		flags byte
		valid bool
	}{
		{"for the next boot", 0x00, nextBoot, false},
		{"not ended by time", 0x08, nextBoot, false},
		{"not ended by the power button", 0x01, nextBoot, true},
		{"for every boot", 0x00, everyBoot, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			vc, _, _, s := oneVM(t)
			before := bootOrder(vc)
			turnOff(t, s)
			<-time.After(startsSettle + time.Second/2) // the simulator does not tell when its VMs were started first
			command(t, s, ipmi.NetFnChassis, cmdSetBoot, 3, tt.keep)
			if code := bootdev(t, s, tt.flags, ipmi.BootPXE); code != ipmi.Completed {
				t.Fatal(code)
			}
			if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOn); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, s, "on")
			limit := 2*startsSettle + time.Second
			if !tt.valid {
				limit = time.Minute
			}
			for end := time.Now().Add(limit); bootflags(t, s).Valid() && time.Now().Before(end); {
				<-time.After(50 * time.Millisecond)
			}
			if got := bootflags(t, s).Valid(); got != tt.valid {
				t.Fatalf("valid after somebody else's start: %t, want %t", got, tt.valid)
			}
			if tt.flags == nextBoot {
				wantOrder(t, vc, before...)
			}
			if code := bootdev(t, s, nextBoot, ipmi.BootCDROM); code != ipmi.Completed {
				t.Fatal(code)
			}
			if f := bootflags(t, s); !f.Valid() || f.Device() != ipmi.BootCDROM {
				t.Errorf("flags set after the start: %s", f)
			}
		})
	}
}

// Flags that are set between somebody else's start and its notice are for the
// boot after it.
func TestFlagsSetAfterAForeignStart(t *testing.T) {
	b := newBootOverride(t.Context(), store.BootOverride{}, nil, emptyStore(t), time.Minute, func(error) {})
	start := time.Now()
	flags := ipmi.BootFlags{nextBoot, byte(ipmi.BootPXE) << 2}
	if err := b.set(flags, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := b.startedElsewhere(start.Add(-time.Second)); err != nil || !b.flags().Valid() {
		t.Errorf("set after the start: %v, %s", err, b.flags())
	}
	if err := b.startedElsewhere(start.Add(time.Second)); err != nil || b.flags().Valid() {
		t.Errorf("set before it: %v, %s", err, b.flags())
	}
}

// Flags that are set while we start the VM are for the boot after that, also when the
// watch sees it on before the start is over.
func TestFlagsSetDuringOurStart(t *testing.T) {
	b := newBootOverride(t.Context(), store.BootOverride{}, nil, emptyStore(t), time.Minute, func(error) {})
	var on time.Time
	err := b.start(t.Context(), func() error {
		err := b.set(ipmi.BootFlags{nextBoot, byte(ipmi.BootDisk) << 2}, time.Minute)
		on = time.Now()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.startedElsewhere(on); err != nil || !b.flags().Valid() {
		t.Errorf("after our start: %v, %s", err, b.flags())
	}
	if err := b.startedElsewhere(time.Now().Add(time.Second)); err != nil || b.flags().Valid() {
		t.Errorf("after another's: %v, %s", err, b.flags())
	}
}

func emptyStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}
