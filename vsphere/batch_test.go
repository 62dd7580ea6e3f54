package vsphere

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

const manyMethod = "PowerOnMultiVM_Task"

// crowded lets one command through at a time, slowly, so that the rest pile up.
func crowded(c *Config) {
	c.Limits = Limits{Rate: 4, Burst: 1, BatchFrom: 4, Wait: 10 * time.Second}
}

// startAll powers all VMs on at once, each as a command of the tenant, and returns
// what each of them got, by name.
func (l *lab) startAll(tenant string) map[string]error {
	l.t.Helper()
	vms, err := l.v.List(l.t.Context())
	must(l.t, err)
	results := make(map[string]error, len(vms))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, vm := range vms {
		wg.Go(func() {
			err := l.v.PowerOn(NewCommand(tenant).In(l.t.Context()), vm.Key)
			mu.Lock()
			defer mu.Unlock()
			results[vm.Name] = err
		})
	}
	wg.Wait()
	return results
}

// allOff powers all VMs off behind vCenter's back.
func (l *lab) allOff(vms int) {
	l.t.Helper()
	for n := range vms {
		must(l.t, l.SetPower(fmt.Sprintf("lab-%02d", n+1), types.VirtualMachinePowerStatePoweredOff))
	}
	l.sees(fmt.Sprintf("lab-%02d", vms), PoweredOff)
}

func TestManyPowerOnsGoTogether(t *testing.T) {
	const vms = 20
	l := newLab(t, vms).ready(crowded)
	l.allOff(vms)
	must(t, l.SetPower("lab-07", types.VirtualMachinePowerStatePoweredOn)) // already so: no error
	l.ResetCalls()
	for name, err := range l.startAll("acme") {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		l.sees(name, PoweredOn)
	}
	calls := l.Calls()
	if many, single := calls[manyMethod], calls["PowerOnVM_Task"]; many < 1 || many+single > 4 {
		t.Errorf("%d batches and %d single power-ons for %d VMs", many, single, vms)
	}
	for _, id := range l.OperationIDs(manyMethod) {
		if !strings.HasPrefix(id, "bmc-gateway-acme-") || !strings.HasSuffix(id, "-"+manyMethod) {
			t.Errorf("operation id %q", id)
		}
	}
}

// Each VM of a batch has its own fate.
func TestBatchTellsEachVM(t *testing.T) {
	const vms = 12
	l := newLab(t, vms).ready(crowded, func(c *Config) { c.Limits.BatchFrom = 2 })
	l.allOff(vms)
	// None goes by itself: the first finds the bucket empty.
	must(t, l.v.PowerOff(t.Context(), l.key("lab-01")))
	inject := func(vm, method string, f types.BaseMethodFault) {
		l.Inject(vspheretest.Fault{Method: method, VM: vm, InTask: true, Fault: f})
	}
	inject("lab-02", manyMethod, &types.NoCompatibleHost{})
	inject("lab-03", manyMethod, &types.NoPermission{})
	inject("lab-04", "PowerOnVM_Task", &types.FileLocked{})
	inject("lab-05", manyMethod, &types.InsufficientResourcesFault{})
	want := map[string]error{"lab-02": ErrState, "lab-03": ErrDenied, "lab-04": ErrFailed, "lab-05": ErrState}
	l.ResetCalls()
	for name, err := range l.startAll("acme") {
		if !errors.Is(err, want[name]) {
			t.Errorf("%s: %v, want %v", name, err, want[name])
		}
	}
	if c := l.Calls(); c[manyMethod] == 0 || c["PowerOnVM_Task"] != 0 {
		t.Errorf("%d batches and %d single power-ons, want one batch or two", c[manyMethod], c["PowerOnVM_Task"])
	}
}

// Where batches are no good VMs are started one by one, and batches left alone for
// a while.
func TestBatchFallsBack(t *testing.T) {
	tests := map[string]func(l *lab){
		"DRS is manual":   func(l *lab) { l.SetManualDRS(true) },
		"no such method":  func(l *lab) { l.Inject(vspheretest.Fault{Method: manyMethod, Fault: &types.MethodNotFound{}}) },
		"not implemented": func(l *lab) { l.Inject(vspheretest.Fault{Method: manyMethod, Fault: &types.NotImplemented{}}) },
		"folder cannot be read": func(l *lab) {
			l.Inject(vspheretest.Fault{Method: "RetrievePropertiesEx", Fault: &types.NoPermission{}, Times: 1})
		},
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			const vms = 8
			l := newLab(t, vms).ready(func(c *Config) {
				c.Limits = Limits{Rate: 1000, Burst: 1, AtOnce: 1, BatchFrom: 2, Wait: 10 * time.Second}
			})
			l.allOff(vms)
			spoil(l)
			l.ResetCalls()
			for name, err := range l.startAll("acme") {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				l.sees(name, PoweredOn)
			}
			if c := l.Calls(); c["PowerOnVM_Task"] == 0 {
				t.Errorf("calls %v, want single power-ons", c)
			}
		})
	}
}

// A whole-vCenter fault is everybody's.
func TestBatchIsRefused(t *testing.T) {
	const vms = 6
	l := newLab(t, vms).ready(crowded, func(c *Config) { c.Limits.BatchFrom = 2 })
	l.allOff(vms)
	must(t, l.v.PowerOff(t.Context(), l.key("lab-01")))
	l.Inject(vspheretest.Fault{Method: manyMethod, Fault: &types.NotEnoughLicenses{}})
	for name, err := range l.startAll("acme") {
		if !errors.Is(err, ErrState) {
			t.Errorf("%s: %v, want ErrState", name, err)
		}
	}
}

func TestOutcomeOf(t *testing.T) {
	vm := types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-1"}
	other := types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-2"}
	tests := []struct {
		name   string
		result types.ClusterPowerOnVmResult
		task   bool
		alone  bool
		err    error
	}{
		{"attempted with a task", types.ClusterPowerOnVmResult{Attempted: []types.ClusterAttemptedVmInfo{{Vm: other}, {Vm: vm, Task: &someTask}}}, true, false, nil},
		{"attempted without", types.ClusterPowerOnVmResult{Attempted: []types.ClusterAttemptedVmInfo{{Vm: vm}}}, false, false, nil},
		{"only recommended", types.ClusterPowerOnVmResult{Recommendations: []types.ClusterRecommendation{{}}}, false, true, nil},
		{"not attempted, in words", types.ClusterPowerOnVmResult{NotAttempted: []types.ClusterNotAttemptedVmInfo{{Vm: vm}}}, false, false, ErrFailed},
		{"left out", types.ClusterPowerOnVmResult{Attempted: []types.ClusterAttemptedVmInfo{{Vm: other}}}, false, false, ErrFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := outcomeOf(vm, &tt.result)
			if (o.task != nil) != tt.task || o.alone != tt.alone || !errors.Is(o.err, tt.err) {
				t.Errorf("got %+v", o)
			}
		})
	}
}

// VMs of different datacenters go in different calls.
func TestBatchByDatacenter(t *testing.T) {
	v := &VCenter{places: newDatacenters()}
	dc := func(n int) types.ManagedObjectReference {
		return types.ManagedObjectReference{Type: "Datacenter", Value: fmt.Sprint("datacenter-", n)}
	}
	var tickets []*ticket
	for n := range 9 {
		folder := place{"vc", fmt.Sprint("group-v", n%3)}
		v.places.note(folder, dc(n%3))
		tickets = append(tickets, &ticket{vm: &startable{folder: folder}, outcome: make(chan outcome, 1)})
	}
	v.places.oneByOne(dc(2))
	sorted := v.byDatacenter(t.Context(), time.Time{}, tickets)
	if len(sorted) != 2 || !slices.Equal(sorted[dc(0)], []*ticket{tickets[0], tickets[3], tickets[6]}) ||
		!slices.Equal(sorted[dc(1)], []*ticket{tickets[1], tickets[4], tickets[7]}) {
		t.Errorf("got %v", sorted)
	}
	for _, n := range []int{2, 5, 8} {
		if o := <-tickets[n].outcome; !o.alone {
			t.Errorf("ticket %d: %+v, want it to go alone", n, o)
		}
	}
}

// A batch goes no later than the most urgent of its VMs allows. Those that may wait,
// above all the start that ends a power cycle, are not refused with it.
func TestBatchTooLateForOne(t *testing.T) {
	l := newLab(t, 2).ready()
	l.allOff(2)
	places := make(map[string]*ticket)
	for name, by := range map[string]time.Time{"lab-01": {}, "lab-02": time.Now()} {
		key := l.key(name)
		vm, _, err := l.v.target(key)
		must(t, err)
		places[name] = &ticket{command: NewCommand("acme"), by: by, vm: l.v.startable(key, vm), outcome: make(chan outcome, 1)}
		_, err = l.v.datacenter(t.Context(), places[name].vm.folder)
		must(t, err)
	}
	l.v.dispatcher.mu.Lock()
	l.v.dispatcher.inFlight++
	l.v.dispatcher.mu.Unlock()
	l.v.startMany(t.Context(), []*ticket{places["lab-01"], places["lab-02"]})
	if o := places["lab-01"].hear(t.Context()); !o.alone {
		t.Errorf("the one that may wait: %v, want it started alone", o.err)
	}
	if o := places["lab-02"].hear(t.Context()); o.alone || !errors.Is(o.err, ErrBusy) {
		t.Errorf("the one that is too late: %v, want ErrBusy", o.err)
	}
}
