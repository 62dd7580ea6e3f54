package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// bootOverrides has one bootOverride for each VM, whichever tenant serves it and
// whether it is served at all: two for one VM would take each other's changes
// for its own boot order.
type bootOverrides struct {
	ctx    context.Context // of their keepers
	cancel context.CancelFunc
	store  *store.Store
	log    *slog.Logger

	mu    sync.Mutex
	left  map[inventory.Key]store.BootOverride // by an earlier run, not taken up yet
	inUse map[inventory.Key]*bootOverride
}

func newBootOverrides(st *store.Store, log *slog.Logger, left []store.BootOverride) *bootOverrides {
	ctx, cancel := context.WithCancel(context.Background())
	o := &bootOverrides{
		ctx: ctx, cancel: cancel, store: st, log: log,
		left: make(map[inventory.Key]store.BootOverride), inUse: make(map[inventory.Key]*bootOverride),
	}
	for _, record := range left {
		o.left[record.Key] = record
	}
	return o
}

// of returns the VM's, for a tenant that serves it from now on.
func (o *bootOverrides) of(key inventory.Key, vc *vsphere.VCenter, tenant Tenant) *bootOverride {
	o.mu.Lock()
	defer o.mu.Unlock()
	b, ok := o.inUse[key]
	if !ok {
		record, ok := o.left[key]
		if !ok {
			record = store.BootOverride{Key: key}
		}
		record.Tenant = tenant.Name
		return o.use(record, vc, tenant.Power.BootRestoreAfter)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.vc.Store(vc)
	b.record.Tenant, b.grace = tenant.Name, tenant.Power.BootRestoreAfter
	return b
}

// takeUp continues what an earlier run left on the VMs of a vCenter, also on
// those that no tenant serves any more: their boot order is still to be put back.
func (o *bootOverrides) takeUp(vc *vsphere.VCenter, grace time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.left) == 0 {
		return
	}
	id := vc.Status().InstanceUUID
	for key, record := range o.left {
		if key.VCenter == id {
			o.use(record, vc, grace)
		}
	}
}

// use puts a record to use. mu is held.
func (o *bootOverrides) use(record store.BootOverride, vc *vsphere.VCenter, grace time.Duration) *bootOverride {
	b := newBootOverride(o.ctx, record, vc, o.store, grace, func(err error) {
		o.log.Warn("boot order not changed or not put back yet", "vm", record.Key.VM, "tenant", record.Tenant, "error", err)
	})
	o.inUse[record.Key] = b
	delete(o.left, record.Key)
	return b
}

// close ends the keepers, after all machines have ended. cancel alone tells them
// to, so that a machine that ends its power cycle need not wait for one.
func (o *bootOverrides) close() {
	o.cancel()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, b := range o.inUse {
		b.close()
	}
}
