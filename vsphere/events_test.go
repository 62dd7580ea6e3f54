package vsphere

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A sink remembers, as a gateway's state file would.
type sink struct {
	mu     sync.Mutex
	known  bool
	mark   EventMark
	events []Event
	fail   int // how many times to refuse
}

func (s *sink) EventMark(string) (EventMark, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mark, s.known, nil
}

func (s *sink) TakeEvents(_ string, events []Event, mark EventMark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail > 0 && len(events) > 0 {
		s.fail--
		return errors.New("disk full")
	}
	s.known, s.mark = true, mark
	s.events = append(s.events, events...)
	return nil
}

func (s *sink) kinds(vm inventory.Key) (kinds []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.VM == vm {
			kinds = append(kinds, e.Kind.String())
		}
	}
	return kinds
}

// hears waits until the sink has exactly these events of the VM.
func (l *lab) hears(s *sink, vm string, want ...string) {
	l.t.Helper()
	key := l.key(vm)
	l.eventually("events", func() error {
		if got := s.kinds(key); !slices.Equal(got, want) {
			return fmt.Errorf("got %q, want %q", got, want)
		}
		return nil
	})
}

// listening is ready and waits until events are listened to.
func (l *lab) listening(s *sink) *lab {
	l.ready(func(c *Config) { c.Events = s })
	l.eventually("the event collector", func() error {
		if l.Calls()["ReadNextEvents"] == 0 {
			return errors.New("no look yet")
		}
		return nil
	})
	return l
}

func TestEventsOfEachKind(t *testing.T) {
	t.Parallel()
	s := new(sink)
	l := newLab(t, 2).listening(s)
	key := l.key("lab-01")
	must(t, l.SetTools("lab-01", true))
	l.eventually("tools", func() error {
		if s, _ := l.v.State(key); !s.Tools {
			return errors.New("not yet")
		}
		return nil
	})
	must(t, l.v.Reset(t.Context(), key))
	must(t, l.v.Shutdown(t.Context(), key))
	l.sees("lab-01", PoweredOff)
	remove := l.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", InTask: true, Fault: &types.FileLocked{}, Times: 1})
	defer remove()
	if err := l.v.PowerOn(t.Context(), key); !errors.Is(err, ErrFailed) {
		t.Fatalf("PowerOn: %v", err)
	}
	must(t, l.v.SetBootDevice(t.Context(), key, BootSetup))
	for _, event := range []func(types.VmEvent) types.BaseEvent{
		func(e types.VmEvent) types.BaseEvent { return &types.VmDasBeingResetEvent{VmEvent: e} },
		func(e types.VmEvent) types.BaseEvent {
			return &types.VmRestartedOnAlternateHostEvent{VmPoweredOnEvent: types.VmPoweredOnEvent{VmEvent: e}, SourceHost: *e.Host}
		},
		func(e types.VmEvent) types.BaseEvent { return &types.VmEmigratingEvent{VmEvent: e} }, // nobody's business
		func(e types.VmEvent) types.BaseEvent {
			return &types.DrsVmMigratedEvent{VmMigratedEvent: types.VmMigratedEvent{VmEvent: e, SourceHost: *e.Host}}
		},
		func(e types.VmEvent) types.BaseEvent { return &types.VmGuestRebootEvent{VmEvent: e} },
	} {
		must(t, l.Post("lab-01", event))
	}
	must(t, l.SetQuestion("lab-01", true))
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOn))
	l.hears(s, "lab-01", "reset", "guest shutdown", "powered off", "power on failed", "reconfigured",
		"HA reset", "HA restart", "migrated", "guest reboot", "question", "powered on")
	if got := s.kinds(l.key("lab-02")); got != nil {
		t.Errorf("of the other VM: %q", got)
	}
	// The guest's own shutdown is nobody's, and the last start is not ours.
	others := map[EventKind]string{EventPoweredOff: "", EventPoweredOn: `VSPHERE.LOCAL\Somebody`}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		user, other := others[e.Kind]
		if !other {
			user = "administrator@vsphere.local"
		}
		if e.User != user || time.Since(e.Mark.Time) > time.Minute || e.Mark.Key == 0 {
			t.Errorf("%v: by %q at %v", e.Kind, e.User, e.Mark)
		}
	}
}

// Events come once, and all of them, whatever is restarted.
func TestEventsAcrossRestarts(t *testing.T) {
	t.Parallel()
	s := new(sink)
	l := newLab(t, 1)
	// Before the first run: nobody's.
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	want := []string{}
	off := true
	flip := func() {
		t.Helper()
		to, word := types.VirtualMachinePowerStatePoweredOn, "powered on"
		if !off {
			to, word = types.VirtualMachinePowerStatePoweredOff, "powered off"
		}
		must(t, l.SetPower("lab-01", to))
		off, want = !off, append(want, word)
	}
	tick := time.NewTimer(1100 * time.Millisecond) // vCenter's clock as it tells it may lack fractions
	<-tick.C
	for name, between := range map[string]func(*lab){
		"the session ends":     func(l *lab) { l.KillSessions() },
		"vCenter is away":      func(l *lab) { l.Down(); flip(); must(t, l.Up()) },
		"the disk is full":     func(*lab) { s.mu.Lock(); s.fail = 1; s.mu.Unlock() },
		"nothing out of order": func(*lab) {},
	} {
		t.Run(name, func(t *testing.T) { // each with a gateway of its own
			run := (&lab{VCenter: l.VCenter, t: t}).listening(s)
			run.hears(s, "lab-01", want...)
			flip()
			run.hears(s, "lab-01", want...)
			between(run)
			flip()
			run.hears(s, "lab-01", want...)
		})
		flip() // while nobody runs
	}
}

func TestEventMarkCovers(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		mark, e EventMark
		want    bool
	}{
		{"the event itself", EventMark{7, now}, EventMark{7, now}, true},
		{"an earlier one", EventMark{7, now}, EventMark{6, now}, true},
		{"the next", EventMark{7, now}, EventMark{8, now}, false},
		{"the next, of a host that was cut off", EventMark{7, now}, EventMark{8, now.Add(-5 * time.Minute)}, false},
		{"counted anew", EventMark{7000, now}, EventMark{3, now.Add(time.Hour)}, false},
		{"before the first run", EventMark{0, now}, EventMark{3, now.Add(-time.Second)}, true},
		{"after the first run began", EventMark{0, now}, EventMark{3, now}, false},
	} {
		if got := tt.mark.Covers(tt.e); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// An event that turned up late, with a time before those of lower keys, neither
// hides those nor has them told again.
func TestLateEvents(t *testing.T) {
	s := new(sink)
	mem := newMemory(time.Minute, nil)
	ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-1"}
	mem.byRef[ref.Value] = &record{vm: inventory.VM{Key: inventory.Key{VCenter: "vc", VM: "vm"}}}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	event := func(key int32, after time.Duration) types.BaseEvent {
		return &types.VmGuestRebootEvent{VmEvent: types.VmEvent{Event: types.Event{
			Key: key, CreatedTime: start.Add(after), Vm: &types.VmEventArgument{Vm: ref},
		}}}
	}
	r := &eventReader{cfg: Config{Events: s}, mem: mem, vcenter: "vc", mark: EventMark{Time: start}}
	tell := func(page ...types.BaseEvent) {
		t.Helper()
		must(t, r.deliver(page))
	}
	tell(event(1, time.Minute), event(2, time.Hour))
	tell(event(4, 2*time.Minute), event(3, time.Hour)) // by time: the cut-off host's first
	r.base = r.mark                                    // a new collector
	tell(event(1, time.Minute), event(4, 2*time.Minute), event(2, time.Hour), event(3, time.Hour), event(5, time.Hour))
	var got []int32
	for _, e := range s.events {
		got = append(got, e.Mark.Key)
	}
	if diff := cmp.Diff([]int32{1, 2, 3, 4, 5}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if want := (EventMark{5, start.Add(time.Hour)}); s.mark != want {
		t.Errorf("mark %v, want %v", s.mark, want)
	}
}

// More than one page, and no more collectors than one.
func TestEventPages(t *testing.T) {
	t.Parallel()
	s := new(sink)
	l := newLab(t, 1).listening(s)
	const n = 3*eventPage + 7
	for range n {
		must(t, l.Post("lab-01", func(e types.VmEvent) types.BaseEvent { return &types.VmGuestRebootEvent{VmEvent: e} }))
	}
	l.eventually("all of them", func() error {
		if got := len(s.kinds(l.key("lab-01"))); got != n {
			return fmt.Errorf("%d events", got)
		}
		return nil
	})
	var keys []int32
	s.mu.Lock()
	for _, e := range s.events {
		keys = append(keys, e.Mark.Key)
	}
	s.mu.Unlock()
	if !slices.IsSorted(keys) || len(slices.Compact(keys)) != n {
		t.Error("out of order, or twice")
	}
	if diff := cmp.Diff(1, l.Calls()["CreateCollectorForEvents"]); diff != "" {
		t.Errorf("collectors: -want +got:\n%s", diff)
	}
}
