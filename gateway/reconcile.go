package gateway

import (
	"errors"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// reconcile makes what is served what the inventory says. An inventory that is
// not known changes nothing: a vCenter that is gone takes no BMC with it.
func (t *tenant) reconcile(s inventory.Snapshot, err error) {
	t.noteSource(err)
	if err != nil {
		return
	}
	t.dropFailed()
	desired := t.selected(s.VMs)
	changes := inventory.Diff(t.serving(), desired)
	// Removals first: what they free is there for the additions.
	for _, vm := range changes.Remove {
		t.remove(vm)
	}
	for _, c := range changes.Change {
		t.change(c)
	}
	for _, vm := range changes.Add {
		t.add(vm)
	}
	t.forgetWaiting(desired)
	t.sweep(desired)
}

func (t *tenant) selected(vms []inventory.VM) []inventory.VM {
	var out []inventory.VM
	for _, vm := range vms {
		if t.config.Select.Match(vm) {
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
		out = append(out, ep.vm)
	}
	return out
}

// add starts an endpoint. One that cannot start waits, and is tried again with
// every reconcile.
func (t *tenant) add(vm inventory.VM) {
	ep, err := t.start(vm)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		before, waits := t.waiting[vm.Key]
		if !waits || before.err.Error() != err.Error() {
			t.log.Error("BMC cannot start", "name", vm.Name, "vm", vm.Key.VM, "error", err)
			before.since = time.Now()
		}
		t.waiting[vm.Key] = waiting{vm: vm, err: err, since: before.since}
		return
	}
	delete(t.waiting, vm.Key)
	t.endpoints[vm.Key] = ep
	t.log.Info("BMC ready", "bmc", ep)
}

// remove stops an endpoint; its lease is held.
func (t *tenant) remove(vm inventory.VM) {
	ep := t.takeOut(vm.Key)
	ep.undo.run()
	t.log.Info("BMC removed", "bmc", ep)
}

func (t *tenant) takeOut(key inventory.Key) *endpoint {
	t.mu.Lock()
	defer t.mu.Unlock()
	ep := t.endpoints[key]
	delete(t.endpoints, key)
	return ep
}

// change keeps a renamed, moved or re-registered VM where it is. Only another
// BIOS UUID needs a new BMC, because sessions carry it.
func (t *tenant) change(c inventory.Change) {
	if c.From.BIOSUUID != c.To.BIOSUUID {
		t.remove(c.From)
		t.add(c.To)
		return
	}
	t.mu.Lock()
	ep := t.endpoints[c.To.Key]
	ep.vm = c.To
	t.mu.Unlock()
	if c.From.Name != c.To.Name {
		_, err := t.pool.lease(c.To, t.config.Name, time.Now())
		t.logIf(err, "noting the new name failed", ep)
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
		t.log.Error("BMC failed, starting it anew", "bmc", ep, "error", ep.failed())
		ep.undo.run()
	}
}

func (t *tenant) forgetWaiting(desired []inventory.VM) {
	wanted := make(map[inventory.Key]bool, len(desired))
	for _, vm := range desired {
		wanted[vm.Key] = true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.waiting {
		if !wanted[key] {
			delete(t.waiting, key)
		}
	}
}

// sweep ends, once, what an earlier run left behind: the leases in use of VMs
// that are not selected any more, and addresses with our mark that no lease
// explains. It waits for the first complete inventory, so that a restart takes
// no address from a VM that still has its BMC.
func (t *tenant) sweep(desired []inventory.VM) {
	if t.swept {
		return
	}
	wanted := make(map[inventory.Key]bool, len(desired))
	for _, vm := range desired {
		wanted[vm.Key] = true
	}
	var problems []error
	for _, l := range t.pool.leased(t.config.Name) {
		if !wanted[l.Key] {
			problems = append(problems, t.pool.release(l.Key, time.Now()))
		}
	}
	problems = append(problems, t.pool.sweep())
	if err := errors.Join(problems...); err != nil {
		t.log.Warn("cleaning up after an earlier run", "error", err)
		return // again with the next reconcile
	}
	t.swept = true
}

// noteSource logs the loss and the return of the inventory, once each. That it
// is not known yet at the start is nothing to warn of.
func (t *tenant) noteSource(err error) {
	before := t.unknown
	t.unknown = err
	switch {
	case err == nil && !t.known:
		t.known = true
		t.log.Info("inventory known")
	case err == nil && before != nil:
		t.log.Info("inventory known again")
	case err == nil || before != nil && before.Error() == err.Error():
	case t.known:
		t.log.Warn("inventory unknown, serving what is served", "error", err)
	case before == nil:
		t.log.Info("inventory not known yet", "error", err)
	default:
		t.log.Warn("inventory not known yet", "error", err)
	}
}
