package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// removals is a tenant's deletion guard: it decides which BMCs go, remembers in
// the state file which removals are held, and hears the operator's word on them.
type removals struct {
	tenant string
	guard  inventory.Guard
	sel    inventory.Selector
	store  *store.Store
	log    *slog.Logger
	event  func(admin.Level, string)

	mu         sync.Mutex
	absences   *inventory.Absences
	held       map[inventory.Key]inventory.Absence
	all        int  // BMCs, with those held
	reselected bool // since the last run, and not all that follows from it is done
	unsaved    bool // the state file says something else
}

// newRemovals goes on where the earlier run stopped. leases are those in use of
// the tenant: what is held can be served from them alone.
func newRemovals(c Tenant, st *store.Store, log *slog.Logger, before *store.Tenant, leases []address.Lease) *removals {
	r := &removals{tenant: c.Name, guard: c.Guard, sel: c.Select, store: st, log: log, event: func(admin.Level, string) {}, held: make(map[inventory.Key]inventory.Absence)}
	var held []inventory.Absence
	if before != nil {
		r.reselected = !sameSelection(before.Selection, c.Select)
		since := make(map[inventory.Key]time.Time)
		for _, h := range before.Held {
			since[h.Key] = h.Since
		}
		for _, l := range leases {
			if at, ok := since[l.Key]; ok {
				held = append(held, inventory.Absence{VM: leased(l), Held: at})
			}
		}
	}
	r.unsaved = before == nil || r.reselected
	r.absences = inventory.NewAbsences(c.Guard, held)
	return r
}

// heldBefore returns what the earlier run has stored of each tenant, by name; those
// that can be read also with an error.
func heldBefore(st *store.Store) (map[string]*store.Tenant, error) {
	all, err := st.Tenants()
	before := make(map[string]*store.Tenant, len(all))
	for _, t := range all {
		before[t.Name] = &t
	}
	return before, err
}

// sameSelection compares as the state file has them: what an older version did not
// know is there as what it is by default.
func sameSelection(a, b inventory.Selector) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// leased is the VM of a lease, as far as the lease knows it.
func leased(l address.Lease) inventory.VM {
	return inventory.VM{Key: l.Key, Name: l.VM, BIOSUUID: l.BIOSUUID}
}

// keep returns the VMs that keep their BMC although a complete answer does not
// want them, and whether another answer is needed soon.
func (r *removals) keep(ans inventory.Answer) (vms []inventory.VM, doubt bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ans.Reselected = r.reselected
	ruling := r.absences.Judge(ans)
	held := make(map[inventory.Key]inventory.Absence, len(ruling.Hold))
	for _, one := range ruling.Hold {
		held[one.VM.Key] = one
		vms = append(vms, one.VM)
	}
	vms = append(vms, ruling.Wait...)
	r.all = len(ans.Have)
	r.tell(held, ruling.Remove)
	r.held = held
	if r.reselected && len(ruling.Wait) == 0 {
		r.reselected, r.unsaved = false, true
	}
	r.save()
	return vms, len(ruling.Wait) > 0
}

// tell logs what has begun to be held, once, and how that ended.
func (r *removals) tell(held map[inventory.Key]inventory.Absence, removed []inventory.VM) {
	gone := 0
	for _, vm := range removed {
		if _, was := r.held[vm.Key]; was {
			gone++
		}
	}
	began := 0
	for key := range held {
		if _, was := r.held[key]; !was {
			began++
		}
	}
	back := len(r.held) + began - len(held) - gone
	r.unsaved = r.unsaved || began+gone+back > 0
	switch {
	case began > 0 && len(r.held) == 0:
		r.event(admin.Warning, fmt.Sprintf("%d of %d BMCs would go: their removal is held", len(held), r.all))
		r.log.Warn("removals are held, their BMCs serve on; look with \"bmc-gateway removals\"", "held", len(held), "of", r.all)
	case began > 0:
		r.log.Info("more removals are held", "held", len(held), "of", r.all)
	}
	if gone > 0 {
		r.event(admin.Info, fmt.Sprintf("%d held removals are carried out", gone))
		r.log.Info("held removals are carried out", "removed", gone, "held", len(held))
	}
	if back > 0 {
		r.event(admin.Info, fmt.Sprintf("%d VMs whose removal was held are back", back))
		r.log.Info("VMs whose removal was held are back", "back", back, "held", len(held))
	}
}

// save writes what changed. While it cannot, it is tried with every answer.
func (r *removals) save() {
	if !r.unsaved || r.reselected {
		return // of what is not done yet the earlier run's word stands
	}
	t := store.Tenant{Name: r.tenant, Selection: r.sel}
	for key, one := range r.held {
		t.Held = append(t.Held, store.HeldRemoval{Key: key, Since: one.Held})
	}
	if err := r.store.PutTenant(t); err != nil {
		r.log.Warn("storing the held removals failed", "error", err)
		return
	}
	r.unsaved = false
}

// interrupt is for an inventory that is not known.
func (r *removals) interrupt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.absences.Interrupt()
}

// soon is when the next answer is needed to be sure of what the last one said.
func (r *removals) soon() time.Duration {
	return max(r.guard.After/time.Duration(max(r.guard.Answers-1, 1)), reconcileInterval)
}

// isHeld returns the held removal of a VM.
func (r *removals) isHeld(key inventory.Key) (inventory.Absence, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one, ok := r.held[key]
	return one, ok
}
