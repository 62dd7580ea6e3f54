package vsphere

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A lab is a simulated vCenter and, once started, a VCenter that speaks to it.
type lab struct {
	*vspheretest.VCenter
	t *testing.T
	v *VCenter
}

// newLab starts a simulator with VMs "lab-01" and so on.
func newLab(t *testing.T, vms int) *lab {
	t.Helper()
	sim, err := vspheretest.Start(vspheretest.Config{Name: "lab", VMs: vms, Prefix: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return &lab{VCenter: sim, t: t}
}

// config returns what a VCenter needs for this simulator.
func (l *lab) config() Config {
	return Config{
		Name:     "lab",
		URL:      l.URL(),
		Username: "administrator@vsphere.local",
		Password: func() (string, error) { return "secret", nil },
		RootCAs:  l.CAPool(),
		// Short enough to see staleness in a test, long enough for a busy machine.
		Freshness:   10 * time.Second,
		TagInterval: 50 * time.Millisecond,
		// No test is about the limits unless it sets them.
		Limits: Limits{Rate: 1000, Burst: 1000, Wait: 10 * time.Second},
		Shares: []TenantShare{{Rate: 1000, Burst: 1000}},
	}
}

// run starts a VCenter with the configuration and stops it with the test.
func (l *lab) run(change ...func(*Config)) *lab {
	l.t.Helper()
	cfg := l.config()
	for _, c := range change {
		c(&cfg)
	}
	v, err := New(cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	l.t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				l.t.Errorf("Run: %v", err)
			}
		case <-time.After(time.Minute):
			l.t.Error("Run does not end")
		}
	})
	l.v = v
	return l
}

// ready is run and a wait until the operations session is there too, so that
// what a test counts or breaks afterwards is its own.
func (l *lab) ready(change ...func(*Config)) *lab {
	l.t.Helper()
	l.run(change...)
	l.eventually("connected", func() error {
		if s := l.v.Status(); !s.Connected {
			return fmt.Errorf("not connected: %s", s.LastError)
		}
		if l.Calls()["CurrentTime"] == 0 { // the first call on it, by nobody's order
			return fmt.Errorf("operations session is not in use yet")
		}
		return nil
	})
	return l
}

func (l *lab) key(name string) inventory.Key {
	l.t.Helper()
	vm, _ := l.UUIDs(name)
	if vm == "" {
		l.t.Fatalf("no VM %q", name)
	}
	return inventory.Key{VCenter: l.InstanceUUID(), VM: vm}
}

// eventually polls until check returns nil.
func (l *lab) eventually(what string, check func() error) {
	l.t.Helper()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%s: %v", what, err)
		}
		<-tick.C
	}
}

// sees waits until the watch reports the power state.
func (l *lab) sees(name string, want PowerState) {
	l.t.Helper()
	key := l.key(name)
	l.eventually(name+" "+want.String(), func() error {
		s, err := l.v.State(key)
		if err == nil && s.Power != want {
			err = fmt.Errorf("power is %v", s.Power)
		}
		return err
	})
}

// selected waits until the selector picks exactly these names.
func (l *lab) selected(sel inventory.Selector, want ...string) {
	l.t.Helper()
	l.eventually(fmt.Sprintf("selection %v", want), func() error {
		vms, err := l.v.List(l.t.Context())
		if err != nil {
			return err
		}
		var got []string
		for _, vm := range vms {
			if sel.Match(vm) {
				got = append(got, vm.Name)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("selected %v", got)
		}
		return nil
	})
}

// calls returns how many calls the simulator got, by method, waits left out.
func (l *lab) calls() (n int, by map[string]int) {
	by = l.Calls()
	delete(by, "WaitForUpdatesEx")
	for _, c := range by {
		n += c
	}
	return n, by
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
