package address

import (
	"container/heap"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// ErrExhausted says that a pool has no address to give: each one is in use or
// held for its VM.
var ErrExhausted = errors.New("address pool exhausted")

// A Pool knows which VM has which of its addresses. An address belongs to one VM
// at most, and a VM has one address at most. It has no lock and does no I/O: the
// caller serialises the calls and stores what they return. The same calls in the
// same order give the same addresses.
type Pool struct {
	config PoolConfig
	ranges []Range // what may be given away, in order
	starts []int   // index of the first address of each range
	size   int

	leases map[inventory.Key]*entry
	owners []*entry  // by index; nil: never leased
	unused *freeSet  // indexes of the addresses that were never leased
	held   heldQueue // the leases that were released
}

// NewPool returns the pool with all addresses unused. Its errors are those of
// [PoolConfig.Check].
func NewPool(c PoolConfig) (*Pool, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p := &Pool{config: c, ranges: c.usable(), leases: make(map[inventory.Key]*entry)}
	for _, r := range p.ranges {
		p.starts = append(p.starts, p.size)
		p.size += int(r.Size())
	}
	p.owners = make([]*entry, p.size)
	p.unused = newFreeSet(p.size)
	return p, nil
}

// Config returns what the pool was made from.
func (p *Pool) Config() PoolConfig { return p.config }

// Contains reports whether the pool may give the address away.
func (p *Pool) Contains(a netip.Addr) bool {
	_, ok := p.index(a)
	return ok
}

// Adopt puts a lease from an earlier run into the books, in use or released as
// it says; its Pool becomes the name of this pool. It is an error when the
// address is not the pool's to give, when the address is leased to another VM,
// or when the VM has another address; the books are then as they were.
func (p *Pool) Adopt(l Lease) error {
	i, ok := p.index(l.Address)
	if !ok {
		return fmt.Errorf("pool %q, address %s, vm %s: the address is not in the pool or excluded", p.config.Name, l.Address, l.Key)
	}
	if o := p.owners[i]; o != nil && o.Key != l.Key {
		return fmt.Errorf("pool %q, address %s, vm %s: the address is leased to vm %s", p.config.Name, l.Address, l.Key, o.Key)
	}
	if e := p.leases[l.Key]; e != nil && e.index != i {
		return fmt.Errorf("pool %q, address %s, vm %s: the vm has address %s already", p.config.Name, l.Address, l.Key, e.Address)
	}
	if e := p.leases[l.Key]; e != nil {
		p.forget(e)
	}
	l.Pool = p.config.Name
	p.record(i, l)
	return nil
}

// Allocate returns the address of a VM and marks its lease as in use. A VM that
// has a lease, also a released one, gets that address; another gets the lowest
// address that was never leased, or else the one that has been released for
// longest and at least for PoolConfig.Hold. [ErrExhausted] says that there is
// none.
func (p *Pool) Allocate(k inventory.Key, now time.Time) (netip.Addr, error) {
	if e := p.leases[k]; e != nil {
		if !e.InUse() {
			heap.Remove(&p.held, e.place)
			e.Since, e.ReleasedAt = now, time.Time{}
		}
		return e.Address, nil
	}
	i, ok := p.unused.takeLowest()
	if !ok && len(p.held) > 0 && p.reusable(p.held[0], now) {
		i, ok = p.held[0].index, true
		p.forget(p.held[0])
	}
	if !ok {
		return netip.Addr{}, fmt.Errorf("pool %q, vm %s: %w: %d addresses, %d in use, %d held for their VMs",
			p.config.Name, k, ErrExhausted, p.size, p.size-len(p.held), len(p.held))
	}
	l := Lease{Key: k, Pool: p.config.Name, Address: p.at(i), MAC: MAC(MACFor(k)), Since: now}
	p.record(i, l)
	return l.Address, nil
}

// Describe notes in the lease of a VM whom it serves and returns the lease as it
// is to be stored. It returns false when the VM has none.
func (p *Pool) Describe(vm inventory.VM, tenant string) (Lease, bool) {
	e := p.leases[vm.Key]
	if e == nil {
		return Lease{}, false
	}
	e.Tenant, e.VM, e.BIOSUUID = tenant, vm.Name, vm.BIOSUUID
	return e.Lease, true
}

// Release marks the lease of a VM as no longer in use and returns it as it is to
// be stored. The address stays the VM's until the hold has passed and another VM
// needs it. Releasing twice keeps the first time. It returns false when the VM
// has no lease.
func (p *Pool) Release(k inventory.Key, now time.Time) (Lease, bool) {
	e := p.leases[k]
	if e == nil {
		return Lease{}, false
	}
	if e.InUse() {
		e.ReleasedAt = now
		heap.Push(&p.held, e)
	}
	return e.Lease, true
}

// Lease returns the lease of a VM, in use or released.
func (p *Pool) Lease(k inventory.Key) (Lease, bool) {
	if e := p.leases[k]; e != nil {
		return e.Lease, true
	}
	return Lease{}, false
}

// Leases returns all leases, in use and released, sorted by address.
func (p *Pool) Leases() []Lease {
	out := make([]Lease, 0, len(p.leases))
	for _, e := range p.owners {
		if e != nil {
			out = append(out, e.Lease)
		}
	}
	return out
}

// A Usage counts the addresses of a pool. Each address is in exactly one of
// InUse, Held and Free.
type Usage struct {
	Size  int // addresses that the pool may give away
	InUse int // leased
	Held  int // released, waiting for their VM
	Free  int // never leased, or released for longer than the hold
}

// Usage returns the counts as of now.
func (p *Pool) Usage(now time.Time) Usage {
	u := Usage{Size: p.size, InUse: len(p.leases) - len(p.held), Free: p.unused.count}
	for _, e := range p.held {
		if p.reusable(e, now) {
			u.Free++
		} else {
			u.Held++
		}
	}
	return u
}

func (p *Pool) reusable(e *entry, now time.Time) bool {
	return now.Sub(e.ReleasedAt) >= p.config.Hold
}

// record enters a lease at an index that nobody has.
func (p *Pool) record(i int, l Lease) {
	if o := p.owners[i]; o != nil {
		panic(fmt.Sprintf("address: pool %q: %s recorded for %s while %s has it", p.config.Name, l.Address, l.Key, o.Key))
	}
	e := &entry{Lease: l, index: i, place: -1}
	p.unused.remove(i)
	p.owners[i] = e
	p.leases[l.Key] = e
	if !l.InUse() {
		heap.Push(&p.held, e)
	}
}

// forget strikes a lease from the books. The address does not become unused: the
// caller records it again at once.
func (p *Pool) forget(e *entry) {
	if e.place >= 0 {
		heap.Remove(&p.held, e.place)
	}
	p.owners[e.index] = nil
	delete(p.leases, e.Key)
}

// index returns the place of an address among those the pool may give away.
func (p *Pool) index(a netip.Addr) (int, bool) {
	if !a.Is4() {
		return 0, false
	}
	n, found := slices.BinarySearchFunc(p.ranges, a, func(r Range, a netip.Addr) int {
		switch {
		case r.Last.Less(a):
			return -1
		case a.Less(r.First):
			return 1
		}
		return 0
	})
	if !found {
		return 0, false
	}
	return p.starts[n] + int(number(a)-number(p.ranges[n].First)), true
}

// at returns the address at an index.
func (p *Pool) at(i int) netip.Addr {
	n := sort.SearchInts(p.starts, i+1) - 1
	return numbered(number(p.ranges[n].First) + uint32(i-p.starts[n]))
}
