package gateway

import (
	"errors"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// reconcile makes what is served what the inventory says. An inventory that is
// not known says what it said before: a vCenter that is gone takes no BMC with
// it, and what broke meanwhile is started anew.
func (t *tenant) reconcile(s inventory.Snapshot, err error) {
	t.loop.Lock()
	defer t.loop.Unlock()
	t.pulse.Beat()
	if err == nil && t.asked != t.config() {
		t.compareIn(0) // it was asked for by another selector
		return
	}
	t.noteSource(t.cause(err))
	t.boots.takeUp(t.vc(), t.config().Power.BootRestoreAfter)
	switch {
	case err == nil:
		t.desired = t.guarded(s)
		t.expected.Store(int64(len(t.desired)))
	case !t.known:
		return
	default:
		t.removals.interrupt()
	}
	t.dropFailed()
	t.dropMoved()
	changes := inventory.Diff(t.serving(), t.desired)
	// Removals first: what they free is there for the additions.
	for _, vm := range changes.Remove {
		t.remove(vm)
	}
	for _, c := range changes.Change {
		t.change(c)
	}
	t.vet(t.inTurn(changes.Add))
	for _, vm := range changes.Add {
		t.add(vm)
	}
	t.tendExtras()
	wanted := make(map[inventory.Key]bool, len(t.desired))
	for _, vm := range t.desired {
		wanted[vm.Key] = true
	}
	t.forgetWaiting(wanted)
	t.sweep(wanted)
}

// guarded returns the VMs to serve: those that are selected, and those whose BMC
// is not to go yet.
func (t *tenant) guarded(s inventory.Snapshot) []inventory.VM {
	wanted := t.selected(s.VMs)
	keep, doubt := t.removals.keep(inventory.Answer{At: time.Now(), Have: t.having(), Named: s.VMs, Wanted: wanted})
	if doubt {
		t.compareIn(t.removals.soon())
	}
	return append(wanted, keep...)
}

// having returns the VMs that a complete inventory may take something from: those
// that are served or wait, and those whose address an earlier run left in use.
func (t *tenant) having() []inventory.VM {
	out := t.serving()
	seen := make(map[inventory.Key]bool, len(out))
	for _, vm := range out {
		seen[vm.Key] = true
	}
	t.mu.Lock()
	for key, w := range t.waiting {
		if !seen[key] {
			seen[key] = true
			out = append(out, w.vm)
		}
	}
	t.mu.Unlock()
	if t.swept {
		return out
	}
	for _, l := range t.lender.leased() {
		if !seen[l.Key] && t.claims.has(l.Key, t.config().Name) {
			out = append(out, leased(l))
		}
	}
	return out
}

func (t *tenant) selected(vms []inventory.VM) []inventory.VM {
	var out []inventory.VM
	for _, vm := range vms {
		if t.config().Select.Match(vm) {
			out = append(out, vm)
		}
	}
	return out
}

func (t *tenant) serving() []inventory.VM {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]inventory.VM, 0, len(t.endpoints))
	for _, ep := range t.endpoints {
		out = append(out, ep.vm())
	}
	return out
}

// add starts an endpoint. One that cannot start waits, and is tried again with
// every reconcile.
func (t *tenant) add(vm inventory.VM) {
	t.pulse.Beat()
	err := t.full()
	if err == nil {
		err = t.claims.take(vm.Key, t.config().Name)
	}
	var ep *endpoint
	if err == nil {
		ep, err = t.start(vm)
	}
	defer t.setAccounts(vm.Key) // they may have changed while it started
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		before, waits := t.waiting[vm.Key]
		if !waits || before.err.Error() != err.Error() {
			t.log.Error("BMC cannot start", "name", vm.Name, "vm", vm.Key.VM, "error", err)
			t.tell(startFailure(err), vm, "BMC cannot start: %v", err)
			before.since = time.Now()
		}
		t.waiting[vm.Key] = waiting{vm: vm, err: err, since: before.since}
		return
	}
	delete(t.waiting, vm.Key)
	t.endpoints[vm.Key] = ep
	t.tell(admin.Info, vm, "BMC ready at %s", ep.lease.Address)
	t.log.Info("BMC ready", "bmc", ep)
}

// remove stops an endpoint and gives its VM up.
func (t *tenant) remove(vm inventory.VM) {
	t.pulse.Beat()
	ep := t.takeOut(vm.Key)
	ep.undo.run()
	t.logIf(t.giveUp(vm.Key), "holding the lease failed", ep)
	t.tell(admin.Info, vm, "BMC removed from %s", ep.lease.Address)
	t.log.Info("BMC removed", "bmc", ep)
}

// giveUp is for a VM that the tenant does not want any more. Its lease is held.
func (t *tenant) giveUp(key inventory.Key) error {
	err := t.lender.release(key, time.Now())
	t.claims.drop(key, t.config().Name)
	return err
}

func (t *tenant) takeOut(key inventory.Key) *endpoint {
	t.mu.Lock()
	defer t.mu.Unlock()
	ep := t.endpoints[key]
	delete(t.endpoints, key)
	return ep
}

// change keeps a renamed, moved or re-registered VM where it is, unless it needs a
// new BMC.
func (t *tenant) change(c inventory.Change) {
	t.pulse.Beat()
	if why := t.renews(c); why != "" {
		ep := t.takeOut(c.To.Key)
		ep.undo.run()
		t.tell(admin.Info, c.To, "%s, starting the BMC anew", why)
		t.log.Info(why+", starting the BMC anew", "bmc", ep)
		t.add(c.To)
		return
	}
	t.mu.Lock()
	ep := t.endpoints[c.To.Key]
	t.mu.Unlock()
	ep.now.Store(&c.To)
	if c.From.Name != c.To.Name {
		_, _, err := t.lender.lease(c.To, t.pinned(c.To), time.Now())
		t.logIf(err, "noting the new name failed", ep)
		t.tell(admin.Info, c.To, "VM renamed, it was %q", c.From.Name)
		t.log.Info("VM renamed", "bmc", ep, "from", c.From.Name)
	}
}

// dropFailed stops endpoints whose socket broke, so that they are started anew.
func (t *tenant) dropFailed() {
	t.mu.Lock()
	var failed []*endpoint
	for key, ep := range t.endpoints {
		if ep.failed() != nil {
			failed = append(failed, ep)
			delete(t.endpoints, key)
		}
	}
	t.mu.Unlock()
	for _, ep := range failed {
		t.pulse.Beat()
		t.tell(admin.Failure, ep.vm(), "BMC failed, starting it anew: %v", ep.failed())
		t.log.Error("BMC failed, starting it anew", "bmc", ep, "error", ep.failed())
		ep.undo.run()
	}
}

// dropMoved stops endpoints whose VM an operator has given another address, so that
// they are started there.
func (t *tenant) dropMoved() {
	t.mu.Lock()
	var moved []*endpoint
	for key, ep := range t.endpoints {
		if a, ok := ep.pool.current(key); !ok || a != ep.lease.Address {
			moved = append(moved, ep)
			delete(t.endpoints, key)
		}
	}
	t.mu.Unlock()
	for _, ep := range moved {
		t.pulse.Beat()
		t.log.Info("another address, starting the BMC anew", "bmc", ep)
		ep.undo.run()
	}
}

// forgetWaiting gives up the VMs that wait and are not wanted any more.
func (t *tenant) forgetWaiting(wanted map[inventory.Key]bool) {
	var gone []waiting
	t.mu.Lock()
	for key, w := range t.waiting {
		if !wanted[key] {
			gone = append(gone, w)
			delete(t.waiting, key)
		}
	}
	t.mu.Unlock()
	for _, w := range gone {
		t.pulse.Beat()
		if err := t.giveUp(w.vm.Key); err != nil {
			t.log.Warn("holding the lease failed", "name", w.vm.Name, "vm", w.vm.Key.VM, "error", err)
		}
	}
}

// sweep ends, once, what an earlier run left behind: the leases in use of VMs
// that are not selected any more, and addresses with our mark that no lease
// explains. It waits for the first complete inventory, so that a restart takes
// no address from a VM that still has its BMC.
func (t *tenant) sweep(wanted map[inventory.Key]bool) {
	if t.swept {
		return
	}
	var problems []error
	for _, l := range t.lender.leased() {
		if !wanted[l.Key] || !t.claims.has(l.Key, t.config().Name) {
			t.pulse.Beat()
			problems = append(problems, t.giveUp(l.Key))
		}
	}
	problems = append(problems, t.lender.sweep())
	err := errors.Join(problems...)
	t.swept = err == nil
	if err != nil && err.Error() != t.unswept { // it is tried with every reconcile, and told once
		t.unswept = err.Error()
		t.log.Warn("cleaning up after an earlier run", "error", err)
	}
}
