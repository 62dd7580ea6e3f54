package vsphere

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

func wantState(t *testing.T, m *memory, key inventory.Key, power PowerState, err error) {
	t.Helper()
	if s, got := m.state(key); s.Power != power || !errors.Is(got, err) {
		t.Errorf("%s is %v, %v; want %v, %v", key, s.Power, got, power, err)
	}
}

// What was on is told while vCenter is away. What was off may be on by now.
func TestOffIsDoubted(t *testing.T) {
	m := synced(arrive("vm-1", "a", "on", "poweredOn"), arrive("vm-2", "b", "off", "poweredOff"), arrive("vm-3", "c", "asleep", "suspended"))
	wantState(t, m, key("off"), PoweredOff, nil)
	m.doubt()
	wantState(t, m, key("on"), PoweredOn, nil)
	wantState(t, m, key("asleep"), Suspended, nil)
	wantState(t, m, key("off"), 0, ErrStale)
	wantState(t, m, key("off"), 0, ErrDoubted)
	// A page of an answer is none: what it does not name may be on the next.
	m.apply([]types.ObjectUpdate{update(modify, "vm-1", "name", "x")}, time.Now())
	wantState(t, m, key("off"), 0, ErrStale)
	m.complete(time.Now(), nil)
	wantState(t, m, key("off"), PoweredOff, nil)
}

// While the gateway's own machine is suspended, only the wall clock goes on; when
// that is set back, it makes nothing fresh that is not.
func TestFreshnessByTwoClocks(t *testing.T) {
	m := synced(arrive("vm-1", "a", "off", "poweredOff"), arrive("vm-2", "b", "on", "poweredOn"))
	m.clock = m.clock.Add(-time.Hour)
	wantState(t, m, key("off"), 0, ErrStale)
	wantState(t, m, key("on"), 0, ErrStale)
	m.complete(time.Now(), nil)
	wantState(t, m, key("off"), PoweredOff, nil)
	m.answered, m.clock = m.answered.Add(-time.Hour), m.clock.Add(time.Hour)
	wantState(t, m, key("off"), 0, ErrStale)
}

// What vCenter cannot tell any more is not what it said last. The name and the
// configuration stay: a VM on lost storage has none, and is the same VM.
func TestStateIsWithdrawn(t *testing.T) {
	for _, path := range []string{"runtime.powerState", "runtime.connectionState"} {
		t.Run(path, func(t *testing.T) {
			m := synced(arrive("vm-1", "a", "off", "poweredOff"))
			u := update(modify, "vm-1")
			for _, p := range []string{path, "name", "config.instanceUuid", "config.managedBy", "customValue"} {
				u.MissingSet = append(u.MissingSet, types.MissingProperty{Path: p, Fault: types.LocalizedMethodFault{Fault: &types.NoPermission{}}})
			}
			m.apply([]types.ObjectUpdate{u}, time.Now())
			m.complete(time.Now(), nil)
			wantState(t, m, key("off"), 0, ErrStale)
			if got := names(t, m); got["vm-1"] != "a" {
				t.Errorf("VMs %v, want the one under its name", got)
			}
		})
	}
}

// Of several VMs with one instance UUID nobody can say which is off, and no command
// may go to the wrong one.
func TestSeveralVMsWithOneUUID(t *testing.T) {
	const on, off = types.VirtualMachinePowerStatePoweredOn, types.VirtualMachinePowerStatePoweredOff
	away := func(ref string) types.ObjectUpdate {
		return update(modify, ref, "runtime.connectionState", types.VirtualMachineConnectionStateDisconnected)
	}
	for _, tt := range []struct {
		name  string
		first types.VirtualMachinePowerState
		later types.VirtualMachinePowerState
		more  []types.ObjectUpdate
		power PowerState
		err   error
		ref   string // that commands go to; empty: to none
	}{
		{"one runs, its copy is off", on, off, nil, 0, ErrStale, ""},
		{"one is off, its copy runs", off, on, nil, PoweredOn, nil, ""},
		{"one sleeps, its copy is off", types.VirtualMachinePowerStateSuspended, off, nil, 0, ErrStale, ""},
		{"both are off", off, off, nil, PoweredOff, nil, ""},
		{"one ran when its host was lost, and is off on another", on, off, []types.ObjectUpdate{away("vm-1")}, 0, ErrStale, "vm-2"},
		{"the same, and runs there", on, on, []types.ObjectUpdate{away("vm-1")}, PoweredOn, nil, "vm-2"},
		{"the later one's host is lost", off, on, []types.ObjectUpdate{away("vm-2")}, 0, ErrStale, "vm-1"},
		{"it was off on the lost host", off, off, []types.ObjectUpdate{away("vm-1")}, PoweredOff, nil, "vm-2"},
		{"both hosts are lost", off, off, []types.ObjectUpdate{away("vm-1"), away("vm-2")}, 0, ErrStale, "vm-2"},
		{"the other leaves", on, off, []types.ObjectUpdate{update(leave, "vm-1")}, PoweredOff, nil, "vm-2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := synced(append([]types.ObjectUpdate{arrive("vm-1", "a", "u", tt.first), arrive("vm-2", "b", "u", tt.later)}, tt.more...)...)
			wantState(t, m, key("u"), tt.power, tt.err)
			ref, _, err := m.find(key("u"))
			if tt.ref == "" && !errors.Is(err, ErrBusy) {
				t.Errorf("a command goes to %s, %v; want ErrBusy", ref.Value, err)
			}
			if tt.ref != "" && (err != nil || ref.Value != tt.ref) {
				t.Errorf("a command goes to %s, %v; want %s", ref.Value, err, tt.ref)
			}
		})
	}
}

// A VM that was off is started by its host while nobody hears of it. It is never
// told to be off from the failure on, however short, that the watch has noticed.
func TestStartedDuringAnOutage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		begin func(*lab)
		end   func(*lab) error
	}{
		{"connections are cut", func(l *lab) { l.Down() }, func(l *lab) error { return l.Up() }},
		{"its proxy answers 503", func(l *lab) {
			l.Refuse(503)
			l.KillSessions() // ends the wait under way
		}, func(l *lab) error {
			l.Refuse(0)
			return nil
		}},
		{"it is silent", func(l *lab) { l.Stall(true) }, func(l *lab) error {
			l.Stall(false)
			return nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 2)
			must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
			l.ready(func(c *Config) {
				c.Freshness = 15 * time.Second // a third of it is waited for an answer that was due
				c.CallTimeout, c.DialTimeout = time.Second, time.Second
			})
			off, on := l.key("lab-01"), l.key("lab-02")
			l.sees("lab-01", PoweredOff)
			tt.begin(l)
			l.lost()
			must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOn))
			if s, err := l.v.State(off); !errors.Is(err, ErrStale) {
				t.Errorf("the VM that was off is told as %v, %v; want ErrStale", s.Power, err)
			}
			if s, err := l.v.State(on); err == nil && s.Power != PoweredOn {
				t.Errorf("the VM that is on is told as %v", s.Power)
			}
			must(t, tt.end(l))
			l.eventually("told to be on", func() error {
				s, err := l.v.State(off)
				if err == nil && s.Power != PoweredOn {
					t.Fatalf("told as %v", s.Power)
				}
				return err
			})
		})
	}
}

// After a failure that is over at once an off is told again at once, also when
// vCenter has nothing new to say for the next minute.
func TestDoubtIsCleared(t *testing.T) {
	for name, strike := range map[string]func(*lab){
		"a lost session": func(l *lab) { l.KillSessions() },
		"a fault": func(l *lab) {
			l.Inject(vspheretest.Fault{Method: "WaitForUpdatesEx", Fault: &types.RequestCanceled{}, Times: 1})
			must(l.t, l.SetPower("lab-02", types.VirtualMachinePowerStatePoweredOff)) // ends the wait under way
		},
		"a cut connection": func(l *lab) {
			l.Down()
			must(l.t, l.Up())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 2)
			must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
			l.ready(func(c *Config) { c.Freshness = 30 * time.Minute })
			l.sees("lab-01", PoweredOff)
			answered := l.v.Status().LastAnswer
			strike(l)
			l.eventually("another answer, and off told", func() error {
				if !l.v.Status().LastAnswer.After(answered) {
					return fmt.Errorf("no answer since %v", answered)
				}
				_, err := l.v.State(l.key("lab-01"))
				return err
			})
		})
	}
}
