package gateway

import (
	"errors"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A vCenter that is configured otherwise is connected to anew under the BMCs: their
// sessions stay, and so does what a command has begun.
func TestReloadReplacesAVCenter(t *testing.T) {
	l := newReloadLab(t)
	first, second := l.ready(t, "vc-a-vm-01"), l.ready(t, "vc-a-vm-02")
	s, cycled := login(t, first), login(t, second)
	l.reload(t, func(c *Config) { c.Tenants[0].Power.CycleOffTime = time.Second })
	if code := control(t, cycled, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatalf("power cycle: %s", code)
	}
	old := l.gw.upstreams()[0]
	done := l.reload(t, func(c *Config) { c.VCenters[0].Freshness = 20 * time.Second })
	if len(done.Steps) != 1 || done.Steps[0].Action != admin.ReloadReplace {
		t.Errorf("steps %+v", done.Steps)
	}
	if now := l.gw.upstreams(); len(now) != 1 || now[0] == old {
		t.Errorf("vCenters %v", now)
	}
	l.stays(t, first, s)
	eventually(t, "the power cycle ends with the VM on", func() error {
		if p := l.vc.Power("vc-a-vm-02"); p != "poweredOn" {
			return errors.New(string(p))
		}
		return nil
	})
	eventually(t, "the old connection ends", func() error {
		if s := old.vc.Status(); s.Connected {
			return errors.New("connected")
		}
		return nil
	})
	l.stays(t, first, s)
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
		t.Errorf("power off through the new connection: %s", code)
	}
}

// A vCenter that cannot be reached at its new address takes no BMC with it, and no
// VM is told to be off.
func TestReloadToAVCenterThatIsGone(t *testing.T) {
	l := newReloadLab(t)
	first := l.ready(t, "vc-a-vm-01")
	s := login(t, first)
	l.vc.Down()
	eventually(t, "the loss is known", func() error {
		if l.gw.upstreams()[0].vc.Connected() {
			return errors.New("connected")
		}
		return nil
	})
	l.reload(t, func(c *Config) { c.VCenters[0].Freshness = 20 * time.Second })
	if got := status(t, s); got != ipmi.NodeBusy.String() {
		t.Errorf("power state %q, want %q", got, ipmi.NodeBusy)
	}
	if now := l.ready(t, "vc-a-vm-01"); now.Address != first.Address || len(now.Sessions) != 1 {
		t.Errorf("%s with %d sessions, want %s and one", now.Address, len(now.Sessions), first.Address)
	}
	if err := l.vc.Up(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new connection", func() error {
		if got := status(t, s); got != "on" {
			return errors.New(got)
		}
		return nil
	})
}
