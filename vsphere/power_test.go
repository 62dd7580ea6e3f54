package vsphere

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

type power = func(context.Context, inventory.Key) error

func TestPowerVerbs(t *testing.T) {
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	const on, off, suspended = types.VirtualMachinePowerStatePoweredOn, types.VirtualMachinePowerStatePoweredOff, types.VirtualMachinePowerStateSuspended
	tests := []struct {
		name  string
		from  types.VirtualMachinePowerState
		tools bool
		verb  power
		want  error
		then  PowerState
	}{
		{"on when off", off, false, l.v.PowerOn, nil, PoweredOn},
		{"on when on", on, false, l.v.PowerOn, nil, PoweredOn},
		{"on when suspended resumes", suspended, false, l.v.PowerOn, nil, PoweredOn},
		{"off when on", on, false, l.v.PowerOff, nil, PoweredOff},
		{"off when off", off, false, l.v.PowerOff, nil, PoweredOff},
		{"off when suspended", suspended, false, l.v.PowerOff, nil, PoweredOff},
		{"reset when on", on, false, l.v.Reset, nil, PoweredOn},
		{"reset when off", off, false, l.v.Reset, ErrState, PoweredOff},
		{"reset when suspended", suspended, false, l.v.Reset, ErrState, Suspended},
		{"shutdown with tools", on, true, l.v.Shutdown, nil, PoweredOff},
		{"shutdown without tools", on, false, l.v.Shutdown, ErrState, PoweredOn},
		{"shutdown when off", off, true, l.v.Shutdown, ErrState, PoweredOff},
		{"NMI when on", on, false, l.v.NMI, nil, PoweredOn},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{VCenter: l.VCenter, t: t, v: l.v}
			must(t, l.SetTools("lab-01", tt.tools))
			must(t, l.SetPower("lab-01", tt.from))
			resets, nmis := l.Resets("lab-01"), l.NMIs("lab-01")
			if err := tt.verb(t.Context(), key); !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
			l.sees("lab-01", tt.then)
			if got, want := l.Resets("lab-01")-resets, count(tt.name == "reset when on"); got != want {
				t.Errorf("%d resets, want %d", got, want)
			}
			if got, want := l.NMIs("lab-01")-nmis, count(tt.name == "NMI when on"); got != want {
				t.Errorf("%d NMIs, want %d", got, want)
			}
		})
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// An accepted verb is no word about the state: while the task runs, the VM is
// what the watch last said.
func TestVerbDoesNotChangeState(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	l.sees("lab-01", PoweredOn)
	l.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Delay: 3 * time.Second, Times: 1})
	if err := l.v.PowerOff(t.Context(), key); err != nil {
		t.Fatalf("a task that still runs: %v, want accepted", err)
	}
	if s, err := l.v.State(key); err != nil || s.Power != PoweredOn {
		t.Errorf("State = %v, %v right after acceptance, want poweredOn", s.Power, err)
	}
	must(t, l.v.WaitPower(t.Context(), key, PoweredOff))
}

// A task that waits for an answer gets nowhere: the caller should come again.
func TestVerbMeetsAQuestion(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready()
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	must(t, l.SetQuestion("lab-01", true))
	l.eventually("question", func() error {
		if s, err := l.v.State(l.key("lab-01")); err != nil || !s.Question {
			return errors.New("not yet")
		}
		return nil
	})
	l.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", InTask: true, Delay: 3 * time.Second, Times: 1})
	if err := l.v.PowerOn(t.Context(), l.key("lab-01")); !errors.Is(err, ErrBusy) {
		t.Errorf("err = %v, want ErrBusy", err)
	}
}

// A wait for what a task was to bring about ends with the task's fault.
func TestWaitPowerOfATaskThatFails(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready()
	key := l.key("lab-01")
	l.sees("lab-01", PoweredOn)
	l.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Delay: 3 * time.Second, Fault: &types.FileFault{}, Times: 1})
	ctx := NewCommand("acme").In(t.Context())
	must(t, l.v.PowerOff(ctx, key))
	if err := l.v.WaitPower(ctx, key, PoweredOff); !errors.Is(err, ErrFailed) {
		t.Errorf("err = %v, want ErrFailed", err)
	}
}

func TestWaitPower(t *testing.T) {
	l := newLab(t, 2).ready()
	key := l.key("lab-01")
	l.sees("lab-01", PoweredOn)
	l.ResetCalls()
	must(t, l.v.WaitPower(t.Context(), key, PoweredOn))

	done := make(chan error, 1)
	go func() { done <- l.v.WaitPower(t.Context(), key, PoweredOff) }()
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	must(t, <-done)
	if n, by := l.calls(); n != 0 {
		t.Errorf("waiting made %d calls: %v", n, by)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := l.v.WaitPower(ctx, key, PoweredOn); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too long: %v, want the deadline", err)
	}
	go func() { done <- l.v.WaitPower(t.Context(), key, PoweredOn) }()
	must(t, l.RemoveVM("lab-01"))
	if err := <-done; !errors.Is(err, ErrNotFound) {
		t.Errorf("VM removed: %v, want ErrNotFound", err)
	}
}

func TestVerbOnUnknownVM(t *testing.T) {
	l := newLab(t, 1).ready()
	err := l.v.PowerOn(t.Context(), inventory.Key{VCenter: l.InstanceUUID(), VM: "none"})
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("err = %v, want ErrNotFound", err)
	}
}

// A caller who gives up during the call learns that, and nothing else.
func TestVerbKeepsTheDeadline(t *testing.T) {
	l := newLab(t, 1).ready()
	l.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", Delay: 3 * time.Second, Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := l.v.PowerOff(ctx, l.key("lab-01"))
	if !errors.Is(err, context.DeadlineExceeded) || isSentinel(err) {
		t.Errorf("err = %v, want the bare deadline", err)
	}
	if took := time.Since(began); took >= 3*time.Second {
		t.Errorf("returned after %v, want soon after 100 ms", took)
	}
}

// Many tasks are watched by few calls.
func TestStormIsObservedInBatches(t *testing.T) {
	t.Parallel()
	const vms = 30
	l := newLab(t, vms).ready(func(c *Config) { c.Rate, c.Burst = 1000, 1000 })
	l.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Delay: 500 * time.Millisecond})
	vmList, err := l.v.List(t.Context())
	must(t, err)
	l.ResetCalls()
	results := make(chan error, vms)
	for _, vm := range vmList {
		go func() { results <- l.v.PowerOff(t.Context(), vm.Key) }()
	}
	for range vmList {
		must(t, <-results)
	}
	by := l.Calls()
	if by["PowerOffVM_Task"] != vms {
		t.Errorf("%d power-offs, want %d", by["PowerOffVM_Task"], vms)
	}
	if n := by["RetrievePropertiesEx"]; n == 0 || n >= vms {
		t.Errorf("%d looks at the tasks, want a few for all", n)
	}
	for _, vm := range vmList {
		must(t, l.v.WaitPower(t.Context(), vm.Key, PoweredOff))
	}
}

func TestRateIsLimited(t *testing.T) {
	l := newLab(t, 1).ready(func(c *Config) { c.Rate, c.Burst = 0.01, 2 })
	key := l.key("lab-01")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var last error
	for range 3 { // the login's keep-alive has used part of the burst
		_, last = l.v.Boot(ctx, key)
	}
	if !errors.Is(last, ErrBusy) {
		t.Errorf("beyond the rate: %v, want ErrBusy", last)
	}
}
