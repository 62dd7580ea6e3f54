package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A pool is an address pool in use: its books, the file they are kept in, and
// the interface its addresses live on. Several tenants may share one.
type pool struct {
	config    Pool // see terms
	addresser address.Addresser
	announcer announcer
	segment   *address.Segment // what both are; nil when the addresses are there already, or routed
	routes    *address.Routes  // what both are when the addresses are routed
	keeper    *address.Keeper  // of either; nil like them
	leaving   atomic.Bool      // the daemon stops
	store     *store.Store
	clock     *clock
	tags      *address.Tags // what the kernel keeps with each address

	mu       sync.Mutex
	books    *address.Pool
	fresh    map[netip.Addr]bool // leased in this run, and not served yet
	owed     map[netip.Addr]bool // what the file does not say yet, for want of room
	disowned map[netip.Addr]bool // leased by an earlier run, and no longer in the pool
}

// An announcer tells the neighbours on an interface that an address is here.
type announcer interface {
	Announce(iface string, a netip.Addr) error
}

// silent is the announcer of addresses that were there before.
type silent struct{}

func (silent) Announce(string, netip.Addr) error { return nil }

// newPool makes a pool. s is nil when its addresses are there already.
func newPool(c Pool, shared *sharedState, s *address.Segment) (*pool, error) {
	books, err := address.NewPool(c.PoolConfig, shared.macs)
	if err != nil {
		return nil, err
	}
	books.SetAside(shared.pinned)
	p := &pool{
		config: c, addresser: address.None{}, announcer: silent{}, segment: s,
		store: shared.store, clock: shared.clock, tags: shared.tags, books: books,
		owed: make(map[netip.Addr]bool), disowned: make(map[netip.Addr]bool), fresh: make(map[netip.Addr]bool),
	}
	if s != nil {
		p.addresser, p.announcer = s, s
	}
	return p, nil
}

// has reports whether the pool has the address.
func (p *pool) has(a netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.books.Contains(a)
}

// terms returns what the pool gives away and for how long it keeps it, as it is
// configured now; config has what cannot change.
func (p *pool) terms() address.PoolConfig {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.books.Config()
}

// A sharedState is what all pools have in common.
type sharedState struct {
	store  *store.Store
	clock  *clock
	macs   *address.MACs
	tags   *address.Tags
	pinned []netip.Addr // by the configuration, to VMs
}

// adopt takes up the leases of an earlier run whose addresses the pool has,
// whatever the pool was called then. One that it gave and that no pool has any
// more is returned as an error and stays on disk: the configuration may come back.
// Of two addresses of one VM, which pools that were joined may have, it keeps the
// one in use; the other is quarantined.
func (p *pool) adopt(leases []address.Lease, all []*pool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	others := slices.DeleteFunc(slices.Clone(all), func(o *pool) bool { return o == p })
	return p.enter(leases, func(a netip.Addr) bool { return contains(others, a) })
}

// enter is adopt with mu held. elsewhere says whether another pool has an address.
func (p *pool) enter(leases []address.Lease, elsewhere func(netip.Addr) bool) error {
	var problems []error
	var second []address.Lease
	for _, inUse := range []bool{true, false} {
		for _, l := range leases {
			had, has := p.books.Lease(l.Key)
			switch {
			case l.InUse() != inUse:
			case p.books.Contains(l.Address) && has && had.Address != l.Address:
				second = append(second, l.Orphaned(p.clock.at(time.Now())))
			case p.books.Contains(l.Address):
				problems = append(problems, p.books.Adopt(l))
				p.tag(l)
			case l.Pool == p.config.Name && !p.disowned[l.Address] && !elsewhere(l.Address):
				p.disowned[l.Address] = true
				problems = append(problems, fmt.Errorf("address %s of %s is not in the pool any more", l.Address, l.VM))
			}
		}
	}
	p.books.Settle() // it is on disk
	for _, l := range second {
		problems = append(problems, p.books.Adopt(l))
	}
	return errors.Join(append(problems, p.save())...)
}

func contains(pools []*pool, a netip.Addr) bool {
	for _, p := range pools {
		if p.has(a) {
			return true
		}
	}
	return false
}

// dismiss releases the leases in use of tenants that are not the pool's any more.
func (p *pool) dismiss(tenants map[string]bool, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.books.Leases() {
		if l.InUse() && !tenants[l.Tenant] {
			p.books.Release(l.Key, p.clock.at(now))
		}
	}
	return p.saveLater()
}

// lease gives the VM this address, or, when it is zero, the one it had before or a
// new one. It is on disk before it is used.
func (p *pool) lease(vm inventory.VM, tenant string, this netip.Addr, now time.Time) (address.Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, known := p.books.Lease(vm.Key)
	l, err := p.grant(vm, tenant, this, p.clock.at(now))
	if err == nil {
		if err = p.save(); err != nil {
			err = fmt.Errorf("address %s: storing the lease: %w", l.Address, err)
		}
	}
	if err != nil {
		p.books.Undo() // not durable, so it is not given
		return address.Lease{}, err
	}
	if !known || before.Address != l.Address {
		p.fresh[l.Address] = true
	}
	return l, nil
}

// leaseTogether gives addresses to VMs that have none, as lease does one by one, with
// one write to the disk. From the first that cannot have one on they go without:
// why is told to each when it asks for itself.
func (p *pool) leaseTogether(vms []inventory.VM, tenant string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var given []netip.Addr
	for _, vm := range vms {
		l, err := p.grant(vm, tenant, netip.Addr{}, p.clock.at(now))
		if err != nil {
			break
		}
		given = append(given, l.Address)
	}
	if err := p.save(); err != nil {
		p.books.Undo()
		return err
	}
	for _, a := range given {
		p.fresh[a] = true
	}
	return nil
}

func (p *pool) grant(vm inventory.VM, tenant string, this netip.Addr, now time.Time) (address.Lease, error) {
	var err error
	if this.IsValid() {
		err = p.books.Assign(vm.Key, this, now)
	} else {
		_, err = p.books.Allocate(vm.Key, now)
	}
	l, _ := p.books.Describe(vm, tenant)
	return l, err
}

// release holds a lease of the tenant: the VM finds its address again, and nobody
// else gets it before the pool's hold and quarantine have passed.
func (p *pool) release(key inventory.Key, tenant string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, ok := p.books.Lease(key); ok && (!l.InUse() || l.Tenant != tenant) {
		return nil
	}
	p.books.Release(key, p.clock.at(now)) // or it waits no longer
	return p.saveLater()
}

// giveBack ends the lease of a VM that has an address of another pool now, and its
// wait for one.
func (p *pool) giveBack(key inventory.Key, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, ok := p.books.Release(key, p.clock.at(now)); ok {
		if err := p.books.End(l.Address, p.clock.at(now)); err != nil {
			return err
		}
	}
	return p.saveLater()
}

// current returns the address that the VM has by the books, if it is in use.
func (p *pool) current(vm inventory.Key) (netip.Addr, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, ok := p.books.Lease(vm)
	return l.Address, ok && l.InUse()
}

// all returns what the books say, and the clock they say it by.
func (p *pool) all() ([]address.Lease, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.books.Leases(), p.clock.at(time.Now())
}

// bound counts the addresses that a tenant keeps from others.
func (p *pool) bound(tenant string, now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.books.Bound(tenant, p.clock.at(now))
}

// of returns the lease of a VM, in use or released.
func (p *pool) of(vm inventory.Key) (address.Lease, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.books.Lease(vm)
}

// leased returns the leases in use that belong to the tenant.
func (p *pool) leased(tenant string) []address.Lease {
	var out []address.Lease
	for _, l := range p.inUse() {
		if l.Tenant == tenant {
			out = append(out, l)
		}
	}
	return out
}

// inUse returns all leases in use.
func (p *pool) inUse() []address.Lease {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(p.books.Leases(), func(l address.Lease) bool { return !l.InUse() })
}

func (p *pool) usage(now time.Time) address.Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.books.Usage(p.clock.at(now))
}

// sweep removes addresses that carry our mark and that no lease in use explains:
// an earlier run left them behind, or its state file is lost. One without any
// lease was some VM's; it is quarantined for all but the one the kernel's tag tells of. The books are
// closed meanwhile: another tenant might be given one of these addresses.
func (p *pool) sweep() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	present, err := p.addresser.List(p.config.Interface)
	if err != nil {
		return err
	}
	used := make(map[netip.Addr]bool)
	for _, l := range p.books.Leases() {
		used[l.Address] = l.InUse()
	}
	tags := p.tagged()
	var problems []error
	for _, a := range present {
		p.books.Quarantine(a, tags[a], p.clock.at(time.Now()))
		if !used[a] && (p.books.Contains(a) || p.disowned[a]) {
			problems = append(problems, p.addresser.Remove(p.config.Interface, a))
		}
	}
	return errors.Join(append(problems, p.saveLater())...)
}
