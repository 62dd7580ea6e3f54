package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A bootOverride is the next-boot state machine of one VM. vSphere has a boot
// order but no "next boot only", so the order is changed before a cold start
// and put back after it:
//
//	Set Boot Options            flags are stored; vSphere hears nothing
//	power on, cycle, reset      the VM's own order is stored, then changed, then the VM starts
//	started, and after a grace  the order is put back; if the VM must be off for that, when it is
//	                            off next, and in any case before it is started again
//	persistent                  the order is changed as soon as the VM allows, and stays
//
// The order to put back is on disk before anything is changed, so a gateway
// that dies in between puts it back when it comes again.
type bootOverride struct {
	vc    *vsphere.VCenter
	store *store.Store
	grace time.Duration // from the start of the VM until its order is put back

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	step   sync.Mutex // held over vSphere calls, so that two steps never mix

	mu       sync.Mutex
	record   store.BootOverride
	validFor time.Duration // as last set, for the countdown; 0: no expiry
	keeping  bool          // a keeper goroutine is on its way
}

// newBootOverride starts from the record of an earlier run, or from one that
// has only the key and the tenant.
func newBootOverride(record store.BootOverride, vc *vsphere.VCenter, st *store.Store, grace time.Duration) *bootOverride {
	ctx, cancel := context.WithCancel(context.Background())
	b := &bootOverride{vc: vc, store: st, grace: grace, ctx: ctx, cancel: cancel, record: record}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keep()
	return b
}

// flags returns the flags as set, without the valid bit once they have expired.
func (b *bootOverride) flags() ipmi.BootFlags {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current()
}

// pending reports whether the next start has to change the boot order.
func (b *bootOverride) pending() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.wanted()
	return ok && !b.record.Written
}

// set stores the flags durably. Those for the next boot expire after validFor
// without a Chassis Control (section 28.12); persistent ones do not.
func (b *bootOverride) set(f ipmi.BootFlags, validFor time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.record
	next.Flags, next.Written, next.Until = f, false, time.Time{}
	if f.Valid() && !f.Persistent() && validFor > 0 {
		next.Until = time.Now().Add(validFor)
	}
	if err := b.save(next); err != nil {
		return err
	}
	b.validFor = validFor
	b.keep()
	return nil
}

// restartCountdown gives the flags their full time again: a Chassis Control
// came, though perhaps not yet the one that starts the VM.
func (b *bootOverride) restartCountdown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current().Valid() && !b.record.Until.IsZero() && b.validFor > 0 {
		b.record.Until = time.Now().Add(b.validFor) // in memory: on disk the shorter time is the safe one
	}
}

// prepare makes the boot order what the next start wants; the VM is off. It is
// an error when the VM lacks the device: it must not start from another one.
func (b *bootOverride) prepare(ctx context.Context) error {
	b.step.Lock()
	defer b.step.Unlock()
	b.mu.Lock()
	device, want := b.wanted()
	written, dirty := b.record.Written, b.record.Original != nil
	b.mu.Unlock()
	switch {
	case want && written:
		return nil
	case want:
		return b.write(ctx, device, dirty)
	case dirty:
		return b.restore(ctx)
	}
	return nil
}

// write changes the boot order, with the VM's own on disk before.
func (b *bootOverride) write(ctx context.Context, device vsphere.BootDevice, dirty bool) error {
	if dirty {
		if err := b.putBack(ctx); err != nil {
			return err
		}
	} else {
		original, err := b.vc.Boot(ctx, b.key())
		if err != nil {
			return err
		}
		text, err := json.Marshal(original)
		if err != nil {
			return err
		}
		if err := b.update(func(r *store.BootOverride) { r.Original = text }); err != nil {
			return err
		}
	}
	if err := b.vc.SetBootDevice(ctx, b.key(), device); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

// used records that the VM was started: flags for one boot are spent, and the
// order is to be put back after the grace.
func (b *bootOverride) used() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.record
	f := b.current()
	if next.Original == nil && !f.Valid() {
		return nil
	}
	next.StartedAt = time.Now()
	next.Written = f.Valid() && f.Persistent()
	if !f.Persistent() {
		next.Flags, next.Until = f.Cleared(), time.Time{}
	}
	if err := b.save(next); err != nil {
		return err
	}
	b.keep()
	return nil
}

// restore puts the VM's own order back and forgets it.
func (b *bootOverride) restore(ctx context.Context) error {
	if err := b.putBack(ctx); err != nil {
		return err
	}
	return b.update(func(r *store.BootOverride) { r.Original, r.Written = nil, false })
}

func (b *bootOverride) putBack(ctx context.Context) error {
	b.mu.Lock()
	text := b.record.Original
	b.mu.Unlock()
	var original vsphere.BootConfig
	if err := json.Unmarshal(text, &original); err != nil {
		return fmt.Errorf("stored boot order of %s: %w", b.key(), err)
	}
	return b.vc.RestoreBoot(ctx, b.key(), original)
}

// current returns the flags with their expiry applied. mu is held.
func (b *bootOverride) current() ipmi.BootFlags {
	f := ipmi.BootFlags(b.record.Flags)
	if !b.record.Until.IsZero() && time.Now().After(b.record.Until) {
		return f.Cleared()
	}
	return f
}

// wanted returns the device that valid flags ask for. mu is held.
func (b *bootOverride) wanted() (vsphere.BootDevice, bool) {
	f := b.current()
	if !f.Valid() {
		return 0, false
	}
	return bootDevice(f.Device())
}

func (b *bootOverride) key() inventory.Key { return b.record.Key }

func (b *bootOverride) update(change func(*store.BootOverride)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.record
	change(&next)
	return b.save(next)
}

// save makes the record durable before it holds. Without valid flags and
// without an order to put back there is nothing to keep. mu is held.
func (b *bootOverride) save(next store.BootOverride) error {
	put := b.store.PutOverride
	if next.Original == nil && !ipmi.BootFlags(next.Flags).Valid() {
		put = func(r store.BootOverride) error { return b.store.DeleteOverride(r.Key) }
	}
	if err := put(next); err != nil {
		return err
	}
	b.record = next
	return nil
}
