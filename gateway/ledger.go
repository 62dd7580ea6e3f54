package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	countEvery = time.Minute // between two looks at what is on
	storeEvery = 5           // looks between two writes
)

// A ledger keeps the small things that must survive of a tenant's BMCs: how long
// each VM has been on, for the power-on hours counter, and how long its power
// cycles take. A gap, such as a restart of the gateway, counts for a VM that was on
// before and has not been started since.
type ledger struct {
	vc    func() *vsphere.VCenter
	store *store.Store

	// writing is held while records go to the disk, so that an older one never comes
	// after a newer. Readers do not wait for it.
	writing sync.Mutex

	mu    sync.Mutex
	times map[inventory.Key]store.BMC
	dirty map[inventory.Key]bool
}

func newLedger(vc func() *vsphere.VCenter, st *store.Store) *ledger {
	return &ledger{vc: vc, store: st, times: make(map[inventory.Key]store.BMC), dirty: make(map[inventory.Key]bool)}
}

// takeUp goes on from an earlier run.
func (l *ledger) takeUp(records []store.BMC) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.times[r.Key] = r
	}
}

// minutes returns how long the VM has been on, up to now.
func (l *ledger) minutes(key inventory.Key) uint32 {
	return uint32(l.count(key, time.Now()).OnTime / time.Minute)
}

// count brings a VM's record up to date. While nobody vouches for its state,
// nothing is counted; what was missed is, once its state is known again.
func (l *ledger) count(key inventory.Key, now time.Time) store.BMC {
	s, err := l.vc().State(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	r, known := l.times[key]
	if !known {
		r = store.BMC{Key: key}
	}
	if err == nil {
		r = counted(r, s.Power == vsphere.PoweredOn, s.BootTime, now)
		l.times[key], l.dirty[key] = r, true
	}
	return r
}

// cycleTime returns how long a power cycle leaves the VM off; otherwise when
// nobody has said.
func (l *ledger) cycleTime(key inventory.Key, otherwise time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if off := l.times[key].CycleOff; off != nil {
		return *off
	}
	return otherwise
}

// setCycleTime stores that, durably.
func (l *ledger) setCycleTime(key inventory.Key, off time.Duration) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	r := l.record(key)
	r.CycleOff = &off
	if err := l.store.PutBMCs([]store.BMC{r}); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r = l.times[key] // it may have been counted meanwhile
	r.Key, r.CycleOff = key, &off
	l.times[key] = r
	return nil
}

func (l *ledger) record(key inventory.Key) store.BMC {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.times[key]
	r.Key = key
	return r
}

// counted adds the time since the last count:
//
//	on now, was on, not started since   all of it
//	on now, started since               from its start on
//	on now, was off or suspended        nothing: from now on
//	off now                             nothing
func counted(r store.BMC, on bool, boot, now time.Time) store.BMC {
	from := now
	switch {
	case !on:
	case !boot.IsZero() && boot.After(r.CountedAt):
		from = boot
	case r.On:
		from = r.CountedAt
	}
	if from.Before(now) && !from.IsZero() {
		r.OnTime += now.Sub(from)
	}
	r.On, r.CountedAt = on, now
	return r
}

// run counts the VMs that serving names, once a minute, until ctx ends.
func (l *ledger) run(ctx context.Context, serving func() []inventory.VM, failed func(error)) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			failed(l.save(serving()))
			return
		case <-tick.C:
		}
		if n%storeEvery == 0 {
			failed(l.save(serving()))
		}
	}
}

// save counts and writes what has changed.
func (l *ledger) save(vms []inventory.VM) error {
	now := time.Now()
	for _, vm := range vms {
		l.count(vm.Key, now)
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	var changed []store.BMC
	for key := range l.dirty {
		changed = append(changed, l.times[key])
	}
	clear(l.dirty)
	l.mu.Unlock()
	if len(changed) == 0 {
		return nil
	}
	err := l.store.PutBMCs(changed)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, r := range changed {
			l.dirty[r.Key] = true
		}
		return errors.Join(errors.New("power-on hours"), err)
	}
	return nil
}
