package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// Leases returns what each address of the pools is good for that was ever given
// away or set aside, sorted by pool and address.
func (g *Gateway) Leases() []admin.Lease {
	var out []admin.Lease
	for _, p := range g.lent() {
		all, now := p.all()
		for _, l := range all {
			out = append(out, p.told(l, now))
		}
	}
	slices.SortFunc(out, func(a, b admin.Lease) int {
		return cmp.Or(cmp.Compare(a.Pool, b.Pool), a.Address.Compare(b.Address))
	})
	return out
}

// told is a lease as an operator sees it: by the wall clock.
func (p *pool) told(l address.Lease, now time.Time) admin.Lease {
	state, until := p.terms().State(l, now)
	wall := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return time.Now().Add(t.Sub(now)).Round(time.Second).UTC()
	}
	out := admin.Lease{
		Tenant: l.Tenant, VM: l.VM, UUID: l.Key.VM, Pool: p.config.Name, Address: l.Address,
		State: state.String(), Until: wall(until), Pinned: l.Pinned, Conflict: wall(l.ConflictAt),
	}
	if l.MAC != (address.MAC{}) {
		out.MAC = l.MAC.String()
	}
	return out
}

// ChangeLease does what an operator asks for. It is on the disk when it returns.
func (g *Gateway) ChangeLease(c admin.LeaseChange, by admin.Caller) (admin.Lease, error) {
	i := slices.IndexFunc(g.served(), func(t *tenant) bool { return t.config().Name == c.Tenant })
	if i < 0 {
		return admin.Lease{}, fmt.Errorf("tenant %q: %w", c.Tenant, admin.ErrNoTenant)
	}
	t := g.served()[i]
	var l admin.Lease
	var err error
	switch c.Verb {
	case admin.ReserveLease:
		l, err = t.reserve(c.Address)
	case admin.ReleaseLease:
		l, err = t.endLease(c.Target)
	case admin.PinLease:
		l, err = t.pin(c.Target, c.Address)
	default:
		err = fmt.Errorf("%w: %q is no change of a lease", admin.ErrRefused, c.Verb)
	}
	if err != nil && !errors.Is(err, admin.ErrNotFound) {
		err = fmt.Errorf("%w: %w", admin.ErrRefused, err)
	}
	t.operator(by, l.VM, l.UUID, leaseCommand(c), err)
	if err == nil {
		t.log.Info("lease changed by an operator", "verb", string(c.Verb), "address", l.Address, "name", l.VM, "state", l.State)
	}
	return l, err
}

// leaseCommand is what the audit calls a change of a lease.
func leaseCommand(c admin.LeaseChange) string {
	words := []string{"lease", string(c.Verb)}
	if c.Target != "" {
		words = append(words, c.Target)
	}
	if c.Address.IsValid() {
		words = append(words, c.Address.String())
	}
	return strings.Join(words, " ")
}

// having returns the tenant's pool that an address is of.
func (d *lender) having(a netip.Addr) (*pool, error) {
	for _, p := range d.pools {
		if p.has(a) {
			return p, nil
		}
	}
	return nil, fmt.Errorf("address %s: in no pool of tenant %q", a, d.tenant)
}

// changed makes a change at an address and tells the lease.
func (d *lender) changed(a netip.Addr, do func(books *address.Pool, now time.Time) error) (admin.Lease, error) {
	p, err := d.having(a)
	if err != nil {
		return admin.Lease{}, err
	}
	l, err := p.change(a, do)
	if err != nil {
		return admin.Lease{}, err
	}
	if !l.Address.IsValid() { // there is no record of it any more
		l = address.Lease{Address: a, Pool: p.config.Name, ReleasedAt: time.Unix(0, 0), EndedAt: time.Unix(0, 0)}
	}
	return p.told(l, p.clock.at(time.Now())), nil
}

func (t *tenant) reserve(a netip.Addr) (admin.Lease, error) {
	return t.lender.changed(a, func(books *address.Pool, now time.Time) error {
		return books.Reserve(a, t.config().Name, now)
	})
}

// endLease ends the hold, the pin or the reservation of a VM or an address. The
// quarantine is never cut short.
func (t *tenant) endLease(target string) (admin.Lease, error) {
	a, err := netip.ParseAddr(target)
	if err != nil {
		l, err := t.leaseOf(target)
		if err != nil {
			return admin.Lease{}, err
		}
		a = l.Address
	}
	return t.lender.changed(a, func(books *address.Pool, now time.Time) error {
		if l, ok := books.At(a); ok && l.Tenant != t.config().Name && l.Tenant != "" {
			return fmt.Errorf("address %s: it is tenant %q's", a, l.Tenant)
		}
		return books.End(a, now)
	})
}

// pin gives a VM an address for ever. A BMC that answers elsewhere is started there
// with the next reconcile; its old address is quarantined.
func (t *tenant) pin(target string, a netip.Addr) (admin.Lease, error) {
	vm, err := t.vmNamed(target)
	if err != nil {
		return admin.Lease{}, err
	}
	served := t.serves(vm.Key) // asked before the books are closed: others take the locks in that order
	l, err := t.lender.changed(a, func(books *address.Pool, now time.Time) error {
		before, had := books.Lease(vm.Key)
		if err := books.Assign(vm.Key, a, now); err != nil {
			return err
		}
		books.Pin(vm.Key)
		books.Describe(vm, t.config().Name)
		if had && !before.InUse() || !had && !served {
			books.Release(vm.Key, now) // the VM is not there now
		}
		return nil
	})
	if err != nil {
		return admin.Lease{}, err
	}
	p, _ := t.lender.having(a)
	for _, other := range t.lender.pools {
		if other != p {
			err = errors.Join(err, other.giveBack(vm.Key, time.Now()))
		}
	}
	return l, err
}

// vmNamed returns the VM of the tenant, served, waiting or gone, by its name or its
// instance UUID.
func (t *tenant) vmNamed(target string) (inventory.VM, error) {
	var found []inventory.VM
	t.mu.Lock()
	for _, ep := range t.endpoints {
		found = append(found, ep.vm())
	}
	for _, w := range t.waiting {
		found = append(found, w.vm)
	}
	t.mu.Unlock()
	found = slices.DeleteFunc(found, func(vm inventory.VM) bool {
		return vm.Name != target && !strings.EqualFold(vm.Key.VM, target)
	})
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		l, err := t.leaseOf(target)
		return inventory.VM{Key: l.Key, Name: l.VM, BIOSUUID: l.BIOSUUID}, err
	}
	return inventory.VM{}, fmt.Errorf("%s/%s: %w; give the instance UUID", t.config().Name, target, admin.ErrAmbiguous)
}

// leaseOf returns the tenant's lease of a VM by its name or its instance UUID.
func (t *tenant) leaseOf(target string) (address.Lease, error) {
	var found []address.Lease
	for _, p := range t.lender.pools {
		all, _ := p.all()
		for _, l := range all {
			if l.Key.VM != "" && l.Tenant == t.config().Name && (l.VM == target || strings.EqualFold(l.Key.VM, target)) {
				found = append(found, l)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return address.Lease{}, fmt.Errorf("%s/%s: %w, and no lease of one", t.config().Name, target, admin.ErrNotFound)
	}
	return address.Lease{}, fmt.Errorf("%s/%s: %w; give the address or the instance UUID", t.config().Name, target, admin.ErrAmbiguous)
}

// serves reports whether the VM is served or waits to be.
func (t *tenant) serves(key inventory.Key) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, waits := t.waiting[key]
	return waits || t.endpoints[key] != nil
}
