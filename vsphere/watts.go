package vsphere

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	wattsBatch   = 50 // VMs in one QueryPerf; vCenter refuses more than 64 metrics by default
	realtime     = 20 // seconds a sample covers
	powerCounter = "power.power.average"
)

// Watts is the power a VM draws, as the host's sensors and vSphere share it out.
type Watts struct {
	At   time.Time
	Draw int
}

// Watts returns the VM's power draw of the last measurement; false when there is
// none, as on every host without power sensors. Asking keeps the measurements
// going, as for Stats.
func (v *VCenter) Watts(key inventory.Key) (Watts, bool) {
	v.wattsWanted.note(time.Now())
	return v.memory.wattsOf(key, time.Now())
}

// measureWatts asks vCenter's performance manager for the last sample of each VM
// that is followed.
func (v *VCenter) measureWatts(ctx context.Context) error {
	refs := v.memory.followedRefs()
	c, err := v.operations.acquire(ctx)
	if err != nil || len(refs) == 0 || c.content.PerfManager == nil {
		return err
	}
	counter, err := v.powerCounter(ctx, c)
	if err != nil || counter == 0 {
		return err
	}
	now := time.Now()
	for batch := range slices.Chunk(refs, wattsBatch) {
		req := &types.QueryPerf{This: *c.content.PerfManager}
		for _, ref := range batch {
			req.QuerySpec = append(req.QuerySpec, types.PerfQuerySpec{
				Entity: ref, MaxSample: 1, IntervalId: realtime,
				MetricId: []types.PerfMetricId{{CounterId: counter}},
			})
		}
		res, err := methods.QueryPerf(ctx, v.operations, req)
		if err != nil {
			return err
		}
		v.memory.setWatts(samples(res.Returnval, now))
	}
	return nil
}

// powerCounter looks up the counter's number, which each vCenter gives anew, once.
// 0 is none. Only the meter's goroutine calls it.
func (v *VCenter) powerCounter(ctx context.Context, c *conn) (int32, error) {
	if v.counter.vcenter == c.vcenter {
		return v.counter.id, nil
	}
	objects, err := readProperties(ctx, v.operations, c.content.PropertyCollector,
		[]types.ManagedObjectReference{*c.content.PerfManager}, "perfCounter")
	if err != nil {
		return 0, err
	}
	v.counter.vcenter, v.counter.id = c.vcenter, 0
	list, _ := objects[c.content.PerfManager.Value]["perfCounter"].(types.ArrayOfPerfCounterInfo)
	for _, info := range list.PerfCounterInfo {
		if info.Name() == powerCounter {
			v.counter.id = info.Key
		}
	}
	return v.counter.id, nil
}

// samples returns the last sample by VM. A VM without one is left out, and so is
// the -1 that stands for a sample that is missing.
func samples(results []types.BasePerfEntityMetricBase, now time.Time) map[string]Watts {
	found := make(map[string]Watts)
	for _, r := range results {
		metric, ok := r.(*types.PerfEntityMetric)
		if !ok {
			continue
		}
		for _, series := range metric.Value {
			values, ok := series.(*types.PerfMetricIntSeries)
			if !ok || len(values.Value) == 0 {
				continue
			}
			if last := values.Value[len(values.Value)-1]; last >= 0 {
				found[metric.Entity.Value] = Watts{At: now, Draw: int(last)}
			}
		}
	}
	return found
}

func (m *memory) setWatts(found map[string]Watts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref, w := range found {
		if r := m.byRef[ref]; r != nil && m.followed[r.vm.Key] > 0 {
			m.watts[r.vm.Key] = w
		}
	}
}

func (m *memory) wattsOf(key inventory.Key, now time.Time) (Watts, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	w, ok := m.watts[key]
	return w, ok && now.Sub(w.At) < statsAge
}

// compareRefs puts vm-9 before vm-10.
func compareRefs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
