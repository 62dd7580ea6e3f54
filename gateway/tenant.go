package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
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
	config   Tenant
	vc       *vsphere.VCenter
	pool     *pool
	store    *store.Store
	log      *slog.Logger
	metrics  *metrics.Tenant
	version  Version
	ledger   *ledger
	logs     *eventLogs
	sessions bmc.SessionLimit // of all its BMCs together; nil: none
	loginLog *rate.Limiter    // of lines about failed logins

	retiring sync.WaitGroup // machines that finish what they began

	// Of the reconcile loop alone.
	unknown error // why the inventory is not known; nil while it is
	known   bool  // it has been known
	swept   bool  // what an earlier run left behind is gone

	mu        sync.Mutex
	endpoints map[inventory.Key]*endpoint
	waiting   map[inventory.Key]waiting
	boots     map[inventory.Key]*bootOverride
}

// waiting is a VM that should be served and cannot be, for now.
type waiting struct {
	vm    inventory.VM
	err   error
	since time.Time
}

// run serves until ctx ends, then stops every endpoint.
func (t *tenant) run(ctx context.Context) {
	hints, unsubscribe := t.vc.Subscribe()
	defer unsubscribe()
	defer t.stopAll()
	counting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var counter sync.WaitGroup
	counter.Go(func() {
		t.ledger.run(counting, t.serving, func(err error) {
			if err != nil {
				t.log.Warn("storing failed", "error", err)
			}
		})
	})
	defer counter.Wait()
	defer stop()
	// The only error is the end of ctx.
	_ = inventory.Watch(ctx, t.vc.Source(t.config.Select), hints, reconcileInterval, reconcileAgain, t.reconcile)
}

// takeUp continues the boot overrides of an earlier run, also of VMs that are
// not served any more: their boot order may still have to be put back.
func (t *tenant) takeUp(overrides []store.BootOverride) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, o := range overrides {
		if o.Tenant == t.config.Name {
			t.boots[o.Key] = newBootOverride(o, t.vc, t.store, t.config.Power.BootRestoreAfter)
		}
	}
}

// bootOverride returns the VM's, which outlives its endpoint.
func (t *tenant) bootOverride(key inventory.Key) *bootOverride {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, ok := t.boots[key]
	if !ok {
		record := store.BootOverride{Key: key, Tenant: t.config.Name}
		b = newBootOverride(record, t.vc, t.store, t.config.Power.BootRestoreAfter)
		t.boots[key] = b
	}
	return b
}

// retire lets a machine finish its power action without holding up the loop: a
// power cycle ends with the VM on, whatever becomes of its BMC.
func (t *tenant) retire(m *machine) {
	t.retiring.Go(m.ops.close)
}

// stopAll stops every endpoint and waits for what they had begun.
func (t *tenant) stopAll() {
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
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.boots {
		b.close()
	}
}
