package gateway

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// turnOff leaves the VM off, by IPMI.
func turnOff(t *testing.T, s *remote.Session) {
	t.Helper()
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
}

// override sets the device for the next boot.
func override(t *testing.T, s *remote.Session, d ipmi.BootDevice) {
	t.Helper()
	if code := bootdev(t, s, nextBoot, d); code != ipmi.Completed {
		t.Fatal(code)
	}
}

// failedStart changes the boot order for a start that vCenter then refuses.
func failedStart(t *testing.T, vc *vspheretest.VCenter, s *remote.Session) {
	t.Helper()
	override(t, s, ipmi.BootPXE)
	vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", Fault: &types.InsufficientResourcesFault{}, Times: 1})
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.NotInPresentState {
		t.Fatal(code)
	}
	wantOrder(t, vc, "ethernet")
}

// The order is put back after a start that failed too: whoever starts the VM by
// other means gets its own. The flags stay.
func TestFailedStartPutsTheOrderBack(t *testing.T) {
	vc, _, _, s := oneVM(t, func(c *Tenant) { c.Power.BootRestoreAfter = time.Second })
	before := bootOrder(vc)
	turnOff(t, s)
	failedStart(t, vc, s)
	wantOrder(t, vc, before...)
	if f := bootflags(t, s); !f.Valid() || f.Device() != ipmi.BootPXE {
		t.Errorf("flags afterwards: %s", f)
	}
}

// While the VM is being started, its order is not put back because an earlier
// start is over by now.
func TestOrderStaysForASlowStart(t *testing.T) {
	vc, _, _, s := oneVM(t, func(c *Tenant) { c.Power.BootRestoreAfter = 2 * time.Second })
	turnOff(t, s)
	failedStart(t, vc, s)
	defer vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", Delay: 4 * time.Second, Times: 1})()
	override(t, s, ipmi.BootPXE)
	vc.ResetCalls()
	_ = control(t, s, ipmi.ChassisPowerUp) // not accepted in time
	eventually(t, "vCenter is asked to", func() error {
		if vc.Calls()["PowerOnVM_Task"] == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	eventually(t, "power on", func() error {
		order := bootOrder(vc)
		switch on := vc.Power(vm) == types.VirtualMachinePowerStatePoweredOn; {
		case !slices.Equal(order, []string{"ethernet"}):
			t.Fatalf("on: %v, the order is %v", on, order)
		case !on:
			return errors.New("not yet")
		}
		return nil
	})
}

// Flags that are set while the VM starts are for the boot after that.
func TestFlagsSetDuringAStart(t *testing.T) {
	vc, _, b, s := oneVM(t)
	turnOff(t, s)
	override(t, s, ipmi.BootPXE)
	defer vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", Delay: 3 * time.Second, Times: 1})()
	_ = control(t, s, ipmi.ChassisPowerUp) // not accepted in time
	other := login(t, b)
	override(t, other, ipmi.BootDisk)
	wantStatus(t, other, "on")
	eventually(t, "the start is over", func() error {
		if code := control(t, other, ipmi.ChassisPowerUp); code != ipmi.Completed {
			return code
		}
		return nil
	})
	if f := bootflags(t, other); !f.Valid() || f.Device() != ipmi.BootDisk {
		t.Errorf("flags after the start: %s", f)
	}
	if code := control(t, other, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantOrder(t, vc, "disk")
}

// The countdown of section 28.12 ends with the command it waits for, however long
// the power cycle keeps the VM off.
func TestFlagsDoNotExpireDuringACycle(t *testing.T) {
	vc, _, _, s := oneVM(t, func(c *Tenant) {
		c.IPMI.BootFlagsValidFor, c.Power.CycleOffTime = 2*time.Second, 4*time.Second
	})
	override(t, s, ipmi.BootPXE)
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	wantOrder(t, vc, "ethernet")
	wantStatus(t, s, "on")
}

// A gateway that died between the start of the VM and the note of it finds the
// VM on: the flags are spent, and the next boot is not theirs.
func TestCrashAfterTheStart(t *testing.T) {
	vc, l, b, s := oneVM(t, func(c *Tenant) { c.IPMI.BootFlagsValidFor = 0 })
	before := bootOrder(vc)
	turnOff(t, s)
	failedStart(t, vc, s) // leaves the file as it is in the middle of a start
	l.stop()
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOn); err != nil {
		t.Fatal(err)
	}
	l.start(t)
	s = login(t, l.ready(t, b.Name))
	wantStatus(t, s, "on")
	wantOrder(t, vc, "ethernet") // it may be reading it
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	wantStatus(t, s, "off")
	wantStatus(t, s, "on")
	if f := bootflags(t, s); f.Valid() {
		t.Errorf("flags after the boot that used them: %s", f)
	}
	wantOrder(t, vc, before...)
}

// A VM's own order is put back also when the tenant that changed it is not
// configured any more.
func TestOrderIsPutBackWithoutTheTenant(t *testing.T) {
	vc, l, _, s := oneVM(t)
	before := bootOrder(vc)
	turnOff(t, s)
	failedStart(t, vc, s)
	l.stop()
	c := &l.config.Tenants[0]
	c.Name, c.Power.BootRestoreAfter = "renamed", 0
	l.start(t)
	wantOrder(t, vc, before...)
}

// What the keeper cannot do is in the log.
func TestOrderThatCannotBePutBackIsLogged(t *testing.T) {
	vc, l, _, s := oneVM(t, func(c *Tenant) { c.Power.BootRestoreAfter = 0 })
	override(t, s, ipmi.BootPXE)
	turnOff(t, s)
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
		t.Fatal(code)
	}
	defer vc.Inject(vspheretest.Fault{Method: "ReconfigVM_Task", Fault: &types.NoPermission{}})()
	eventually(t, "a line", func() error {
		if !bytes.Contains(l.log.Bytes(), []byte("boot order not changed or not put back yet")) {
			return errors.New("not yet")
		}
		return nil
	})
}

// Two tenants that serve a VM one after the other share its boot override: what
// one has changed is not the VM's own order for the other.
func TestBootOverrideIsTheVMs(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.9", "a", "b")
	b.build()
	defer b.stop()
	both := virtual(1, "bmc/a", "bmc/b")
	b.tell(0, both)
	first := b.gw.tenants[0].endpoints[both.Key].machine.boot
	b.tell(0)
	b.tell(1, both)
	if second := b.gw.tenants[1].endpoints[both.Key].machine.boot; first != second {
		t.Error("the second tenant has another")
	}
	if err := first.set(ipmi.BootFlags{nextBoot, byte(ipmi.BootPXE) << 2}, time.Minute); err != nil {
		t.Fatal(err)
	}
	records, err := b.store.Overrides()
	if err != nil || len(records) != 1 || records[0].Tenant != "b" {
		t.Errorf("on disk: %+v, %v", records, err)
	}
}
