package gateway

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// Removals returns what the deletion guards hold, a set for each tenant that has
// any, sorted by tenant.
func (g *Gateway) Removals() []admin.Removals {
	var out []admin.Removals
	for _, t := range g.served() {
		if set := t.heldRemovals(); len(set.BMCs) > 0 {
			out = append(out, set)
		}
	}
	slices.SortFunc(out, func(a, b admin.Removals) int { return cmp.Compare(a.Tenant, b.Tenant) })
	return out
}

// ConfirmRemovals has the removals of a set carried out, and returns how many they
// are. The error is admin.ErrNoRemovals for a tenant that holds none and
// admin.ErrChanged for another set than the one that is held now.
func (g *Gateway) ConfirmRemovals(tenant, id string, by admin.Caller) (int, error) {
	for _, t := range g.served() {
		if t.config().Name != tenant {
			continue
		}
		n, err := t.removals.confirm(id)
		t.operator(by, "", "", "removals confirm "+id, err)
		if err == nil {
			t.log.Info("removals are confirmed", "set", id, "bmcs", n)
			t.compareIn(0)
		}
		return n, err
	}
	return 0, fmt.Errorf("tenant %q: %w", tenant, admin.ErrNoRemovals)
}

// confirm marks what is held now, if that is the set with the id.
func (r *removals) confirm(id string) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch now := setID(r.held); {
	case len(r.held) == 0:
		return 0, fmt.Errorf("tenant %q: %w", r.tenant, admin.ErrNoRemovals)
	case now != id:
		return 0, fmt.Errorf("tenant %q: set %q: %w: it holds %d, set %s", r.tenant, id, admin.ErrChanged, len(r.held), now)
	}
	for key, one := range r.held {
		one.Confirmed = true
		r.held[key] = one
	}
	return r.absences.Confirm(), nil
}

// setID names exactly the VMs of a set: when one joins or leaves, it is another.
func setID(held map[inventory.Key]inventory.Absence) string {
	keys := make([]string, 0, len(held))
	for key := range held {
		keys = append(keys, key.String())
	}
	slices.Sort(keys)
	sum := sha256.New()
	for _, key := range keys {
		_, _ = io.WriteString(sum, key+"\n")
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:4])
}

// heldRemovals returns what the tenant's guard holds.
func (t *tenant) heldRemovals() admin.Removals {
	r, guard := t.removals, t.config().Guard
	r.mu.Lock()
	set := admin.Removals{Tenant: t.config().Name, ID: setID(r.held), Of: r.all}
	held := make([]inventory.Absence, 0, len(r.held))
	for _, one := range r.held {
		held = append(held, one)
	}
	r.mu.Unlock()
	addresses := make(map[inventory.Key]netip.Addr)
	for _, l := range t.lender.leased() {
		addresses[l.Key] = l.Address
	}
	for _, one := range held {
		b := admin.Removal{
			Name: one.VM.Name, InstanceUUID: one.VM.Key.VM, Address: addresses[one.VM.Key],
			Reason: absent(one), Since: one.Held, Confirmed: one.Confirmed,
		}
		if guard.Hold > 0 {
			b.Until = one.Held.Add(guard.Hold)
		}
		set.BMCs = append(set.BMCs, b)
	}
	slices.SortFunc(set.BMCs, func(a, b admin.Removal) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.InstanceUUID, b.InstanceUUID))
	})
	return set
}

// absent says why a BMC is not wanted any more.
func absent(one inventory.Absence) string {
	if one.Named {
		return "the VM is not selected any more"
	}
	return "vCenter does not name the VM any more"
}

// hold shows in a BMC's report that its removal is held.
func (t *tenant) hold(b *admin.BMC, key inventory.Key) {
	one, held := t.removals.isHeld(key)
	if !held {
		return
	}
	why := absent(one) + "; its removal is held until it is confirmed with \"bmc-gateway removals\" or it is back"
	if t.config().Guard.Hold > 0 {
		why += ", or until " + one.Held.Add(t.config().Guard.Hold).UTC().Format(time.RFC3339)
	}
	if b.Reason != "" {
		why += "; it does not answer: " + b.Reason
	}
	b.State, b.Reason, b.Since = admin.Held, why, one.Held
}
