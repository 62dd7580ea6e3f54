package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

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

// Flags for the next boot are for the next start by IPMI.
func TestForeignStartLeavesFlags(t *testing.T) {
	vc, _, _, s := oneVM(t)
	before := bootOrder(vc)
	turnOff(t, s)
	override(t, s, ipmi.BootPXE)
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOn); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s, "on")
	if f := bootflags(t, s); !f.Valid() || f.Device() != ipmi.BootPXE {
		t.Errorf("flags after somebody else's start: %s", f)
	}
	wantOrder(t, vc, before...)
}
