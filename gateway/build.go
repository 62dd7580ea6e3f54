package gateway

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// build makes pools and tenants from what an earlier run left in the state file.
func (g *Gateway) build(st *store.Store, host *host) error {
	leases, err := st.Leases()
	whole := err == nil
	if err != nil {
		g.log.Error("some leases are damaged; their VMs get new addresses", "error", err)
	} else if err := forget(st, leases); err != nil {
		return err
	}
	overrides, err := st.Overrides()
	if err != nil {
		g.log.Error("some boot overrides are damaged", "error", err)
	}
	cycles, err := st.Cycles()
	if err != nil {
		g.log.Error("some power cycles that had not ended are damaged; their VMs may be off", "error", err)
	}
	bmcs, err := st.BMCs()
	if err != nil {
		g.log.Error("some power-on hours are damaged; they begin anew", "error", err)
	}
	guarded, err := heldBefore(st)
	if err != nil {
		g.log.Error("some held removals are damaged; the time of their hold begins anew", "error", err)
	}
	powerOffs := g.powerOffsBefore(st)
	if err := forgetPowerOffs(st, powerOffs, g.config.Tenants); err != nil {
		g.log.Warn("power-offs of tenants that are gone are still in the state file", "error", err)
	}
	inMaintenance, err := st.Maintenances()
	if err != nil {
		g.log.Error("some maintenance is damaged; it is over", "error", err)
	}
	given, err := st.Grants()
	if err != nil {
		g.log.Error("some accounts for a time are damaged; they are over", "error", err)
	}
	if whole {
		given = forgetRegistrations(st, given, leases, g.log)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.grants = newGrants(st, g.log, given, g.endGrant)
	g.maintenance = newMaintenances(st, g.log, inMaintenance)
	stood, err := st.Clock()
	if err != nil {
		g.log.Error("how long the gateway has run is damaged; quarantines go on from the last change of a lease", "error", err)
	}
	g.store, g.logs, g.clock = st, newEventLogs(st, g.log), newClock(stood, leases)
	g.sockets, g.host = host.sockets, host
	g.boots = newBootOverrides(st, g.log, overrides)
	g.cycles = newCycles(st, g.log, cycles)
	g.retired = newRetired()
	g.claims = newClaims()
	g.shared = &sharedState{store: st, clock: g.clock, macs: address.NewMACs(), pinned: pinnedAddresses(g.config.Tenants), tags: &g.tags}
	if err := g.buildPools(leases); err != nil {
		return err
	}
	for _, p := range g.pools {
		for _, l := range p.inUse() {
			// Who had a VM keeps it, whoever is first to know its inventory.
			_ = g.claims.take(l.Key, l.Tenant)
		}
	}
	return g.buildTenants(guarded, bmcs, powerOffs)
}

// buildTenants makes the tenants, with what an earlier run has left of each. mu is held.
func (g *Gateway) buildTenants(guarded map[string]*store.Tenant, bmcs []store.BMC, powerOffs []store.PowerOff) error {
	for _, c := range g.config.Tenants {
		t, err := g.newTenant(c, guarded[c.Name])
		if err != nil {
			return err
		}
		t.ledger.takeUp(bmcs)
		t.fuse.remember(g.store, c.Name, powerOffs)
		g.tenants = append(g.tenants, t)
	}
	return nil
}

// buildPools makes the pools. mu is held.
func (g *Gateway) buildPools(leases []address.Lease) error {
	for _, c := range g.config.Pools {
		p, err := g.host.newPool(c, g.shared)
		if err != nil {
			return err
		}
		g.pools = append(g.pools, p)
	}
	for _, p := range g.pools {
		g.takeUp(p, g.pools, leases, g.config.Tenants)
	}
	g.recallUnpooled(leases)
	return nil
}

// takeUp has a pool go on from what the state file has of its addresses.
func (g *Gateway) takeUp(p *pool, all []*pool, leases []address.Lease, tenants []Tenant) {
	err := errors.Join(p.adopt(leases, all), p.dismiss(tenantsOf(tenants, p.config.Name), time.Now()),
		p.recall(g.host.keeper), p.sweep(), p.takeUp())
	if err != nil {
		g.log.Warn("taking up what an earlier run left", "pool", p.config.Name, "error", err)
	}
}

// forget removes what is stored of VMs that have no lease any more, also none of
// a pool that is not configured now.
func forget(st *store.Store, leases []address.Lease) error {
	keep := make(map[inventory.Key]bool, len(leases))
	for _, l := range leases {
		keep[l.Key] = true
	}
	return st.ForgetBMCs(keep)
}

// tenantsOf returns the names of the tenants that take addresses from a pool.
func tenantsOf(tenants []Tenant, pool string) map[string]bool {
	names := make(map[string]bool)
	for _, t := range tenants {
		if slices.Contains(t.Pools, pool) {
			names[t.Name] = true
		}
	}
	return names
}

// packetLines is how many lines a tenant may log about failed logins and the
// like, which anybody can cause: one a second, after a burst.
const packetLines = 20

// newTenant makes a tenant of the pools and vCenters that there are. mu is held.
func (g *Gateway) newTenant(c Tenant, before *store.Tenant) (*tenant, error) {
	at := slices.IndexFunc(g.vcenters, func(u *upstream) bool { return u.config.Name == c.VCenter })
	if at < 0 {
		return nil, fmt.Errorf("tenant %q: vcenter %q is not configured", c.Name, c.VCenter)
	}
	lender := &lender{tenant: c.Name, most: c.MaxAddresses}
	for _, name := range c.Pools {
		at := slices.IndexFunc(g.pools, func(p *pool) bool { return p.config.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("tenant %q: pool %q is not configured", c.Name, name)
		}
		lender.pools = append(lender.pools, g.pools[at])
	}
	sensors, err := bmc.NewSensorTable(vmSensors())
	if err != nil {
		return nil, fmt.Errorf("tenant %q: %w", c.Name, err)
	}
	log := g.log.With("tenant", c.Name)
	t := &tenant{
		lender: lender, claims: g.claims, boots: g.boots, cycles: g.cycles, retired: g.retired, maintenance: g.maintenance, grants: g.grants, version: g.version,
		logs: g.logs, sessions: sessionLimit(c), sockets: g.sockets, sensors: sensors,
		removals: newRemovals(c, g.store, log, before, lender.leased()), again: make(chan time.Duration, 1),
		log: log, metrics: g.metrics.Tenant(c.Name), record: g.record,
		packets:   rate.NewLimiter(1, packetLines),
		endpoints: make(map[inventory.Key]*endpoint), waiting: make(map[inventory.Key]waiting),
	}
	t.conf.Store(&c)
	t.link.Store(newLink(g.vcenters[at].vc))
	t.ledger = newLedger(t.vc, g.store)
	t.registrar = newRegistrar(t, g.inner, g.outers, g.registerPort)
	t.removals.event = t.tellAll
	t.fuse = newFuse(func() Fuse { return t.config().Fuse }, t.size, t.noteFuse)
	return t, nil
}

// sessionLimit is of all BMCs of a tenant together; nil: none.
func sessionLimit(c Tenant) bmc.SessionLimit {
	if c.Quota.Sessions == 0 {
		return nil
	}
	return bmc.NewQuota(c.Quota.Sessions, len(c.Accounts))
}
