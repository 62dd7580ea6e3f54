package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// A scope is a VM of a tenant or, with a zero key, all of the tenant's.
type scope struct {
	tenant string
	vm     inventory.Key
}

// maintenances are the tenants and VMs in maintenance. What is over by the clock is
// over at once, whether it is forgotten already or not.
type maintenances struct {
	store *store.Store
	log   *slog.Logger
	due   due

	mu  sync.Mutex // of changes
	all atomic.Pointer[map[scope]store.Maintenance]
}

func newMaintenances(st *store.Store, log *slog.Logger, left []store.Maintenance) *maintenances {
	m := &maintenances{store: st, log: log, due: newDue()}
	all := make(map[scope]store.Maintenance)
	for _, one := range left {
		all[scope{one.Tenant, one.Key}] = one
	}
	m.all.Store(&all)
	return m
}

// of returns the maintenance that a BMC is in: its own or its tenant's, of two the
// silent one. It is called for each packet.
func (m *maintenances) of(tenant string, vm inventory.Key) (store.Maintenance, bool) {
	all := *m.all.Load()
	if len(all) == 0 {
		return store.Maintenance{}, false
	}
	now := time.Now()
	own, in := all[scope{tenant, vm}]
	in = in && !over(own, now)
	if whole, also := all[scope{tenant: tenant}]; also && !over(whole, now) && (!in || whole.Silent) {
		return whole, true
	}
	return own, in
}

func over(m store.Maintenance, now time.Time) bool { return !m.Until.IsZero() && !now.Before(m.Until) }

// mode is what the BMC does meanwhile.
func (m *maintenances) mode(tenant string, vm inventory.Key) bmc.Mode {
	switch one, in := m.of(tenant, vm); {
	case !in:
		return bmc.Normal
	case one.Silent:
		return bmc.Silent
	default:
		return bmc.ReadOnly
	}
}

// set begins a maintenance, in place of an earlier one.
func (m *maintenances) set(one store.Maintenance) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.store.PutMaintenance(one); err != nil {
		return err
	}
	all := maps.Clone(*m.all.Load())
	all[scope{one.Tenant, one.Key}] = one
	m.all.Store(&all)
	m.due.changed()
	return nil
}

// end ends one; false when there is none, or another than is meant: one that an
// operator has begun anew since. What cannot be stored has not happened.
func (m *maintenances) end(s scope, meant func(store.Maintenance) bool) (store.Maintenance, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := maps.Clone(*m.all.Load())
	one, in := all[s]
	if !in || !meant(one) {
		return one, false, nil
	}
	if err := m.store.DeleteMaintenance(one); err != nil {
		return one, true, err
	}
	delete(all, s)
	m.all.Store(&all)
	return one, true, nil
}

// run forgets what is over, until ctx ends.
func (m *maintenances) run(ctx context.Context) { m.due.run(ctx, m.step) }

func (m *maintenances) step(now time.Time) (next time.Time) {
	for s, one := range *m.all.Load() {
		if over(one, now) {
			_, ended, err := m.end(s, func(one store.Maintenance) bool { return over(one, now) })
			if ended && err == nil {
				m.log.Info("maintenance is over", "tenant", one.Tenant, "name", one.VM)
			}
			if err == nil {
				continue // of one that was begun anew tells due.changed
			}
			m.log.Warn("forgetting a maintenance that is over failed", "tenant", one.Tenant, "name", one.VM, "error", err)
		}
		if !one.Until.IsZero() && (next.IsZero() || one.Until.Before(next)) {
			next = one.Until
		}
	}
	return next
}

// errMaintenance is a power action of a BMC that is in maintenance.
var errMaintenance = fmt.Errorf("the BMC is in maintenance: %w", ipmi.NodeBusy)

// inMaintenance returns why no power action may begin on a VM, or nil.
func (t *tenant) inMaintenance(vm inventory.Key) error {
	if t.maintenance.mode(t.config().Name, vm) != bmc.Normal {
		return errMaintenance
	}
	return nil
}

// maintain shows in a BMC's report that it is in maintenance.
func (t *tenant) maintain(b *admin.BMC, key inventory.Key) {
	one, in := t.maintenance.of(t.config().Name, key)
	if !in {
		return
	}
	told := toldMaintenance(one)
	b.Maintenance = &told
	if b.State == admin.Ready {
		b.State, b.Since = admin.Maintained, told.Since
	}
	b.Reason = cmp.Or(b.Reason, told.Reason)
}

// Maintenance returns what is in maintenance, sorted by tenant and VM.
func (g *Gateway) Maintenance() []admin.Maintenance {
	var out []admin.Maintenance
	now := time.Now()
	for _, one := range *g.maintained().all.Load() {
		if !over(one, now) {
			out = append(out, toldMaintenance(one))
		}
	}
	slices.SortFunc(out, func(a, b admin.Maintenance) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.VM, b.VM), cmp.Compare(a.InstanceUUID, b.InstanceUUID))
	})
	return out
}

func toldMaintenance(m store.Maintenance) admin.Maintenance {
	return admin.Maintenance{
		Tenant: m.Tenant, VM: m.VM, InstanceUUID: m.Key.VM, Silent: m.Silent, Reason: m.Reason,
		Since: m.Since.UTC(), Until: m.Until.UTC(),
	}
}

// ChangeMaintenance begins or ends a maintenance. It is on the disk when it returns.
func (g *Gateway) ChangeMaintenance(c admin.MaintenanceChange, by admin.Caller) (admin.Maintenance, error) {
	t, err := g.tenant(c.Tenant)
	if err != nil {
		return admin.Maintenance{}, err
	}
	m, err := t.changeMaintenance(c, time.Now())
	word := "maintenance " + map[bool]string{true: "on", false: "off"}[c.On]
	t.operator(by, m.VM, m.InstanceUUID, word, err)
	if err != nil && !errors.Is(err, admin.ErrNotFound) && !errors.Is(err, admin.ErrAmbiguous) {
		err = fmt.Errorf("%w: %w", admin.ErrRefused, err)
	}
	return m, err
}

func (t *tenant) changeMaintenance(c admin.MaintenanceChange, now time.Time) (admin.Maintenance, error) {
	if !c.On {
		return t.endMaintenance(c.Target)
	}
	one := store.Maintenance{Tenant: c.Tenant, Silent: c.Silent, Reason: c.Reason, Since: now}
	if c.Seconds > 0 {
		one.Until = now.Add(time.Duration(c.Seconds) * time.Second)
	}
	if c.Target != "" {
		vm, err := t.find(c.Target)
		if err != nil {
			return admin.Maintenance{}, err
		}
		one.Key, one.VM = vm.Key, vm.Name
	}
	return toldMaintenance(one), t.maintenance.set(one)
}

// endMaintenance ends that of the tenant as a whole, or of a VM, which may be gone.
func (t *tenant) endMaintenance(target string) (admin.Maintenance, error) {
	name := t.config().Name
	s, found := scope{tenant: name}, target == ""
	for each, one := range *t.maintenance.all.Load() {
		if target != "" && each.tenant == name && (one.VM == target || each.vm.VM == target) {
			s, found = each, true
		}
	}
	if found {
		if one, in, err := t.maintenance.end(s, func(store.Maintenance) bool { return true }); in {
			return toldMaintenance(one), err
		}
	}
	what := "tenant " + name
	if target != "" {
		what = name + "/" + target
	}
	return admin.Maintenance{}, nothing(what + " is not in maintenance of its own")
}
