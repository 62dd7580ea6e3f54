package address

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// Assign gives a VM this very address and marks the lease as in use. The address
// it had until now is quarantined. [ErrTaken] says that the address is another's
// or not yet out of its quarantine; it is then tried again later.
func (p *Pool) Assign(k inventory.Key, a netip.Addr, now time.Time) error {
	e := p.leases[k]
	if e != nil && e.Address == a {
		p.use(e, now)
		return nil
	}
	if !p.Contains(a) {
		return fmt.Errorf("pool %q, vm %s: %s is not in the pool or excluded", p.config.Name, k, a)
	}
	if err := p.vacant(a, now); err != nil {
		return fmt.Errorf("pool %q, vm %s: %w", p.config.Name, k, err)
	}
	if e == nil {
		p.grant(k, a, now, p.macs.take(k))
		return nil
	}
	mac := e.MAC
	p.orphan(e, now)
	p.grant(k, a, now, mac)
	return nil
}

// vacant returns why an address cannot be given to another VM, or nil.
func (p *Pool) vacant(a netip.Addr, now time.Time) error {
	o := p.entries[a]
	if o == nil {
		return nil
	}
	state, until := p.config.State(o.Lease, now)
	switch {
	case state == Free:
		return nil
	case state == Reserved:
		return fmt.Errorf("%s: %w: reserved", a, ErrTaken)
	case until.IsZero():
		return fmt.Errorf("%s: %w: %s for %s of tenant %q", a, ErrTaken, state, o.VM, o.Tenant)
	}
	return fmt.Errorf("%s: %w: %s after %s of tenant %q, for %s yet", a, ErrTaken, state, o.VM, o.Tenant, until.Sub(now).Round(time.Minute))
}

// orphan takes a VM's address from it. Nobody gets it within the quarantine.
func (p *Pool) orphan(e *entry, now time.Time) {
	l := e.Lease.Orphaned(now)
	p.part(e)
	p.record(l)
}

// Pin makes the lease of a VM its own for ever: it does not lapse while the VM is
// gone. It returns false when the VM has none.
func (p *Pool) Pin(k inventory.Key) bool {
	e := p.leases[k]
	if e == nil {
		return false
	}
	if l := e.Lease; !l.Pinned {
		l.Pinned = true
		p.record(l)
	}
	return true
}

// End ends the hold of a lease that is not in use, and its pin: the quarantine
// begins. Ending twice keeps the first time.
func (p *Pool) End(a netip.Addr, now time.Time) error {
	e := p.entries[a]
	switch {
	case e == nil:
		return fmt.Errorf("%s: has no lease", a)
	case e.Reserved:
		return p.unreserve(e)
	case e.InUse():
		return fmt.Errorf("%s: %w: in use by %s of tenant %q; deselect the VM first", a, ErrTaken, e.VM, e.Tenant)
	}
	l := e.Lease
	l.Pinned = false
	if l.EndedAt.IsZero() {
		l.EndedAt = now
	}
	p.record(l)
	return nil
}

// Reserve sets an address aside for good: no VM gets it. One that a VM has, or
// that is held for one, is [ErrTaken].
func (p *Pool) Reserve(a netip.Addr, tenant string, now time.Time) error {
	if !p.Contains(a) {
		return fmt.Errorf("pool %q: %s is not in the pool or excluded", p.config.Name, a)
	}
	e := p.entries[a]
	if e == nil {
		p.record(Lease{Pool: p.config.Name, Address: a, Tenant: tenant, Reserved: true, ReleasedAt: now})
		return nil
	}
	if state, _ := p.config.State(e.Lease, now); state == InUse || state == Held {
		return fmt.Errorf("pool %q: %w", p.config.Name, p.vacant(a, now))
	}
	p.orphan(e, now)
	l := p.entries[a].Lease
	l.Reserved = true
	p.record(l)
	return nil
}

// unreserve gives an address back. One that a VM once had is as far in its
// quarantine as if it had not been reserved.
func (p *Pool) unreserve(e *entry) error {
	l := e.Lease
	p.strike(e)
	if l.EndedAt.IsZero() {
		p.vacate(l.Address)
		return nil
	}
	l.Reserved = false
	p.record(l)
	return nil
}

// Conflict notes that another host was seen with an address; nobody else gets it
// within the quarantine from now. served says that clients may know the VM by
// it: the VM then keeps its lease and waits. Otherwise the lease has never been
// used and the VM may have another address. An address without a lease is
// quarantined too.
func (p *Pool) Conflict(a netip.Addr, served bool, now time.Time) error {
	if !p.Contains(a) {
		return errors.New("the address is not in the pool or excluded")
	}
	e := p.entries[a]
	if e == nil {
		p.record(Lease{Pool: p.config.Name, Address: a, ReleasedAt: now, EndedAt: now, ConflictAt: now})
		return nil
	}
	if !served && !e.Pinned && e.InUse() {
		p.orphan(e, now)
	}
	l := p.entries[a].Lease
	l.ConflictAt = now
	p.record(l)
	return nil
}

// Quarantine keeps an address of the pool that looks free from everybody but the VM
// with the tag, if it is not 0: it was some VM's until now, and the lease is lost.
func (p *Pool) Quarantine(a netip.Addr, tag uint32, now time.Time) {
	e := p.entries[a]
	if e != nil {
		if state, _ := p.config.State(e.Lease, now); state != Free {
			return
		}
		p.part(e)
	}
	if p.Contains(a) {
		p.record(Lease{Pool: p.config.Name, Address: a, Tag: tag, ReleasedAt: now, EndedAt: now})
	}
}
