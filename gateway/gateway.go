package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/gateway/pulse"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A Gateway is the whole daemon: vCenters, pools and tenants, from Run's start
// to its end.
type Gateway struct {
	version Version
	log     *slog.Logger
	metrics *metrics.Metrics
	started time.Time
	record  *recorder
	ready   chan struct{} // closed when all is open and runs
	keeping pulse.Pulse   // of keepState

	connections parts // vCenters
	tenancies   parts

	reloads reloads

	// mu is over what follows; of the slices, which a reload replaces and nobody
	// changes, it is over which they are.
	mu       sync.Mutex
	config   Config // as far as it is in force
	vcenters []*upstream

	store   *store.Store // these once Run has built them
	logs    *eventLogs
	sockets *listen.Server
	host    *host
	pools   []*pool
	tenants []*tenant
	boots   *bootOverrides
	cycles  *cycles

	maintenance *maintenances
	grants      *grants
	clock       *clock
	shared      *sharedState
	claims      *claims

	stateFailed string // why the state file could not be written last; of keepState alone
}

// ownTenant is what metrics call commands that belong to no tenant; none can have
// the name.
const ownTenant = "-"

// A Version is which gateway this is.
type Version struct {
	Text     string   // "0.1.0"
	Firmware [2]uint8 // major and minor, for Get Device ID
}

// New builds a gateway and does no I/O. m may be nil.
func New(c Config, v Version, log *slog.Logger, m *metrics.Metrics) (*Gateway, error) {
	g := &Gateway{config: c, version: v, log: log, metrics: m, started: time.Now(), ready: make(chan struct{}),
		record: newRecorder(c.Audit, log)}
	for _, vc := range c.VCenters {
		u, err := g.connect(vc, c.Tenants)
		if err != nil {
			return nil, err
		}
		g.vcenters = append(g.vcenters, u)
	}
	return g, nil
}

// Run serves until ctx ends and returns nil then. It fails only for what
// concerns the daemon as a whole: the state file, the admin socket, netlink. A
// vCenter that is gone or an interface that is missing degrades its tenants.
func (g *Gateway) Run(ctx context.Context) error {
	st, err := g.openState()
	if err != nil {
		return err
	}
	defer st.Close()
	socket, err := admin.Listen(g.config.AdminSocket)
	if err != nil {
		return err
	}
	host, err := openHost(g.config.Pools, g.noteAddress, g.log)
	if err != nil {
		return errors.Join(err, socket.Close())
	}
	defer func() { _ = host.close() }()
	if err := g.build(st, host); err != nil {
		return errors.Join(err, socket.Close())
	}
	stop := g.metrics.Observe(g.snapshot)
	defer stop()
	return g.serve(ctx, socket, host)
}

// serve runs everything in one group. Tenants end before the vCenters do: what
// they have begun, such as the second half of a power cycle, needs them.
func (g *Gateway) serve(ctx context.Context, socket *admin.Listener, host *host) error {
	all, ctx := errgroup.WithContext(ctx)
	upstream, disconnect := context.WithCancel(context.WithoutCancel(ctx))
	defer disconnect()
	g.connections.begin(upstream)
	for _, u := range g.upstreams() {
		g.speak(u)
	}
	all.Go(func() error {
		g.record.file.Run(upstream) // until the tenants have ended
		return nil
	})
	all.Go(func() error {
		host.run(upstream, g.Live)
		return nil
	})
	g.tenancies.begin(ctx)
	for _, t := range g.served() {
		g.tenancies.start(t, t.run)
	}
	all.Go(func() error {
		defer disconnect()
		defer g.boots.close()
		defer context.AfterFunc(ctx, g.boots.cancel)()
		<-ctx.Done()
		g.tenancies.wait()
		g.withdraw()
		return nil
	})
	g.reloads.allow(ctx)
	all.Go(func() error { return socket.Serve(ctx, g) })
	all.Go(func() error {
		g.keepState(ctx)
		return nil
	})
	all.Go(func() error {
		g.maintained().run(ctx)
		return nil
	})
	all.Go(func() error {
		g.granted().run(ctx)
		return nil
	})
	close(g.ready)
	err := all.Wait()
	g.reloads.refuse()
	g.connections.wait()
	return err
}

// speak has a vCenter spoken to.
func (g *Gateway) speak(u *upstream) {
	g.connections.start(u, func(ctx context.Context) {
		if err := u.vc.Run(ctx); err != nil { // it was run before
			g.log.Error("vCenter is not spoken to", "vcenter", u.config.Name, "error", err)
		}
	})
}

// build makes pools and tenants from what an earlier run left in the state file.
func (g *Gateway) build(st *store.Store, host *host) error {
	leases, err := st.Leases()
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
	inMaintenance, err := st.Maintenances()
	if err != nil {
		g.log.Error("some maintenance is damaged; it is over", "error", err)
	}
	given, err := st.Grants()
	if err != nil {
		g.log.Error("some accounts for a time are damaged; they are over", "error", err)
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
	g.cycles = newCycles(st, cycles)
	g.claims = newClaims()
	g.shared = &sharedState{store: st, clock: g.clock, macs: address.NewMACs(), pinned: pinnedAddresses(g.config.Tenants)}
	if err := g.buildPools(leases); err != nil {
		return err
	}
	for _, p := range g.pools {
		for _, l := range p.inUse() {
			// Who had a VM keeps it, whoever is first to know its inventory.
			_ = g.claims.take(l.Key, l.Tenant)
		}
	}
	for _, c := range g.config.Tenants {
		t, err := g.newTenant(c, guarded[c.Name])
		if err != nil {
			return err
		}
		t.ledger.takeUp(bmcs)
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
	return nil
}

// takeUp has a pool go on from what the state file has of its addresses.
func (g *Gateway) takeUp(p *pool, all []*pool, leases []address.Lease, tenants []Tenant) {
	err := errors.Join(p.adopt(leases, all), p.dismiss(tenantsOf(tenants, p.config.Name), time.Now()), p.sweep(), p.takeUp())
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
		lender: lender, claims: g.claims, boots: g.boots, cycles: g.cycles, maintenance: g.maintenance, grants: g.grants, version: g.version,
		logs: g.logs, sessions: sessionLimit(c), sockets: g.sockets, sensors: sensors,
		removals: newRemovals(c, g.store, log, before, lender.leased()), again: make(chan time.Duration, 1),
		log: log, metrics: g.metrics.Tenant(c.Name), record: g.record,
		packets:   rate.NewLimiter(1, packetLines),
		endpoints: make(map[inventory.Key]*endpoint), waiting: make(map[inventory.Key]waiting),
	}
	t.conf.Store(&c)
	t.link.Store(newLink(g.vcenters[at].vc))
	t.ledger = newLedger(t.vc, g.store)
	t.removals.event = t.tellAll
	t.fuse = newFuse(func() Fuse { return t.config().Fuse }, t.size, t.noteFuse)
	return t, nil
}

// state returns the state file; nil before Run has opened it.
func (g *Gateway) state() *store.Store {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.store
}

func (g *Gateway) maintained() *maintenances {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.maintenance
}

func (g *Gateway) granted() *grants {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.grants
}

func (g *Gateway) eventLogs() *eventLogs {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.logs
}

// served returns the tenants; none before Run has built them.
func (g *Gateway) served() []*tenant {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tenants
}

// lent returns the pools; none before Run has built them.
func (g *Gateway) lent() []*pool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pools
}

// upstreams returns the vCenters.
func (g *Gateway) upstreams() []*upstream {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.vcenters
}

// sessionLimit is of all BMCs of a tenant together; nil: none.
func sessionLimit(c Tenant) bmc.SessionLimit {
	if c.Quota.Sessions == 0 {
		return nil
	}
	return bmc.NewQuota(c.Quota.Sessions, len(c.Accounts))
}

// filled returns the configuration of a vCenter with what its tenants ask of it.
func filled(vc vsphere.Config, tenants []Tenant) vsphere.Config {
	vc.Folders, vc.Tags = wanted(tenants, vc.Name)
	vc.Selectors, vc.Shares, vc.ReadOnly = nil, nil, true
	for _, t := range tenants {
		if t.VCenter != vc.Name {
			continue
		}
		vc.Selectors = append(vc.Selectors, t.Select)
		vc.Shares = append(vc.Shares, vsphere.TenantShare{
			Tenant: t.Name, Weight: t.Power.Weight, Rate: t.Power.CommandRate, Burst: t.Power.CommandBurst,
		})
		for _, a := range t.Accounts {
			vc.ReadOnly = vc.ReadOnly && a.Privilege < ipmi.Operator
		}
	}
	return vc
}

// wanted is the union of what the tenants of a vCenter select by.
func wanted(tenants []Tenant, vcenter string) (folders []vsphere.Folder, tags []string) {
	seenFolder, seenTag := make(map[vsphere.Folder]bool), make(map[string]bool)
	for _, t := range tenants {
		if t.VCenter != vcenter {
			continue
		}
		needFolders, needTags := vsphere.Needs(t.needs())
		for _, f := range needFolders {
			if !seenFolder[f] {
				seenFolder[f] = true
				folders = append(folders, f)
			}
		}
		for _, tag := range needTags {
			if !seenTag[tag] {
				seenTag[tag] = true
				tags = append(tags, tag)
			}
		}
	}
	return folders, tags
}
