package gateway

import (
	"net/netip"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// recall takes the addresses of the pool's leases off the interfaces that it is not
// on, where an earlier run or another configuration left them.
func (p *pool) recall(k *address.Keeper) error {
	if k == nil {
		return nil // then their lifetime ends
	}
	p.mu.Lock()
	leases := p.books.Leases()
	p.mu.Unlock()
	keep := p.config.Interface
	if p.routes != nil {
		keep = ""
	}
	return k.Recall(keep, addressesOf(leases))
}

// recallUnpooled does so with leases of addresses that no pool has any more.
func (g *Gateway) recallUnpooled(leases []address.Lease) {
	if g.host.keeper == nil {
		return
	}
	var gone []netip.Addr
	for _, a := range addressesOf(leases) {
		if !contains(g.pools, a) {
			gone = append(gone, a)
		}
	}
	if err := g.host.keeper.Recall("", gone); err != nil {
		g.log.Warn("taking off addresses that no pool has any more", "error", err)
	}
}

func addressesOf(leases []address.Lease) []netip.Addr {
	all := make([]netip.Addr, 0, len(leases))
	for _, l := range leases {
		all = append(all, l.Address)
	}
	return all
}
