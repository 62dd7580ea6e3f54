package gateway

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/gateway/pulse"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/metrics"
)

const (
	// reconcileInterval is the shortest time between two reconciles: a storm of
	// changes costs one.
	reconcileInterval = 200 * time.Millisecond
	// reconcileAgain is how often the inventory is compared without a hint, and
	// with it how soon a VM that could not be served is tried again.
	reconcileAgain = 5 * time.Second
	// stopAtOnce is how many endpoints are stopped side by side at the end.
	stopAtOnce = 64
)

// A tenant serves the VMs its selector wants. Its reconcile loop is the only one
// that starts and stops endpoints.
type tenant struct {
	conf     atomic.Pointer[Tenant] // see config
	link     atomic.Pointer[link]   // see vc
	lender   *lender
	claims   *claims
	boots    *bootOverrides
	cycles   *cycles
	retired  *retired
	log      *slog.Logger
	metrics  *metrics.Tenant
	record   *recorder
	fuse     *fuse
	version  Version
	sensors  *bmc.SensorTable
	ledger   *ledger
	logs     *eventLogs
	sockets  *listen.Server
	sessions bmc.SessionLimit // of all its BMCs together; nil: none
	quota    quota

	maintenance *maintenances
	grants      *grants
	accounting  sync.Mutex    // held while a BMC gets its accounts
	packets     *rate.Limiter // of log lines that anybody who can send a packet can cause

	registrar *registrar

	removals *removals
	again    chan time.Duration // when the inventory is to be compared again; one word waits
	pulse    pulse.Pulse        // of the reconcile loop
	retiring sync.WaitGroup     // machines that finish what they began
	ending   atomic.Bool        // with the daemon, and not alone
	expected atomic.Int64       // how many BMCs the inventory asks for

	// loop is held while endpoints are started, stopped or changed, and over the
	// following five.
	loop    sync.Mutex
	asked   *Tenant        // by whose selector the inventory was asked for last
	unknown error          // why the inventory is not known; nil while it is
	known   bool           // it has been known
	desired []inventory.VM // what to serve, as far as is known
	swept   bool           // what an earlier run left behind is gone
	unswept string         // why it is not

	mu        sync.Mutex
	endpoints map[inventory.Key]*endpoint
	waiting   map[inventory.Key]waiting
}

// waiting is a VM that should be served and cannot be, for now.
type waiting struct {
	vm    inventory.VM
	err   error
	since time.Time
}

// config is how the tenant is configured now. What it points to never changes: a
// reload puts another in its place.
func (t *tenant) config() *Tenant { return t.conf.Load() }

// run serves until ctx ends, then stops every endpoint.
func (t *tenant) run(ctx context.Context) {
	feed := t.subscribe()
	defer t.stopAll(ctx)
	counting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var counter sync.WaitGroup
	counter.Go(func() {
		t.ledger.run(counting, t.serving, func(err error) {
			if err != nil {
				t.log.Warn("storing failed", "error", err)
			}
		})
	})
	counter.Go(func() { t.watchStarts(counting) })
	counter.Go(func() { t.registrar.run(counting) })
	hints := make(chan struct{}, 1)
	counter.Go(func() { t.forward(counting, feed, hints) })
	defer counter.Wait()
	defer stop()
	t.pulse.Beat()
	defer t.pulse.Rest()
	// The only error is the end of ctx.
	_ = inventory.Watch(ctx, t, hints, reconcileInterval, reconcileAgain, t.reconcile)
}

// forward makes one of the two reasons to compare the inventory: it has changed,
// or somebody in here wants to be sure of it.
func (t *tenant) forward(ctx context.Context, feed feed, hints chan<- struct{}) {
	defer func() { feed.end() }()
	due := time.NewTimer(reconcileAgain)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-t.again:
			due.Reset(d)
			continue
		case <-feed.link.over:
			feed.end()
			feed = t.subscribe()
		case <-feed.changed:
		case <-due.C:
		}
		select {
		case hints <- struct{}{}:
		default: // one is waiting
		}
	}
}

// compareIn has the inventory compared after d.
func (t *tenant) compareIn(d time.Duration) {
	select {
	case t.again <- d:
	default:
	}
}

// retire lets a machine finish its power action without holding up the loop: a
// power cycle ends with the VM on, whatever becomes of its BMC.
func (t *tenant) retire(m *machine) {
	ended := t.retired.add(m.key, m.ops)
	t.retiring.Go(func() {
		defer ended()
		m.soft.close()
		m.ops.close()
	})
}

// stopAll stops every endpoint and waits for what they had begun. Their leases
// stay in use: a restart takes nobody's address.
func (t *tenant) stopAll(ctx context.Context) {
	if !endedAlone(ctx) {
		t.ending.Store(true)
		for _, p := range t.lender.pools {
			p.leaving.Store(true)
		}
	}
	t.mu.Lock()
	stopping := t.endpoints
	t.endpoints = make(map[inventory.Key]*endpoint)
	t.mu.Unlock()
	var g errgroup.Group
	g.SetLimit(stopAtOnce)
	for _, ep := range stopping {
		g.Go(func() error {
			ep.undo.run()
			return nil
		})
	}
	_ = g.Wait()
	t.retiring.Wait()
}
