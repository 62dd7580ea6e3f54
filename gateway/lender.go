package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A lender gives the VMs of one tenant their addresses, from its pools in their
// order: the second when the first has none left.
type lender struct {
	tenant string
	pools  []*pool
	most   int // addresses that the tenant may keep from others; 0: any number
}

// lease gives the VM its address: the one it is pinned to, the one it had before,
// or a new one. It returns the pool that the address is of.
func (d *lender) lease(vm inventory.VM, pin Pin, now time.Time) (address.Lease, *pool, error) {
	l, p, err := d.find(vm, pin, now)
	if err != nil {
		return address.Lease{}, nil, err
	}
	// One that it has, or waits for, in another pool it needs no more.
	for _, other := range d.pools {
		if other != p {
			err = errors.Join(err, other.giveBack(vm.Key, now))
		}
	}
	return l, p, err
}

func (d *lender) find(vm inventory.VM, pin Pin, now time.Time) (address.Lease, *pool, error) {
	if pin.Address.IsValid() {
		l, p, err := d.assign(vm, pin.Address, now)
		if err == nil || !pin.wished {
			return l, p, err
		}
	}
	if p := d.lending(vm.Key); p != nil {
		l, err := p.lease(vm, d.tenant, netip.Addr{}, now)
		return l, p, err
	}
	if err := d.within(now); err != nil {
		return address.Lease{}, nil, err
	}
	var exhausted error
	for _, p := range d.pools {
		l, err := p.lease(vm, d.tenant, netip.Addr{}, now)
		if err == nil || !errors.Is(err, address.ErrExhausted) {
			return l, p, err
		}
		exhausted = errors.Join(exhausted, err)
	}
	return address.Lease{}, nil, exhausted
}

// atOnce is how many leases one write to the disk holds at most.
const atOnce = 1000

// leaseTogether gives addresses of the first pool to those VMs that have none and
// are pinned to none: a fleet that is new costs a few writes to the disk. What it
// cannot do is left to lease, which says why.
func (d *lender) leaseTogether(vms []inventory.VM, now time.Time) error {
	vms = slices.DeleteFunc(slices.Clone(vms), func(vm inventory.VM) bool { return d.lending(vm.Key) != nil })
	if d.most > 0 {
		room := d.most
		for _, p := range d.pools {
			room -= p.bound(d.tenant, now)
		}
		vms = vms[:min(len(vms), max(room, 0))]
	}
	for some := range slices.Chunk(vms, atOnce) {
		if err := d.pools[0].leaseTogether(some, d.tenant, now); err != nil {
			return err
		}
	}
	return nil
}

// assign gives the VM this very address.
func (d *lender) assign(vm inventory.VM, a netip.Addr, now time.Time) (address.Lease, *pool, error) {
	for _, p := range d.pools {
		if !p.has(a) {
			continue
		}
		if d.lending(vm.Key) == nil {
			if err := d.within(now); err != nil {
				return address.Lease{}, nil, err
			}
		}
		l, err := p.lease(vm, d.tenant, a, now)
		return l, p, err
	}
	return address.Lease{}, nil, fmt.Errorf("address %s: in no pool of the tenant", a)
}

// lending returns the pool in which the VM has a lease; nil: none. One that was
// given an address of another pool still has the lease that ended in the first: the
// other counts.
func (d *lender) lending(vm inventory.Key) *pool {
	var best *pool
	var had address.Lease
	for _, p := range d.pools {
		if l, ok := p.of(vm); ok && (best == nil || nearer(l, had)) {
			best, had = p, l
		}
	}
	return best
}

// nearer reports whether a VM is rather to have the first of two leases of its own.
func nearer(l, than address.Lease) bool {
	for _, is := range []func(address.Lease) bool{
		address.Lease.InUse,
		func(l address.Lease) bool { return l.Pinned },
		func(l address.Lease) bool { return l.EndedAt.IsZero() },
	} {
		if is(l) != is(than) {
			return is(l)
		}
	}
	return l.Since.After(than.Since)
}

// within returns an error when the tenant keeps as many addresses from others as
// it may. Those held and in quarantine count: else a tenant that makes and deletes
// VMs would use up a shared pool all the same.
func (d *lender) within(now time.Time) error {
	if d.most == 0 {
		return nil
	}
	n := 0
	for _, p := range d.pools {
		n += p.bound(d.tenant, now)
	}
	if n >= d.most {
		return fmt.Errorf("the tenant has %d addresses in use, held or in quarantine, of %d that it may have", n, d.most)
	}
	return nil
}

// release holds the tenant's lease of a VM.
func (d *lender) release(key inventory.Key, now time.Time) error {
	var problems []error
	for _, p := range d.pools {
		problems = append(problems, p.release(key, d.tenant, now))
	}
	return errors.Join(problems...)
}

// leased returns the leases in use that belong to the tenant.
func (d *lender) leased() []address.Lease {
	var out []address.Lease
	for _, p := range d.pools {
		out = append(out, p.leased(d.tenant)...)
	}
	return out
}

// sweep cleans the interfaces of all its pools.
func (d *lender) sweep() error {
	var problems []error
	for _, p := range d.pools {
		problems = append(problems, p.sweep())
	}
	return errors.Join(problems...)
}
