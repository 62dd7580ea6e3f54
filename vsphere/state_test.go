package vsphere

import (
	"errors"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/types"
)

func TestStateFollowsVCenter(t *testing.T) {
	l := newLab(t, 2).ready()
	l.sees("lab-01", PoweredOn)
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	l.sees("lab-01", PoweredOff)
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStateSuspended))
	l.sees("lab-01", Suspended)
	l.sees("lab-02", PoweredOn)
}

func TestStateCostsNoCall(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	l.ResetCalls()
	for range 200 {
		if _, err := l.v.State(key); err != nil {
			t.Fatal(err)
		}
	}
	if n, by := l.calls(); n != 0 {
		t.Errorf("200 reads made %d calls: %v", n, by)
	}
	if n := l.Calls()["WaitForUpdatesEx"]; n > 5 {
		t.Errorf("200 reads saw %d waits, want the standing one", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = l.v.State(key) }); n != 0 {
		t.Errorf("%v allocations a read, want none", n)
	}
}

func TestStateDetails(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	must(t, l.SetTools("lab-01", true))
	must(t, l.SetQuestion("lab-01", true))
	l.eventually("tools and question", func() error {
		s, err := l.v.State(key)
		if err == nil && (!s.Tools || !s.Question) {
			err = errors.New("not yet")
		}
		return err
	})
	must(t, l.SetTools("lab-01", false))
	must(t, l.SetQuestion("lab-01", false))
	l.eventually("neither", func() error {
		s, err := l.v.State(key)
		if err == nil && (s.Tools || s.Question) {
			err = errors.New("not yet")
		}
		return err
	})
}

func TestStateErrors(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	if _, err := l.v.State(inventory.Key{VCenter: key.VCenter, VM: "none"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown VM: %v, want ErrNotFound", err)
	}
	must(t, l.SetConnection("lab-01", types.VirtualMachineConnectionStateDisconnected))
	l.eventually("stale when its host is not connected", func() error {
		if _, err := l.v.State(key); !errors.Is(err, ErrStale) {
			return errors.New("not stale")
		}
		return nil
	})
	must(t, l.SetConnection("lab-01", types.VirtualMachineConnectionStateConnected))
	l.sees("lab-01", PoweredOn)
	must(t, l.RemoveVM("lab-01"))
	l.eventually("gone", func() error {
		if _, err := l.v.State(key); !errors.Is(err, ErrNotFound) {
			return errors.New("still there")
		}
		return nil
	})
}

func TestStateBeforeRun(t *testing.T) {
	l := newLab(t, 1)
	v, err := New(l.config())
	must(t, err)
	if _, err := v.State(l.key("lab-01")); !errors.Is(err, ErrStale) {
		t.Errorf("State: %v, want ErrStale", err)
	}
	if _, err := v.List(t.Context()); !errors.Is(err, ErrStale) {
		t.Errorf("List: %v, want ErrStale", err)
	}
	if err := v.PowerOff(t.Context(), l.key("lab-01")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("PowerOff: %v, want ErrUnavailable", err)
	}
}

// A power state that came from the watch is dated when it came.
func TestStateSince(t *testing.T) {
	l := newLab(t, 1).ready()
	before := time.Now()
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	l.sees("lab-01", PoweredOff)
	s, err := l.v.State(l.key("lab-01"))
	must(t, err)
	if s.Since.Before(before) || s.Since.After(time.Now()) {
		t.Errorf("Since = %v, want between %v and now", s.Since, before)
	}
}
