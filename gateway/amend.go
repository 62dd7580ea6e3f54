package gateway

import (
	"reflect"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// amend changes how the tenant is configured, under its BMCs as far as that can be:
// their sessions go on, but for those of accounts that have changed. reopen opens
// them anew where they are, which ends their sessions and keeps their addresses. It
// returns how many sessions it has ended of accounts.
func (t *tenant) amend(c Tenant, reopen bool) (closed int) {
	t.loop.Lock()
	defer t.loop.Unlock()
	before := t.config()
	t.removals.amend(c)
	t.lender.most = c.MaxAddresses
	if reopen {
		t.sessions = sessionLimit(c)
	} else if q, ok := t.sessions.(*bmc.Quota); ok {
		q.SetAccounts(len(c.Accounts))
	}
	t.conf.Store(&c)
	for _, ep := range t.present() {
		vm := ep.vm()
		t.pulse.Beat()
		if before.pinned(vm) != c.pinned(vm) {
			t.takeOut(vm.Key).undo.run()
			t.log.Info("pinned otherwise, starting the BMC anew", "bmc", ep)
			continue // with the next reconcile, which is soon
		}
		t.boots.of(vm.Key, t.vc(), c)
		if reopen {
			t.reopen(ep)
			continue
		}
		closed += t.readmit(ep, before)
	}
	t.compareIn(0)
	return closed
}

// present returns the endpoints that there are.
func (t *tenant) present() []*endpoint {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]*endpoint, 0, len(t.endpoints))
	for _, ep := range t.endpoints {
		out = append(out, ep)
	}
	return out
}

// readmit tells a BMC who may log in now, and from where.
func (t *tenant) readmit(ep *endpoint, before *Tenant) (closed int) {
	c := t.config()
	if !slices.Equal(before.AllowFrom, c.AllowFrom) {
		t.logIf(ep.bmc.SetAllowFrom(c.AllowFrom), "changing the allowed sources failed", ep)
	}
	if !reflect.DeepEqual(before.Accounts, c.Accounts) || before.Register.VCenter != c.Register.VCenter {
		closed = t.setAccounts(ep.vm().Key)
	}
	return closed
}

// reopen starts the BMC anew at its address, which stays where it is meanwhile. One
// that cannot be opened waits.
func (t *tenant) reopen(old *endpoint) {
	vm := old.vm()
	ep := &endpoint{since: time.Now(), lease: old.lease, pool: old.pool, mac: old.mac}
	ep.now.Store(&vm)
	ep.undo = old.undo.keep(1) // the address
	old.undo.run()
	err := t.listen(ep)
	defer t.setAccounts(vm.Key) // they may have changed meanwhile
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		ep.undo.run()
		delete(t.endpoints, vm.Key)
		t.waiting[vm.Key] = waiting{vm: vm, err: err, since: time.Now()}
		t.log.Error("BMC cannot start", "name", vm.Name, "vm", vm.Key.VM, "error", err)
		return
	}
	t.endpoints[vm.Key] = ep
}

// amend goes on with another guard and another selector. What only the selector
// does not want any more is the operator's wish, however much it is.
func (r *removals) amend(c Tenant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !sameSelection(r.sel, c.Select) {
		r.sel, r.reselected, r.unsaved = c.Select, true, true
	}
	r.guard = c.Guard
	r.absences.SetGuard(c.Guard)
}

// forget gives up all VMs of a tenant that is not configured any more.
func (c *claims) forget(tenant string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, owner := range c.owner {
		if owner == tenant {
			delete(c.owner, key)
		}
	}
}
