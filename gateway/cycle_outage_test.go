package gateway

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// newOutageLab is a lab with one VM at addresses of its own, for a test that mostly
// waits and so runs beside others.
func newOutageLab(t *testing.T, addresses string, change ...func(*lab)) (*vspheretest.VCenter, *lab) {
	t.Helper()
	t.Parallel()
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	if err := vc.Tag("bmc/enabled", vm); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, addresses)
	for _, c := range change {
		c(l)
	}
	l.start(t)
	return vc, l
}

// startsAgain waits until vCenter says that the VM is on.
func startsAgain(t *testing.T, vc *vspheretest.VCenter) {
	t.Helper()
	within(t, time.Minute, "the VM runs", func() error {
		if got := vc.Power(vm); got != types.VirtualMachinePowerStatePoweredOn {
			return errors.New(string(got))
		}
		return nil
	})
}

// A vCenter that carries a cycle's power off out and does not answer has switched the
// VM off by our order: it is started again, though its client was told node busy.
func TestCycleWhosePowerOffIsNotAnswered(t *testing.T) {
	vc, l := newOutageLab(t, "127.7.31.1-127.7.31.9", func(l *lab) { l.config.VCenters[0].CallTimeout = 3 * time.Second })
	s := login(t, l.ready(t, vm))
	wantStatus(t, s, "on")
	vc.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", Delay: 6 * time.Second, Times: 1})
	vc.Inject(vspheretest.Fault{Method: "QueryEvents", Delay: 6 * time.Second, Times: 2}) // who switched it is told later
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.NodeBusy {
		t.Fatalf("got %s, want %s of a vCenter that does not answer", code, ipmi.NodeBusy)
	}
	l.logs(t, "vCenter has not answered the power off")
	within(t, time.Minute, "vCenter carries it out", func() error {
		if vc.Calls()["PowerOnVM_Task"] == 0 {
			return errors.New("no power on yet")
		}
		return nil
	})
	startsAgain(t, vc)
	if n := vc.Calls()["PowerOffVM_Task"]; n != 1 {
		t.Errorf("%d power offs, want 1", n)
	}
}

// A VM that is busy, and a vCenter that goes, when a cycle is to start the VM again
// are waited for.
func TestCycleOutlivesAnOutage(t *testing.T) {
	vc, l := newOutageLab(t, "127.7.32.1-127.7.32.9")
	s := login(t, l.ready(t, vm))
	wantStatus(t, s, "on")
	release := vc.Inject(vspheretest.Fault{Method: "PowerOnVM_Task", Fault: &types.TaskInProgress{}})
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	l.logs(t, "the VM cannot be started yet")
	vc.Down()
	release()
	if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.NodeBusy {
		t.Errorf("another command meanwhile: %s", code)
	}
	if err := vc.Up(); err != nil {
		t.Fatal(err)
	}
	startsAgain(t, vc)
	wantStatus(t, s, "on")
}

// A client that repeats a cycle which an earlier run did not come to carry out is not
// told that it was.
func TestRepeatOfACycleThatNeverBegan(t *testing.T) {
	vc, l := newOutageLab(t, "127.7.33.1-127.7.33.9")
	b := l.ready(t, vm)
	l.stop()
	edit(t, l, func(st *store.Store) error {
		key := inventory.Key{VCenter: vc.InstanceUUID(), VM: b.VM.InstanceUUID}
		return st.PutCycle(store.Cycle{Key: key, Begun: time.Now().Add(-2 * time.Minute)})
	})
	l.start(t)
	s := login(t, l.ready(t, vm))
	within(t, time.Minute, "the repeat is carried out", func() error {
		if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
			return code
		}
		return nil
	})
	if n := vc.Calls()["PowerOffVM_Task"]; n != 1 {
		t.Errorf("%d power offs when the client is told of success, want 1", n)
	}
	startsAgain(t, vc)
}

// A cycle that could not end is the next run's, unless it was given up while the daemon
// goes on: its client may have switched the VM off since.
func TestCycleThatCouldNotEnd(t *testing.T) {
	for ending, want := range map[bool]int{true: 1, false: 0} {
		b := newBench(t, "127.7.9.1-127.7.9.9", "a")
		b.build()
		m := &machine{key: inventory.Key{VM: "one"}, cycles: newCycles(b.store, b.gw.log, nil),
			ending: func() bool { return ending }, note: func(string, ...any) {}}
		m.noteCycle(store.Cycle{Key: m.key, Begun: time.Now()})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m.cycled(ctx)
		if left, err := b.store.Cycles(); err != nil || len(left) != want {
			t.Errorf("the daemon ends: %t; %d cycles noted, %v; want %d", ending, len(left), err, want)
		}
		b.stop()
	}
}

// A BMC that is opened anew while its power cycle goes on lets that end first: what
// is switched off after it stays off.
func TestOffAfterACycleOfTheBMCBefore(t *testing.T) {
	l := newReloadLab(t)
	vc := l.vc
	s := login(t, l.ready(t, vm))
	vc.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", VM: vm, InTask: true, Delay: 3 * time.Second, Times: 1})
	if code := control(t, s, ipmi.ChassisPowerCycle); code != ipmi.Completed {
		t.Fatal(code)
	}
	l.reload(t, func(c *Config) { c.Tenants[0].IPMI.Port++ })
	s = login(t, l.ready(t, vm))
	within(t, time.Minute, "power off", func() error {
		if code := control(t, s, ipmi.ChassisPowerDown); code != ipmi.Completed {
			return code
		}
		return nil
	})
	wantStatus(t, s, "off")
	select {
	case <-time.After(2 * time.Second): // in which the cycle would start it
	case <-t.Context().Done():
	}
	if got := vc.Power(vm); got != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("the VM is %s after it was powered off", got)
	}
}
