package vsphere

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestStatsOfAllInOneCall(t *testing.T) {
	l := newLab(t, 3).ready()
	for _, name := range []string{"lab-01", "lab-02", "lab-03"} {
		must(t, l.Edit(name, func(vm *mo.VirtualMachine) {
			vm.Runtime.MaxCpuUsage = 4000
			vm.Summary.Config.MemorySizeMB = 2048
			vm.Summary.QuickStats = types.VirtualMachineQuickStats{
				OverallCpuUsage: 1000, OverallCpuDemand: 1200, GuestMemoryUsage: 512, HostMemoryUsage: 1900, UptimeSeconds: 90,
			}
		}))
	}
	l.follow("lab-01", "lab-02", "lab-03")
	key := l.key("lab-02")
	_, before := l.calls()
	reads := before["RetrievePropertiesEx"]
	l.eventually("statistics", func() error {
		if _, ok := l.v.Stats(key); !ok {
			return errors.New("none yet")
		}
		return nil
	})
	got, _ := l.v.Stats(key)
	want := Stats{
		CPUUsage: 1000, CPUDemand: 1200, CPUCapacity: 4000, GuestMemory: 512, HostMemory: 1900, MemorySize: 2048,
		Uptime: 90 * time.Second,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Stats{}, "At")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, name := range []string{"lab-01", "lab-03"} {
		if _, ok := l.v.Stats(l.key(name)); !ok {
			t.Errorf("%s was not measured with the others", name)
		}
	}
	if _, now := l.calls(); now["RetrievePropertiesEx"] != reads+1 {
		t.Errorf("%d reads for three VMs, want 1", now["RetrievePropertiesEx"]-reads)
	}
}

func TestNobodyReadsNobodyAsks(t *testing.T) {
	l := newLab(t, 2).ready()
	l.follow("lab-01")
	measured := func() int {
		by := l.Calls()
		return by["RetrievePropertiesEx"] + by["QueryPerf"]
	}
	n := measured()
	tick := time.NewTimer(500 * time.Millisecond)
	defer tick.Stop()
	<-tick.C
	if now := measured(); now != n {
		t.Errorf("%d measurements while nobody reads", now-n)
	}
	if _, ok := l.v.Watts(l.key("lab-01")); ok {
		t.Error("a power draw from nowhere")
	}
	l.eventually("the power draw was asked for", func() error {
		if _, by := l.calls(); by["QueryPerf"] != 1 {
			return errors.New("not yet")
		}
		return nil
	})
	if _, ok := l.v.Watts(l.key("lab-01")); ok {
		t.Error("a power draw although the host has no sensor")
	}
}

func TestWatts(t *testing.T) {
	l := newLab(t, 2).ready()
	must(t, l.SetWatts("lab-02", 42))
	t.Cleanup(l.v.Follow(l.key("lab-01")))
	t.Cleanup(l.v.Follow(l.key("lab-02")))
	l.eventually("the power draw", func() error {
		if _, ok := l.v.Watts(l.key("lab-02")); !ok {
			return errors.New("none yet")
		}
		return nil
	})
	if got, _ := l.v.Watts(l.key("lab-02")); got.Draw != 42 {
		t.Errorf("%d W, want 42", got.Draw)
	}
	if _, ok := l.v.Watts(l.key("lab-01")); ok {
		t.Error("a power draw of the VM that has none")
	}
}

// The meter measures once a minute, until five minutes after the last reading.
func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		up := &link{connected: true}
		m := &meter{wanted: newInterest(), link: up, measure: func(context.Context) error { n.Add(1); return nil }}
		go m.run(t.Context())
		expect := func(after time.Duration, want int32) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := n.Load(); got != want {
				t.Errorf("%d measurements, want %d", got, want)
			}
		}
		expect(time.Hour, 0)
		m.wanted.note(time.Now())
		expect(0, 1)
		expect(59*time.Second, 1)
		expect(time.Second, 2)
		expect(time.Hour, 5) // at 0, 1, 2, 3 and 4 minutes
		m.wanted.note(time.Now())
		expect(0, 6)
		up.bad(ErrUnavailable, time.Now())
		expect(5*time.Minute, 6)
	})
}

func TestStatsGrowOld(t *testing.T) {
	m := newMemory(time.Minute, nil)
	key := inventory.Key{VCenter: "v", VM: "a"}
	m.byRef["vm-1"] = &record{vm: inventory.VM{Key: key, Ref: "vm-1"}}
	m.byKey[key] = m.byRef["vm-1"]
	m.follow(key, 1)
	now := time.Now()
	m.setStats(map[string]Stats{"vm-1": {At: now}, "vm-2": {At: now}})
	for _, tt := range []struct {
		age  time.Duration
		want bool
	}{{0, true}, {statsAge - time.Second, true}, {statsAge, false}} {
		if _, ok := m.statsOf(key, now.Add(tt.age)); ok != tt.want {
			t.Errorf("after %v: %v, want %v", tt.age, ok, tt.want)
		}
	}
	m.follow(key, -1)
	if _, ok := m.statsOf(key, now); ok || len(m.stats) != 0 {
		t.Error("kept although nobody follows the VM")
	}
}

func TestFacts(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Edit("lab-01", func(vm *mo.VirtualMachine) {
		vm.Config.Version, vm.Config.GuestFullName = "vmx-21", "VMware ESXi 8.0 or later"
		vm.Guest.GuestFullName = "VMware ESXi 8.0.3"
		vm.Config.Hardware.NumCPU, vm.Config.Hardware.MemoryMB = 4, 16384
	}))
	must(t, l.SetTools("lab-01", true))
	l.ready()
	got, err := l.v.Facts(l.key("lab-01"))
	must(t, err)
	want := Facts{Hardware: "vmx-21", OS: "VMware ESXi 8.0 or later", GuestOS: "VMware ESXi 8.0.3", CPUs: 4, MemoryMB: 16384, Cluster: vspheretest.FirstCluster}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Facts{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	path, err := l.v.Path(t.Context(), l.key("lab-01"))
	must(t, err)
	if path != "/DC0/vm/lab-01" {
		t.Errorf("path %q", path)
	}
	_, before := l.calls()
	if again, err := l.v.Path(t.Context(), l.key("lab-01")); again != path || err != nil {
		t.Errorf("again: %q, %v", again, err)
	}
	if _, now := l.calls(); now["RetrievePropertiesEx"] != before["RetrievePropertiesEx"] {
		t.Error("asked for the folder again")
	}
	if s, err := l.v.State(l.key("lab-01")); err != nil || s.Heartbeat != HeartbeatGreen || s.BootTime.IsZero() {
		t.Errorf("heartbeat %v, booted %v, %v", s.Heartbeat, s.BootTime, err)
	}
	if _, err := l.v.Facts(inventory.Key{VCenter: "no", VM: "no"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("of a VM that does not exist: %v", err)
	}
}
