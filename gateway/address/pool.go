package address

import (
	"container/heap"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// ErrExhausted says that a pool has no address to give: each one is in use, held
// for its VM, quarantined or reserved, or due to a VM that has waited longer.
var ErrExhausted = errors.New("address pool exhausted")

// ErrTaken says that an address cannot be given to a VM or set aside, because it
// is, or lately was, another's.
var ErrTaken = errors.New("the address is taken")

// A Pool knows which VM has which of its addresses. An address belongs to one VM
// at most, and a VM has one address at most. It has no lock and does no I/O: the
// caller serialises the calls and stores what [Pool.Changes] returns. The same
// calls in the same order give the same addresses. Its size costs nothing: there
// is an entry for each address that was ever given away, in a pool of more than
// [MaxPoolSize] for each that is not free again.
type Pool struct {
	config PoolConfig
	macs   *MACs
	ranges []Range  // what may be given away, in order
	starts []uint64 // how many addresses are before each range
	size   uint64

	leases  map[inventory.Key]*entry
	lost    map[uint32]netip.Addr // by the tag of the VM that had it; zero: two have this tag
	entries map[netip.Addr]*entry
	held    heldQueue           // those that lapse by themselves
	low     uint64              // no address before this one was never given away
	aside   map[netip.Addr]bool // given by Assign only
	waiting waitingLine
	journal map[netip.Addr]*Lease // what changed since Settle, as it was before; nil: no entry
}

// NewPool returns the pool with all addresses unused. Hardware addresses come from
// macs, which several pools may share. Its errors are those of [PoolConfig.Check].
func NewPool(c PoolConfig, macs *MACs) (*Pool, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p := &Pool{
		config: c, macs: macs, ranges: c.usable(),
		leases: make(map[inventory.Key]*entry), lost: make(map[uint32]netip.Addr), entries: make(map[netip.Addr]*entry),
		aside: make(map[netip.Addr]bool), journal: make(map[netip.Addr]*Lease),
	}
	for _, r := range p.ranges {
		p.starts = append(p.starts, p.size)
		p.size += r.Size()
	}
	return p, nil
}

// Config returns what the pool was made from.
func (p *Pool) Config() PoolConfig { return p.config }

// Contains reports whether the pool may give the address away.
func (p *Pool) Contains(a netip.Addr) bool {
	_, ok := p.index(a)
	return ok
}

// Adopt puts a lease from an earlier run into the books, as it is; its Pool
// becomes the name of this pool. It is an error when the address is not the
// pool's to give, when the address is leased to another VM, or when the VM has
// another address; the books are then as they were.
func (p *Pool) Adopt(l Lease) error {
	if err := p.adoptable(l); err != nil {
		return fmt.Errorf("pool %q, address %s, vm %s: %w", p.config.Name, l.Address, l.Key, err)
	}
	l.Pool = p.config.Name
	if l.Key != (inventory.Key{}) && p.macs.claim(l.MAC, l.Key) != nil {
		l.MAC = p.macs.take(l.Key)
	}
	p.record(l)
	return nil
}

func (p *Pool) adoptable(l Lease) error {
	if !p.Contains(l.Address) {
		return errors.New("the address is not in the pool or excluded")
	}
	if o := p.entries[l.Address]; o != nil && o.Key != l.Key {
		return fmt.Errorf("the address is leased to vm %s", o.Key)
	}
	if e := p.leases[l.Key]; e != nil && e.Address != l.Address {
		return fmt.Errorf("the vm has address %s already", e.Address)
	}
	return nil
}

// Allocate returns the address of a VM and marks its lease as in use. A VM that
// has a lease, also a released one, gets that address. Another gets one that was
// never leased: of a pool of up to [MaxPoolSize] the lowest, of a larger one the
// first behind a place that follows from the VM's identity, so that a VM whose
// lease is lost finds its address all the same. When there is none it gets the one
// whose quarantine ended first. [ErrExhausted] says that there is none of these
// either, or that VMs wait which asked earlier; the VM then waits behind them
// until it is given one, or [Pool.Release] ends its wait.
func (p *Pool) Allocate(k inventory.Key, now time.Time) (netip.Addr, error) {
	if e := p.leases[k]; e != nil {
		p.use(e, now)
		return e.Address, nil
	}
	a, ok := p.left(k)
	if !ok {
		a, ok = p.choose(k, now)
	}
	if !ok {
		p.waiting.join(k)
		u := p.Usage(now)
		return netip.Addr{}, fmt.Errorf("pool %q, vm %s: %w: %d addresses, %d in use, %d held for their VMs, %d in quarantine, %d reserved",
			p.config.Name, k, ErrExhausted, u.Size, u.InUse, u.Held, u.Quarantined, u.Reserved)
	}
	p.grant(k, a, now, p.macs.take(k))
	return a, nil
}

// left returns the address that the VM had before its lease was lost, as the tag
// that the kernel kept says. With two of one tag nobody can say whose which is.
func (p *Pool) left(k inventory.Key) (netip.Addr, bool) {
	a := p.lost[Tag(k)]
	e := p.entries[a]
	return a, e != nil && !e.Reserved && e.ConflictAt.IsZero()
}

// use puts a lease to use again.
func (p *Pool) use(e *entry, now time.Time) {
	if e.InUse() {
		return
	}
	l := e.Lease
	l.Since, l.ReleasedAt, l.EndedAt = now, time.Time{}, time.Time{}
	p.record(l)
}

// grant gives an address that is nobody's to a VM that has none.
func (p *Pool) grant(k inventory.Key, a netip.Addr, now time.Time, mac MAC) {
	p.prune(now)
	if e := p.entries[a]; e != nil {
		p.part(e)
	}
	p.record(Lease{Key: k, Pool: p.config.Name, Address: a, MAC: mac, Since: now})
	p.waiting.leave(k)
}

// Describe notes in the lease of a VM whom it serves and returns the lease as it
// is to be stored. It returns false when the VM has none.
func (p *Pool) Describe(vm inventory.VM, tenant string) (Lease, bool) {
	e := p.leases[vm.Key]
	if e == nil {
		return Lease{}, false
	}
	l := e.Lease
	l.Tenant, l.VM, l.BIOSUUID = tenant, vm.Name, vm.BIOSUUID
	if l != e.Lease {
		p.record(l)
	}
	return l, true
}

// Release marks the lease of a VM as no longer in use and returns it as it is to
// be stored, and ends its wait for one. The address stays the VM's until hold and
// quarantine have passed and another VM needs it. Releasing twice keeps the first
// time. It returns false when the VM has no lease.
func (p *Pool) Release(k inventory.Key, now time.Time) (Lease, bool) {
	p.waiting.leave(k)
	e := p.leases[k]
	if e == nil {
		return Lease{}, false
	}
	if e.InUse() {
		l := e.Lease
		l.ReleasedAt = now
		p.record(l)
	}
	return p.Lease(k)
}

// Lease returns the lease of a VM, in use or released.
func (p *Pool) Lease(k inventory.Key) (Lease, bool) {
	if e := p.leases[k]; e != nil {
		return e.Lease, true
	}
	return Lease{}, false
}

// At returns what the books say of an address, also one that is no VM's.
func (p *Pool) At(a netip.Addr) (Lease, bool) {
	if e := p.entries[a]; e != nil {
		return e.Lease, true
	}
	return Lease{}, false
}

// Leases returns all leases, in use and released, and the addresses that are
// reserved or lost to their VM, sorted by address.
func (p *Pool) Leases() []Lease {
	out := make([]Lease, 0, len(p.entries))
	for _, e := range p.entries {
		out = append(out, e.Lease)
	}
	slices.SortFunc(out, func(a, b Lease) int { return a.Address.Compare(b.Address) })
	return out
}

// record enters a lease, in place of what was there of the same VM.
func (p *Pool) record(l Lease) {
	if o := p.entries[l.Address]; o != nil {
		if o.Key != l.Key {
			panic(fmt.Sprintf("address: pool %q: %s recorded for %s while %s has it", p.config.Name, l.Address, l.Key, o.Key))
		}
		p.strike(o)
	}
	p.note(l.Address)
	if l.Tag != 0 {
		if other, ok := p.lost[l.Tag]; ok && other != l.Address {
			p.lost[l.Tag] = netip.Addr{}
		} else {
			p.lost[l.Tag] = l.Address
		}
	}
	e := &entry{Lease: l, free: p.config.freeAt(l), place: -1}
	p.entries[l.Address] = e
	if l.Key != (inventory.Key{}) {
		p.leases[l.Key] = e
		_ = p.macs.claim(l.MAC, l.Key) // it has it, or has just been given it
	}
	if !l.InUse() && !l.Pinned && !l.Reserved {
		heap.Push(&p.held, e)
	}
}

// part takes an entry and the VM's hardware address out of the books.
func (p *Pool) part(e *entry) {
	p.strike(e)
	p.macs.drop(e.MAC, e.Key)
}

// strike takes an entry out of the books.
func (p *Pool) strike(e *entry) {
	p.note(e.Address)
	if e.place >= 0 {
		heap.Remove(&p.held, e.place)
	}
	delete(p.entries, e.Address)
	if e.Tag != 0 && p.lost[e.Tag] == e.Address {
		delete(p.lost, e.Tag)
	}
	if p.leases[e.Key] == e {
		delete(p.leases, e.Key)
	}
}

// vacate makes an address one that was never given away, after its entry was
// struck.
func (p *Pool) vacate(a netip.Addr) {
	if i, ok := p.index(a); ok {
		p.low = min(p.low, i)
	}
}
