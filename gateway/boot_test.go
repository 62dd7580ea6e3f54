package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const (
	nextBoot  = 0x80
	everyBoot = 0xC0
)

// bootOrder is the kinds of device in the VM's boot order, in order.
func bootOrder(vc *vspheretest.VCenter) []string {
	var kinds []string
	for _, d := range vc.BootOptions(vm).BootOrder {
		switch d.(type) {
		case *types.VirtualMachineBootOptionsBootableEthernetDevice:
			kinds = append(kinds, "ethernet")
		case *types.VirtualMachineBootOptionsBootableDiskDevice:
			kinds = append(kinds, "disk")
		case *types.VirtualMachineBootOptionsBootableCdromDevice:
			kinds = append(kinds, "cdrom")
		default:
			kinds = append(kinds, fmt.Sprintf("%T", d))
		}
	}
	return kinds
}

func wantOrder(t *testing.T, vc *vspheretest.VCenter, want ...string) {
	t.Helper()
	eventually(t, "boot order", func() error {
		if got := bootOrder(vc); !slices.Equal(got, want) {
			return fmt.Errorf("got %v, want %v", got, want)
		}
		return nil
	})
}

// An override for one boot: set, used by the next start, and put back after it.
func TestNextBootOnly(t *testing.T) {
	vc, _, _, s := oneVM(t, func(c *Tenant) { c.Power.BootRestoreAfter = time.Second })
	before := bootOrder(vc)
	if code := bootdev(t, s, nextBoot, ipmi.BootPXE); code != ipmi.Completed {
		t.Fatal(code)
	}
	if f := bootflags(t, s); !f.Valid() || f.Persistent() || f.Device() != ipmi.BootPXE {
		t.Errorf("read back: %s", f)
	}
	if got := bootOrder(vc); !slices.Equal(got, before) {
		t.Errorf("vSphere heard of it before the boot: %v", got)
	}
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantOrder(t, vc, "ethernet")
	wantStatus(t, s, "on")
	eventually(t, "the flags are spent", func() error {
		if f := bootflags(t, s); f.Valid() {
			return fmt.Errorf("%s", f)
		}
		return nil
	})
	wantOrder(t, vc, before...)
}

// A reset reads the boot order reliably only as a cold start, so it is one.
func TestResetWithOverrideIsAColdStart(t *testing.T) {
	vc, _, _, s := oneVM(t)
	if code := bootdev(t, s, nextBoot, ipmi.BootCDROM); code != ipmi.Completed {
		t.Fatal(code)
	}
	if code := control(t, s, ipmi.ChassisHardReset); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantOrder(t, vc, "cdrom")
	wantStatus(t, s, "on")
	if n := vc.Resets(vm); n != 0 {
		t.Errorf("%d resets, want a power off and on", n)
	}
}

func TestEveryBoot(t *testing.T) {
	vc, _, _, s := oneVM(t, func(c *Tenant) { c.Power.BootRestoreAfter = 0 })
	before := bootOrder(vc)
	if code := bootdev(t, s, everyBoot, ipmi.BootPXE); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantOrder(t, vc, "ethernet") // without a power command
	for range 2 {
		if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
			t.Fatal(code)
		}
		wantStatus(t, s, "off")
		if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
			t.Fatal(code)
		}
		wantStatus(t, s, "on")
		wantOrder(t, vc, "ethernet")
		if f := bootflags(t, s); !f.Valid() || !f.Persistent() {
			t.Errorf("after a boot: %s", f)
		}
	}
	if code := bootdev(t, s, 0, ipmi.BootNoOverride); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantOrder(t, vc, before...)
}

// The VM has no floppy: it must not start from something else instead.
func TestMissingBootDevice(t *testing.T) {
	vc, l, _, s := oneVM(t, func(c *Tenant) { c.Power.BootRestoreAfter = 0 })
	before := bootOrder(vc)
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	if code := bootdev(t, s, nextBoot, ipmi.BootFloppy); code != ipmi.Completed {
		t.Fatal(code)
	}
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.NotInPresentState {
		t.Errorf("power on: %s", code)
	}
	if got := vc.Power(vm); got != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("the VM is %s", got)
	}
	if got := bootOrder(vc); !slices.Equal(got, before) {
		t.Errorf("boot order touched: %v", got)
	}
	if n := vc.Calls()["ReconfigVM_Task"]; n != 0 {
		t.Errorf("vCenter was told of %d changes, want none", n)
	}
	if left, err := l.gw.state().Overrides(); err != nil || len(left) != 1 || left[0].Original != nil {
		t.Errorf("an order is to be put back that nobody changed: %+v, %v", left, err)
	}
	if code := bootdev(t, s, nextBoot, ipmi.BootDiagnostic); code != ipmi.InvalidField {
		t.Errorf("a device no VM has: %s", code)
	}
	if code := bootdev(t, s, nextBoot, ipmi.BootDisk); code != ipmi.Completed {
		t.Fatal(code)
	}
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
		t.Errorf("power on from a disk: %s", code)
	}
	wantOrder(t, vc, "disk")
}

// vCenter may refuse to change the boot order of a VM that is on. Then it is put
// back when the VM is off next, whoever turns it off.
func TestRestoreWaitsForPowerOff(t *testing.T) {
	vc, l, _, s := oneVM(t, func(c *Tenant) { c.Power.BootRestoreAfter = 0 })
	before := bootOrder(vc)
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	if code := bootdev(t, s, nextBoot, ipmi.BootPXE); code != ipmi.Completed {
		t.Fatal(code)
	}
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
		t.Fatal(code)
	}
	allow := vc.Inject(vspheretest.Fault{Method: "ReconfigVM_Task", Fault: &types.InvalidPowerState{}})
	vc.ResetCalls()
	eventually(t, "it was tried", func() error {
		if vc.Calls()["ReconfigVM_Task"] == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	eventually(t, "show says so", func() error {
		if got := l.ready(t, vm).BootOrder; got != "waits until the VM is off to be put back" {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
	allow()
	if got := bootOrder(vc); !slices.Equal(got, []string{"ethernet"}) {
		t.Errorf("before power off: %v", got)
	}
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOff); err != nil {
		t.Fatal(err)
	}
	wantOrder(t, vc, before...)
	eventually(t, "and no more", func() error {
		if got := l.ready(t, vm).BootOrder; got != "" {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
}

// A change for every boot that vCenter refuses while the VM is on is made when it
// is off next, be that in our own power cycle.
func TestWriteWaitsForPowerOff(t *testing.T) {
	vc, l, b, s := oneVM(t)
	allow := vc.Inject(vspheretest.Fault{Method: "ReconfigVM_Task", Fault: &types.InvalidPowerState{}})
	if code := bootdev(t, s, everyBoot, ipmi.BootPXE); code != ipmi.Completed {
		t.Fatal(code)
	}
	eventually(t, "show says so", func() error {
		if got := l.ready(t, vm).BootOrder; got != "waits until the VM is off to be changed" {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
	allow()
	if code := control(t, login(t, b), ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantOrder(t, vc, "ethernet")
	wantStatus(t, s, "on")
}

// The firmware stays what it is; that the flags want another is in the log.
func TestFirmwareStays(t *testing.T) {
	const efi = 0x20
	line := []byte("boot flags ask for EFI")
	vc, l, _, s := oneVM(t)
	if code := bootdev(t, s, nextBoot, ipmi.BootPXE); code != ipmi.Completed {
		t.Fatal(code)
	}
	if bytes.Contains(l.log.Bytes(), line) {
		t.Error("logged without the EFI bit")
	}
	vc.ResetCalls()
	if code := bootdev(t, s, nextBoot|efi, ipmi.BootDisk); code != ipmi.Completed {
		t.Fatal(code)
	}
	if !bytes.Contains(l.log.Bytes(), line) {
		t.Error("not in the log")
	}
	if f := bootflags(t, s); !f.EFI() {
		t.Errorf("read back: %s", f)
	}
	if n := vc.Calls()["ReconfigVM_Task"]; n != 0 {
		t.Errorf("%d changes of the VM", n)
	}
}

// A gateway that dies between changing the boot order and putting it back does
// so when it comes again. That the VM's own order is on disk before is what
// makes it possible, so the power on is made to fail right after the change.
func TestOrderIsPutBackByTheNextRun(t *testing.T) {
	vc, l, b, s := oneVM(t)
	before := bootOrder(vc)
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	if code := bootdev(t, s, nextBoot, ipmi.BootPXE); code != ipmi.Completed {
		t.Fatal(code)
	}
	vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", Fault: &types.InsufficientResourcesFault{}, Times: 1})
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.NotInPresentState {
		t.Fatal(code)
	}
	wantOrder(t, vc, "ethernet")
	l.stop()

	l.config.Tenants[0].Power.BootRestoreAfter = 0
	l.start(t)
	s = login(t, l.ready(t, b.Name))
	if f := bootflags(t, s); !f.Valid() || f.Device() != ipmi.BootPXE {
		t.Errorf("the flags did not survive: %s", f)
	}
	if code := bootdev(t, s, 0, ipmi.BootNoOverride); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantOrder(t, vc, before...)
}

func TestFlagsExpire(t *testing.T) {
	vc, _, _, s := oneVM(t, func(c *Tenant) { c.IPMI.BootFlagsValidFor = 500 * time.Millisecond })
	before := bootOrder(vc)
	if code := bootdev(t, s, nextBoot, ipmi.BootPXE); code != ipmi.Completed {
		t.Fatal(code)
	}
	eventually(t, "not valid any more", func() error {
		if f := bootflags(t, s); f.Valid() {
			return fmt.Errorf("%s", f)
		}
		return nil
	})
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	wantStatus(t, s, "on")
	if got := bootOrder(vc); !slices.Equal(got, before) {
		t.Errorf("boot order after expired flags: %v", got)
	}
}
