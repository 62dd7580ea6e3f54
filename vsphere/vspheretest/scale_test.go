package vspheretest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// TestThousandVMs is about orders of magnitude: the simulator's own collector
// takes half a second for one change and most of a minute for a burst.
func TestThousandVMs(t *testing.T) {
	if testing.Short() {
		t.Skip("1,000 VMs take seconds")
	}
	const vms = 1000
	began := time.Now()
	v := start(t, vspheretest.Config{VMs: vms})
	t.Logf("%d VMs started in %v", vms, time.Since(began))
	w := newWatch(t, login(t, v))
	f := w.filter(t, vmView(t, w.c, w.c.ServiceContent.RootFolder), "name", "parent", "config.template", "config.uuid",
		"config.instanceUuid", "config.firmware", "config.bootOptions", "customValue", "runtime.powerState",
		"runtime.connectionState", "runtime.host", "runtime.bootTime", "runtime.question", "guest.toolsRunningStatus")
	began = time.Now()
	w.sync(t)
	t.Logf("first sync in %v", time.Since(began))
	if len(w.known[f]) != vms {
		t.Fatalf("%d VMs known, want %d", len(w.known[f]), vms)
	}
	uuids := make(map[any]bool)
	for _, props := range w.known[f] {
		uuids[props["config.instanceUuid"]], uuids[props["config.uuid"]] = true, true
	}
	if len(uuids) != 2*vms {
		t.Errorf("%d different UUIDs, want %d", len(uuids), 2*vms)
	}

	soonest := time.Hour
	ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: v.Ref("vc-vm-500")}
	for _, to := range []types.VirtualMachinePowerState{off, on, off} { // a machine may be busy with something else, but not each time
		began = time.Now()
		must(t, v.SetPower("vc-vm-500", to))
		w.until(t, "vc-vm-500 is "+string(to), func() bool { return w.known[f][ref]["runtime.powerState"] == to })
		soonest = min(soonest, time.Since(began))
	}
	if t.Logf("a power change arrived in %v", soonest); soonest > time.Second {
		t.Errorf("a power change took %v to arrive, want within a second", soonest)
	}

	began = time.Now()
	for n := range 200 {
		must(t, v.SetPower(fmt.Sprintf("vc-vm-%02d", n+1), off))
	}
	w.until(t, "201 VMs are off", func() bool {
		n := 0
		for _, props := range w.known[f] {
			if props["runtime.powerState"] == off {
				n++
			}
		}
		return n == 201
	})
	t.Logf("200 power changes arrived in %v", time.Since(began))
}
