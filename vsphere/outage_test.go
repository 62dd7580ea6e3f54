package vsphere

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

// brief makes outages short enough for a test.
func brief(c *Config) {
	c.Freshness = 3 * time.Second
	c.CallTimeout, c.DialTimeout = time.Second, time.Second
}

// lost waits until the VCenter knows that vCenter is gone.
func (l *lab) lost() {
	l.t.Helper()
	l.eventually("known to be gone", func() error {
		if l.v.Status().Connected {
			return errors.New("still connected")
		}
		return nil
	})
}

// stale waits until State answers ErrStale and fails on any wrong answer before.
func (l *lab) stale(key inventory.Key, want PowerState) {
	l.t.Helper()
	l.eventually("stale", func() error {
		s, err := l.v.State(key)
		switch {
		case errors.Is(err, ErrStale):
			return nil
		case err != nil || s.Power != want:
			l.t.Fatalf("State = %v, %v", s.Power, err)
		}
		return errors.New("still fresh")
	})
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready(brief)
	key := l.key("lab-01")
	l.Down()
	l.lost()
	if s, err := l.v.State(key); err != nil || s.Power != PoweredOn {
		t.Errorf("State = %v, %v right after the loss, want it from fresh memory", s.Power, err)
	}
	took := quickest(3, 500*time.Millisecond, func() {
		if err := l.v.PowerOff(t.Context(), key); !errors.Is(err, ErrUnavailable) {
			t.Errorf("PowerOff: %v, want ErrUnavailable", err)
		}
	})
	if took > 500*time.Millisecond {
		t.Errorf("PowerOff took %v, want at once", took)
	}
	l.stale(key, PoweredOn)
	if _, err := l.v.List(t.Context()); !errors.Is(err, ErrStale) {
		t.Errorf("List: %v, want ErrStale", err)
	}
	age := time.Since(l.v.Status().LastAnswer)
	if age < 3*time.Second {
		t.Errorf("stale after %v, want not before the freshness of 3 s", age)
	}
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	must(t, l.Up())
	l.sees("lab-01", PoweredOff)
	must(t, l.v.PowerOn(t.Context(), key))
	l.sees("lab-01", PoweredOn)
}

// With nothing to tell, vCenter would hold its first answer after an outage back
// for a third of the freshness, and verbs would be refused until then.
func TestBackBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready(func(c *Config) { c.Freshness = 3 * time.Minute })
	l.Down()
	l.lost()
	must(t, l.Up())
	l.eventually("connected", func() error {
		if s := l.v.Status(); !s.Connected {
			return errors.New(s.LastError)
		}
		return nil
	})
	must(t, l.v.NMI(t.Context(), l.key("lab-01")))
}

func TestDownBeforeTheFirstLogin(t *testing.T) {
	l := newLab(t, 1)
	l.Down()
	l.run(brief)
	l.eventually("the reason", func() error {
		if l.v.Status().LastError == "" {
			return errors.New("no error")
		}
		return nil
	})
	if _, err := l.v.State(l.key("lab-01")); !errors.Is(err, ErrStale) {
		t.Errorf("State: %v, want ErrStale", err)
	}
	must(t, l.Up())
	l.sees("lab-01", PoweredOn)
}

// A black hole takes connections and bytes and never answers.
func TestStall(t *testing.T) {
	l := newLab(t, 1).ready(brief)
	key := l.key("lab-01")
	l.Stall(true)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := l.v.PowerOff(ctx, key); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before the loss is known: %v, want the caller's deadline", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a verb hung for %v", took)
	}
	l.stale(key, PoweredOn)
	l.lost()
	if err := l.v.PowerOff(t.Context(), key); !errors.Is(err, ErrUnavailable) {
		t.Errorf("once it is known: %v, want ErrUnavailable", err)
	}

	before := runtime.NumGoroutine()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 200 {
		<-tick.C
		if err := l.v.PowerOn(t.Context(), key); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("PowerOn: %v, want ErrUnavailable", err)
		}
	}
	if now := runtime.NumGoroutine(); now > before+8 {
		t.Errorf("%d goroutines after 2 s in a black hole, %d before", now, before)
	}
	l.Stall(false)
	l.eventually("back", func() error {
		_, err := l.v.State(key)
		return err
	})
	must(t, l.v.PowerOn(t.Context(), key))
}

func TestStopsInABlackHole(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	v, err := New(l.config())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	l.v = v
	l.sees("lab-01", PoweredOn)
	l.Stall(true)
	began := time.Now()
	cancel()
	must(t, <-done)
	if took := time.Since(began); took > logoutGrace+12*time.Second {
		t.Errorf("Run ended after %v, want about %v", took, logoutGrace)
	}
}

// The proxy in front of a vCenter that starts answers 503.
func TestServiceUnavailable(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready(brief)
	key := l.key("lab-01")
	l.Refuse(503)
	if err := l.v.NMI(t.Context(), key); !errors.Is(err, ErrUnavailable) {
		t.Errorf("NMI: %v, want ErrUnavailable", err)
	}
	l.KillSessions() // ends the wait in flight
	l.lost()
	l.Refuse(0)
	l.eventually("back", func() error { return l.v.NMI(t.Context(), key) })
	if n := l.NMIs("lab-01"); n != 1 {
		t.Errorf("%d NMIs, want 1", n)
	}
}

// What may go wrong inside a session is mended inside it: no login, no outage.
func TestWatchIsRebuilt(t *testing.T) {
	for _, f := range []types.BaseMethodFault{
		&types.InvalidCollectorVersion{}, &types.ManagedObjectNotFound{}, &types.RequestCanceled{}, &types.SystemError{},
	} {
		t.Run(fmt.Sprintf("%T", f), func(t *testing.T) {
			l := newLab(t, 2).ready(func(c *Config) {
				c.Freshness, c.Folders = 3*time.Second, []Folder{{Path: "/DC0/vm"}}
			})
			l.selected(inventory.Selector{Folders: []string{"/DC0/vm"}}, "lab-01", "lab-02")
			l.ResetCalls()
			l.Inject(vspheretest.Fault{Method: "WaitForUpdatesEx", Fault: f, Times: 1})
			must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
			must(t, l.RemoveVM("lab-02"))
			l.sees("lab-01", PoweredOff)
			l.selected(inventory.Selector{Folders: []string{"/DC0/vm"}}, "lab-01")
			l.eventually("the fault has struck", func() error {
				if l.v.Status().LastError == "" {
					return errors.New("not yet")
				}
				return nil
			})
			must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOn))
			l.sees("lab-01", PoweredOn)
			if soap, _ := l.logins(); soap != 0 {
				t.Errorf("%d logins", soap)
			}
		})
	}
}

// A hundred is exactly one page, so the answer after it is empty.
func TestHundredVMs(t *testing.T) {
	const vms = 100
	start := time.Now()
	l := newLab(t, vms).ready(func(c *Config) { c.Rate, c.Burst = 1000, 1000 })
	list, err := l.v.List(t.Context())
	must(t, err)
	if len(list) != vms {
		t.Fatalf("%d VMs, want %d", len(list), vms)
	}
	t.Logf("simulator and first answer after %v", time.Since(start))
	began := time.Now()
	results := make(chan error, vms)
	for _, vm := range list {
		go func() {
			err := l.v.PowerOff(t.Context(), vm.Key)
			if err == nil {
				err = l.v.WaitPower(t.Context(), vm.Key, PoweredOff)
			}
			results <- err
		}()
	}
	for range list {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d power-offs accepted and seen in %v", vms, time.Since(began))
}
