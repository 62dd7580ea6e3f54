package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/gateway/pulse"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/metrics"
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

	tags        address.Tags
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
	retired *retired

	maintenance *maintenances
	grants      *grants
	clock       *clock
	shared      *sharedState
	claims      *claims

	registerPort uint16 // where vCenters look for BMCs

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
		record: newRecorder(c.Audit, log), registerPort: hostPort}
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
	host, err := openHost(g.config.Pools, &g.tags, g.noteAddress, g.log)
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
