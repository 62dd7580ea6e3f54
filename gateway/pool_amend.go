package gateway

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// An amendment is a pool that goes on with other ranges, another hold or another
// quarantine.
type amendment struct {
	pool  *pool
	books *address.Pool // new ones, with nothing in them
}

// amendPools changes pools at the same time, with the books of all of them closed:
// an address that goes from one to another is given away by one at any moment, and
// its lease goes with it, in use, held or quarantined. So do the leases in the state
// file of addresses that no pool had for a while. Leases of addresses that no pool
// has any more are as after a restart: their VMs get others, and the error tells of
// them. all are the pools there are from now on.
func amendPools(changes []amendment, all []*pool, s *sharedState) error {
	for _, c := range changes {
		c.pool.mu.Lock()
		defer c.pool.mu.Unlock()
	}
	stored, err := s.store.Leases()
	problems := []error{err}
	leases := overlaid(stored, changes)
	stay := slices.DeleteFunc(slices.Clone(all), func(p *pool) bool {
		return slices.ContainsFunc(changes, func(c amendment) bool { return c.pool == p })
	})
	for _, c := range changes {
		c.pool.books = c.books
	}
	for _, c := range changes {
		elsewhere := func(a netip.Addr) bool {
			return contains(stay, a) || slices.ContainsFunc(changes, func(o amendment) bool { return o != c && o.books.Contains(a) })
		}
		c.pool.takeDebts(changes)
		problems = append(problems, c.pool.enter(leases, elsewhere))
	}
	return errors.Join(problems...)
}

// overlaid returns the leases by what the books say, and by the state file where
// they say nothing.
func overlaid(stored []address.Lease, changes []amendment) []address.Lease {
	var leases []address.Lease
	known := make(map[netip.Addr]bool)
	for _, c := range changes {
		for _, l := range c.pool.books.Leases() {
			known[l.Address] = true
			leases = append(leases, l)
		}
	}
	for _, l := range stored {
		if !known[l.Address] {
			leases = append(leases, l)
		}
	}
	return leases
}

// takeDebts makes what other pools owe the state file the pool's, where it has the
// address now: they would have its lease forgotten.
func (p *pool) takeDebts(changes []amendment) {
	for _, c := range changes {
		for a := range c.pool.owed {
			if c.pool != p && p.books.Contains(a) {
				delete(c.pool.owed, a)
				p.owed[a] = true
			}
		}
	}
}

// disown forgets that an address was the pool's once that another has now: its sweep
// would take it off the interface.
func disown(all []*pool) {
	for _, p := range all {
		p.mu.Lock()
		gone := make([]netip.Addr, 0, len(p.disowned))
		for a := range p.disowned {
			gone = append(gone, a)
		}
		p.mu.Unlock()
		for _, a := range gone {
			if contains(all, a) {
				p.mu.Lock()
				delete(p.disowned, a)
				p.mu.Unlock()
			}
		}
	}
}
