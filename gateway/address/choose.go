package address

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"sort"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// choose finds an address for a VM that has none. VMs that have waited longer go
// first: there must be an address for each of them as well.
func (p *Pool) choose(k inventory.Key, now time.Time) (netip.Addr, bool) {
	if ahead := p.waiting.ahead(k); ahead > 0 && p.available(now, ahead+1) <= ahead {
		return netip.Addr{}, false
	}
	if a, ok := p.unused(k); ok {
		return a, true
	}
	return p.lapsed(now)
}

// unused returns an address that was never given away.
func (p *Pool) unused(k inventory.Key) (netip.Addr, bool) {
	if p.size > MaxPoolSize {
		return p.unusedBehind(p.place(k))
	}
	for ; p.low < p.size; p.low++ {
		if a := p.at(p.low); p.isUnused(a) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// place is where in a large pool a VM's address is looked for. Leases that are
// lost come back by it: do not change the derivation.
func (p *Pool) place(k inventory.Key) uint64 {
	sum := sha256.Sum256([]byte("address of " + k.String()))
	return binary.BigEndian.Uint64(sum[:8]) % p.size
}

// unusedBehind returns the first unused address from a place on. So many are
// used at most as there are entries and addresses set aside.
func (p *Pool) unusedBehind(i uint64) (netip.Addr, bool) {
	for n := 0; n <= len(p.entries)+len(p.aside); n++ {
		if a := p.at(i); p.isUnused(a) {
			return a, true
		}
		if i++; i == p.size {
			i = 0
		}
	}
	return netip.Addr{}, false
}

func (p *Pool) isUnused(a netip.Addr) bool { return p.entries[a] == nil && !p.aside[a] }

// lapsed returns the address whose quarantine ended first.
func (p *Pool) lapsed(now time.Time) (netip.Addr, bool) {
	if len(p.held) == 0 || now.Before(p.held[0].free) {
		return netip.Addr{}, false
	}
	if a := p.held[0].Address; !p.aside[a] {
		return a, true
	}
	var first *entry
	for _, e := range p.held {
		if !p.aside[e.Address] && !now.Before(e.free) && (first == nil || e.free.Before(first.free)) {
			first = e
		}
	}
	if first == nil {
		return netip.Addr{}, false
	}
	return first.Address, true
}

// available counts the addresses that could be given to anybody, up to enough.
func (p *Pool) available(now time.Time, enough int) int {
	aside := 0
	for a := range p.aside {
		if p.entries[a] == nil {
			aside++
		}
	}
	if unused := p.size - uint64(len(p.entries)+aside); unused >= uint64(enough) {
		return enough
	}
	n := int(p.size) - len(p.entries) - aside
	if len(p.held) == 0 || now.Before(p.held[0].free) {
		return n
	}
	for _, e := range p.held {
		if !p.aside[e.Address] && !now.Before(e.free) {
			n++
		}
	}
	return min(n, enough)
}

// SetAside keeps these addresses, and no others any more, for [Pool.Assign]:
// Allocate gives them to nobody. It is for those that the configuration pins to VMs.
func (p *Pool) SetAside(addresses []netip.Addr) {
	clear(p.aside)
	for _, a := range addresses {
		if p.Contains(a) {
			p.aside[a] = true
		}
	}
}

// index returns the place of an address among those the pool may give away.
func (p *Pool) index(a netip.Addr) (uint64, bool) {
	if a.BitLen() != p.config.bits() || a.Zone() != "" {
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
	d, _ := distance(p.ranges[n].First, a)
	return p.starts[n] + d, true
}

// at returns the address at a place.
func (p *Pool) at(i uint64) netip.Addr {
	n := sort.Search(len(p.starts), func(n int) bool { return p.starts[n] > i }) - 1
	return after(p.ranges[n].First, i-p.starts[n])
}
