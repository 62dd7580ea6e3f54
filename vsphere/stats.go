package vsphere

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	measureEvery = time.Minute      // between two measurements while somebody reads them
	measureFor   = 5 * time.Minute  // after the last reading
	measureAgain = 10 * time.Second // after a measurement that failed
	statsAge     = 3 * measureEvery // older than this nobody vouches for them
)

// Stats are a VM's quick statistics: what it uses of what it has.
type Stats struct {
	At          time.Time // when they were read
	CPUUsage    int       // MHz
	CPUDemand   int       // MHz it would use if nobody else wanted any
	CPUCapacity int       // MHz it could use at most; 0: vCenter does not know
	GuestMemory int       // MB the guest has touched lately
	HostMemory  int       // MB of the host behind it
	MemorySize  int       // MB the guest sees
	Uptime      time.Duration
}

// statPaths is what a measurement reads.
var statPaths = []string{"summary.quickStats", "runtime.maxCpuUsage", "summary.config.memorySizeMB"}

// Follow has the VM measured together with the others, as long as somebody reads
// the statistics of any, and its network cards kept in memory. The function it returns
// ends that.
func (v *VCenter) Follow(key inventory.Key) (stop func()) {
	v.memory.follow(key, 1)
	return sync.OnceFunc(func() { v.memory.follow(key, -1) })
}

// Stats returns the VM's statistics of the last measurement, from memory; false
// when there is none that is fresh enough. Asking keeps the measurements going
// for five minutes: one call a minute for all VMs that are followed.
func (v *VCenter) Stats(key inventory.Key) (Stats, bool) {
	v.statsWanted.note(time.Now())
	return v.memory.statsOf(key, time.Now())
}

// ExpectStats says that somebody is about to read statistics.
func (v *VCenter) ExpectStats() { v.statsWanted.note(time.Now()) }

// interest is when somebody asked last, and wakes who answers.
type interest struct {
	mu   sync.Mutex
	last time.Time
	wake chan struct{} // capacity 1
}

func newInterest() *interest { return &interest{wake: make(chan struct{}, 1)} }

func (i *interest) note(now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	asleep := now.Sub(i.last) >= measureFor
	i.last = now
	if asleep {
		select {
		case i.wake <- struct{}{}:
		default:
		}
	}
}

func (i *interest) within(d time.Duration, now time.Time) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.last.IsZero() && now.Sub(i.last) < d
}

// A meter takes one measurement a minute while there is interest.
type meter struct {
	wanted  *interest
	measure func(context.Context) error
	link    *link
}

func (m *meter) run(ctx context.Context) {
	var next time.Time // the earliest time of the next measurement
	for ctx.Err() == nil {
		now := time.Now()
		if !m.wanted.within(measureFor, now) {
			select {
			case <-ctx.Done():
			case <-m.wanted.wake:
			}
			continue
		}
		if wait := next.Sub(now); wait > 0 {
			pause(ctx, wait)
			continue
		}
		next = now.Add(measureEvery)
		if m.link.check() != nil {
			next = now.Add(measureAgain)
		} else if err := m.measure(ctx); err != nil && ctx.Err() == nil {
			m.link.note(err)
			next = now.Add(measureAgain)
		}
	}
}

// measureStats reads the statistics of every VM that is followed, in one call.
func (v *VCenter) measureStats(ctx context.Context) error {
	refs := v.memory.followedRefs()
	if len(refs) == 0 {
		return nil
	}
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	objects, err := v.readAll(ctx, c, refs, statPaths...)
	if err != nil {
		return err
	}
	found := make(map[string]Stats, len(objects))
	for ref, props := range objects {
		if s, ok := stats(props, now); ok {
			found[ref] = s
		}
	}
	v.memory.setStats(found)
	return nil
}

// readAll reads properties of objects with all pages of the answer.
func (v *VCenter) readAll(ctx context.Context, c *conn, refs []types.ManagedObjectReference, paths ...string) (map[string]map[string]types.AnyType, error) {
	all := false
	spec := types.PropertyFilterSpec{PropSet: []types.PropertySpec{{Type: refs[0].Type, All: &all, PathSet: paths}}}
	for _, ref := range refs {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: ref})
	}
	skip := true
	spec.ReportMissingObjectsInResults = &skip // a VM removed meanwhile must not spoil the others'
	res, err := methods.RetrievePropertiesEx(ctx, v.operations, &types.RetrievePropertiesEx{
		This: c.content.PropertyCollector, SpecSet: []types.PropertyFilterSpec{spec},
	})
	if err != nil || res.Returnval == nil {
		return nil, err
	}
	page := *res.Returnval
	objects := page.Objects
	for page.Token != "" {
		more, err := methods.ContinueRetrievePropertiesEx(ctx, v.operations, &types.ContinueRetrievePropertiesEx{
			This: c.content.PropertyCollector, Token: page.Token,
		})
		if err != nil {
			return nil, err
		}
		page = more.Returnval
		objects = append(objects, page.Objects...)
	}
	return byRef(objects), nil
}

func byRef(list []types.ObjectContent) map[string]map[string]types.AnyType {
	objects := make(map[string]map[string]types.AnyType, len(list))
	for _, o := range list {
		props := make(map[string]types.AnyType, len(o.PropSet))
		for _, p := range o.PropSet {
			props[p.Name] = p.Val
		}
		objects[o.Obj.Value] = props
	}
	return objects
}

// stats reads one VM's; false when vCenter has none of it.
func stats(props map[string]types.AnyType, now time.Time) (Stats, bool) {
	quick, ok := props["summary.quickStats"].(types.VirtualMachineQuickStats)
	return Stats{
		At:          now,
		CPUUsage:    int(quick.OverallCpuUsage),
		CPUDemand:   int(quick.OverallCpuDemand),
		CPUCapacity: whole(props["runtime.maxCpuUsage"]),
		GuestMemory: int(quick.GuestMemoryUsage),
		HostMemory:  int(quick.HostMemoryUsage),
		MemorySize:  whole(props["summary.config.memorySizeMB"]),
		Uptime:      time.Duration(quick.UptimeSeconds) * time.Second,
	}, ok
}

func (m *memory) follow(key inventory.Key, more int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.followed[key] += more; m.followed[key] <= 0 {
		delete(m.followed, key)
		delete(m.stats, key)
		delete(m.watts, key)
	} else if r := m.byKey[key]; r != nil {
		m.card(r, time.Now())
	}
}

// followedRefs returns the VMs that are measured, in order.
func (m *memory) followedRefs() []types.ManagedObjectReference {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var refs []types.ManagedObjectReference
	for key := range m.followed {
		if r := m.byKey[key]; r != nil {
			refs = append(refs, types.ManagedObjectReference{Type: "VirtualMachine", Value: r.vm.Ref})
		}
	}
	slices.SortFunc(refs, func(a, b types.ManagedObjectReference) int { return compareRefs(a.Value, b.Value) })
	return refs
}

func (m *memory) setStats(found map[string]Stats) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ref, s := range found {
		if r := m.byRef[ref]; r != nil && m.followed[r.vm.Key] > 0 {
			m.stats[r.vm.Key] = s
		}
	}
}

func (m *memory) statsOf(key inventory.Key, now time.Time) (Stats, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s, ok := m.stats[key]
	return s, ok && now.Sub(s.At) < statsAge
}
