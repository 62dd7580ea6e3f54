package vsphere

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A thousand VMs, selected in every way there is, of which each is asked four
// times for its power state: vCenter sees two calls at most.
func TestThousandVMsCostNoCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("1,000 VMs take seconds")
	}
	sim, err := vspheretest.Start(vspheretest.Config{Name: "lab", VMs: 1000, Prefix: "lab"})
	must(t, err)
	t.Cleanup(sim.Close)
	l := &lab{VCenter: sim, t: t}
	must(t, l.Tag("bmc/acme", "lab-01"))
	must(t, l.SetAttribute("lab-01", "bmc.disabled", "true"))
	l.ready(ours, func(c *Config) {
		c.Freshness, c.TagInterval = 0, 0 // as they are by default
		c.Folders, c.Tags = []Folder{{Path: "/DC0/vm"}, {Path: "/DC0/vm", Recursive: true}}, []string{"bmc/acme"}
	})
	l.selected(inventory.Selector{Tags: []string{"bmc/acme"}})
	vms := l.listed(1000)
	l.quiet()
	l.ResetCalls()
	began := time.Now()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, vm := range vms {
				if s, err := l.v.State(vm.Key); err != nil || s.Power != PoweredOn {
					t.Errorf("%s: %v, %v", vm.Name, s.Power, err)
				}
			}
		})
	}
	all.Wait()
	took, n := time.Since(began), 0
	t.Logf("4,000 states in %v", took)
	for _, calls := range l.Calls() {
		n += calls
	}
	// What the VCenter asks by the clock goes on, so a slow machine sees more of it.
	if n > max(2, int(took/time.Second)) {
		t.Errorf("calls %v in %v", l.Calls(), took)
	}
}

// quiet waits until vCenter has not been called for half a second.
func (l *lab) quiet() {
	l.t.Helper()
	count := func() (n int) {
		for _, calls := range l.Calls() {
			n += calls
		}
		return n
	}
	last, since := count(), time.Now()
	l.eventually("nobody calls vCenter", func() error {
		if n := count(); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) < 500*time.Millisecond {
			return errors.New("calls go on")
		}
		return nil
	})
}
