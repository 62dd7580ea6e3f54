package gateway

import (
	"errors"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A lost session puts in doubt that a VM is off, and keeps no order from vCenter,
// which knows.
func TestOrdersToAVMThatMayBeOff(t *testing.T) {
	vc, l := newOutageLab(t, "127.7.34.1-127.7.34.9")
	b := l.ready(t, vm)
	s := login(t, b)
	turnOff(t, s)
	upstream, key := l.gw.vcenters[0].vc, inventory.Key{VCenter: vc.InstanceUUID(), VM: b.VM.InstanceUUID}
	for _, c := range []ipmi.ChassisControl{ipmi.ChassisPowerDown, ipmi.ChassisPowerUp} {
		vc.Inject(vspheretest.Fault{Method: "CreatePropertyCollector", Delay: 4 * time.Second, Times: 1}) // of the next watch
		answered := upstream.Status().LastAnswer
		vc.KillSessions()
		eventually(t, "the watch has failed", func() error {
			// On a machine so slow that this test misses the doubt, it is over.
			if _, err := upstream.State(key); !errors.Is(err, vsphere.ErrDoubted) && !upstream.Status().LastAnswer.After(answered) {
				return errors.New("not yet")
			}
			return nil
		})
		if code := control(t, s, c); code != ipmi.Completed {
			t.Errorf("%s: %s", c, code)
		}
		if c == ipmi.ChassisPowerDown {
			wantStatus(t, s, "off")
		}
	}
	wantStatus(t, s, "on")
}

// What cannot be carried out because vCenter is gone does not count as powered off: a
// script that repeats it would blow the breaker of a tenant whose VMs are off.
func TestOrdersWithoutVCenterBlowNothing(t *testing.T) {
	vc, l := newOutageLab(t, "127.7.35.1-127.7.35.9", func(l *lab) {
		l.config.Tenants[0].Fuse = Fuse{Share: 50, Within: time.Hour, Minimum: 5}
	})
	s := login(t, l.ready(t, vm))
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOff); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, s, "off")
	vc.Down()
	l.logs(t, "vCenter lost")
	for range 3 {
		if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.NodeBusy {
			t.Errorf("%s, want %s", code, ipmi.NodeBusy)
		}
	}
	fuse := l.gw.tenants[0].fuse
	fuse.mu.Lock()
	defer fuse.mu.Unlock()
	if n := len(fuse.stopped); n != 0 {
		t.Errorf("%d power-offs are counted", n)
	}
}
