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

// onTimes counts how long the VMs of a tenant have been on, for the power-on
// hours counter. A gap, such as a restart of the gateway, counts for a VM that was
// on before and has not been started since.
type onTimes struct {
	vc    *vsphere.VCenter
	store *store.Store

	mu    sync.Mutex
	times map[inventory.Key]store.BMC
	dirty map[inventory.Key]bool
}

func newOnTimes(vc *vsphere.VCenter, st *store.Store) *onTimes {
	return &onTimes{vc: vc, store: st, times: make(map[inventory.Key]store.BMC), dirty: make(map[inventory.Key]bool)}
}

// takeUp goes on from an earlier run.
func (o *onTimes) takeUp(records []store.BMC) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		o.times[r.Key] = r
	}
}

// minutes returns how long the VM has been on, up to now.
func (o *onTimes) minutes(key inventory.Key) uint32 {
	return uint32(o.count(key, time.Now()).OnTime / time.Minute)
}

// count brings a VM's record up to date. While nobody vouches for its state,
// nothing is counted; what was missed is, once its state is known again.
func (o *onTimes) count(key inventory.Key, now time.Time) store.BMC {
	s, err := o.vc.State(key)
	o.mu.Lock()
	defer o.mu.Unlock()
	r, known := o.times[key]
	if !known {
		r = store.BMC{Key: key}
	}
	if err == nil {
		r = counted(r, s.Power == vsphere.PoweredOn, s.BootTime, now)
		o.times[key], o.dirty[key] = r, true
	}
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
func (o *onTimes) run(ctx context.Context, serving func() []inventory.VM, failed func(error)) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			failed(o.save(serving()))
			return
		case <-tick.C:
		}
		if n%storeEvery == 0 {
			failed(o.save(serving()))
		}
	}
}

// save counts and writes what has changed.
func (o *onTimes) save(vms []inventory.VM) error {
	now := time.Now()
	for _, vm := range vms {
		o.count(vm.Key, now)
	}
	o.mu.Lock()
	var changed []store.BMC
	for key := range o.dirty {
		changed = append(changed, o.times[key])
	}
	clear(o.dirty)
	o.mu.Unlock()
	if len(changed) == 0 {
		return nil
	}
	err := o.store.PutBMCs(changed)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		for _, r := range changed {
			o.dirty[r.Key] = true
		}
		return errors.Join(errors.New("power-on hours"), err)
	}
	return nil
}
