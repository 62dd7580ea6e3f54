package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A pool is an address pool in use: its books, the file they are kept in, and
// the interface its addresses live on. Several tenants may share one.
type pool struct {
	config    Pool
	addresser address.Addresser
	announcer announcer
	store     *store.Store

	mu       sync.Mutex
	books    *address.Pool
	disowned map[netip.Addr]bool // leased by an earlier run, and no longer in the pool
}

// An announcer tells the neighbours on an interface that an address is here.
type announcer interface {
	Announce(iface string, a netip.Addr) error
}

// silent is the announcer of addresses that were there before.
type silent struct{}

func (silent) Announce(string, netip.Addr) error { return nil }

func newPool(c Pool, st *store.Store, a address.Addresser, an announcer) (*pool, error) {
	books, err := address.NewPool(c.PoolConfig)
	if err != nil {
		return nil, err
	}
	return &pool{config: c, addresser: a, announcer: an, store: st, books: books, disowned: make(map[netip.Addr]bool)}, nil
}

// adopt takes up the leases of an earlier run whose addresses the pool has,
// whatever the pool was called then. One that it gave and that no pool has any
// more is returned as an error and stays on disk: the configuration may come back.
func (p *pool) adopt(leases []address.Lease, all map[string]*pool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var problems []error
	for _, l := range leases {
		switch {
		case p.books.Contains(l.Address):
			problems = append(problems, p.books.Adopt(l))
		case l.Pool == p.config.Name && !contains(all, l.Address):
			p.disowned[l.Address] = true
			problems = append(problems, fmt.Errorf("address %s of %s is not in the pool any more", l.Address, l.VM))
		}
	}
	return errors.Join(problems...)
}

func contains(pools map[string]*pool, a netip.Addr) bool {
	for _, p := range pools {
		if p.books.Contains(a) {
			return true
		}
	}
	return false
}

// dismiss releases the leases in use of tenants that are not the pool's any more.
func (p *pool) dismiss(tenants map[string]bool, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var problems []error
	for _, l := range p.books.Leases() {
		if l.InUse() && !tenants[l.Tenant] {
			l, _ = p.books.Release(l.Key, now)
			problems = append(problems, p.store.PutLease(l))
		}
	}
	return errors.Join(problems...)
}

// lease gives the VM its address: the one it had before, or a new one that is
// on disk before it is used.
func (p *pool) lease(vm inventory.VM, tenant string, now time.Time) (address.Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, known := p.books.Lease(vm.Key)
	if _, err := p.books.Allocate(vm.Key, now); err != nil {
		return address.Lease{}, err
	}
	l, _ := p.books.Describe(vm, tenant)
	if known && l == before {
		return l, nil // on disk already; a VM that waits is tried every few seconds
	}
	if err := p.store.PutLease(l); err != nil {
		if !known || !before.InUse() {
			p.books.Release(vm.Key, now) // not durable, so it is not given
		}
		return address.Lease{}, fmt.Errorf("address %s: storing the lease: %w", l.Address, err)
	}
	return l, nil
}

// release holds a lease of the tenant: the VM finds its address again, and nobody
// else gets it before the pool's hold has passed.
func (p *pool) release(key inventory.Key, tenant string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, ok := p.books.Lease(key); !ok || !l.InUse() || l.Tenant != tenant {
		return nil
	}
	l, _ := p.books.Release(key, now)
	return p.store.PutLease(l)
}

// leases reports whether the VM has a lease, in use or held.
func (p *pool) leases(vm inventory.Key) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.books.Lease(vm)
	return ok
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
	return p.books.Usage(now)
}

// add puts the address on the interface; the undo takes it away.
func (p *pool) add(a netip.Addr) (undo func() error, err error) {
	if err := p.addresser.Add(p.config.Interface, a); err != nil {
		return nil, err
	}
	return func() error { return p.addresser.Remove(p.config.Interface, a) }, nil
}

// sweep removes addresses that carry our mark and that no lease in use explains:
// an earlier run left them behind, or its state file is lost. The books are closed
// meanwhile: another tenant might be given one of these addresses.
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
	var problems []error
	for _, a := range present {
		if !used[a] && (p.books.Contains(a) || p.disowned[a]) {
			problems = append(problems, p.addresser.Remove(p.config.Interface, a))
		}
	}
	return errors.Join(problems...)
}
