package gateway

import (
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// changePools ends pools and begins others, and releases what those tenants had in
// use that are not a pool's any more.
func (ch *change) changePools() {
	g := ch.g
	g.shared.pinned = pinnedAddresses(ch.now.Tenants)
	var all, begun []*pool
	for _, p := range g.lent() {
		name := p.config.Name
		if !ch.ends("pool", name) {
			all = append(all, p)
			p.setAside(g.shared.pinned)
		}
		if err := p.vacate(tenantsOf(ch.now.Tenants, name), ch.ends("pool", name)); err != nil {
			g.log.Warn("ending leases failed", "pool", name, "error", err)
		}
	}
	for _, c := range ch.now.Pools {
		if !ch.begins("pool", c.Name) {
			continue
		}
		p, err := g.host.newPool(c, g.shared)
		if err != nil { // it was checked
			g.log.Error("pool not used", "pool", c.Name, "error", err)
			continue
		}
		all, begun = append(all, p), append(begun, p)
	}
	ch.amendPools(all)
	if len(begun) > 0 {
		leases, err := g.store.Leases()
		if err != nil {
			g.log.Error("some leases are damaged; their VMs get new addresses", "error", err)
		}
		for _, p := range begun {
			g.takeUp(p, all, leases, ch.now.Tenants)
		}
	}
	disown(all)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pools = all
}

// amendPools changes the pools that stay.
func (ch *change) amendPools(all []*pool) {
	g := ch.g
	var changes []amendment
	for _, c := range ch.now.Pools {
		if ch.action["pool "+c.Name] != admin.ReloadChange {
			continue
		}
		at := slices.IndexFunc(all, func(p *pool) bool { return p.config.Name == c.Name })
		books, err := address.NewPool(c.PoolConfig, g.shared.macs)
		if err != nil { // it was checked
			g.log.Error("pool not changed", "pool", c.Name, "error", err)
			continue
		}
		books.SetAside(g.shared.pinned)
		changes = append(changes, amendment{all[at], books})
	}
	if len(changes) == 0 {
		return
	}
	if err := amendPools(changes, all, g.shared); err != nil {
		g.log.Warn("taking up what pools had given away", "error", err)
	}
	for _, c := range changes {
		name := c.pool.config.Name
		if err := c.pool.dismiss(tenantsOf(ch.now.Tenants, name), time.Now()); err != nil {
			g.log.Warn("ending leases failed", "pool", name, "error", err)
		}
		for _, t := range g.served() {
			if slices.Contains(t.config().Pools, name) {
				t.compareIn(0) // those that have no address any more get another
			}
		}
	}
}

// vacate releases the leases of tenants that are not the pool's any more, and takes
// what is left of them off the interface; with the whole pool, if that ends.
func (p *pool) vacate(tenants map[string]bool, whole bool) error {
	if err := p.dismiss(tenants, time.Now()); err != nil {
		return err
	}
	if whole {
		return p.withdraw()
	}
	return p.sweep()
}

// setAside keeps addresses for the VMs they are pinned to.
func (p *pool) setAside(pinned []netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.books.SetAside(pinned)
}
