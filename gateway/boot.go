package gateway

import (
	"context"
	"sync"
	"sync/atomic"
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
//	                            off next, and in any case before we start it again
//	not started after all       the same; the flags stay until they expire
//	persistent                  the order is changed as soon as the VM allows, and stays
//
// The order to put back is on disk before anything is changed, so a gateway
// that dies in between puts it back when it comes again.
type bootOverride struct {
	vc      atomic.Pointer[vsphere.VCenter]
	store   *store.Store
	problem func(error) // is told, once, why a boot order could not be changed or put back

	ctx  context.Context // of the keeper
	wg   sync.WaitGroup
	step sync.Mutex // held over vSphere calls, so that two steps never mix

	// mu is held while the record goes to the disk. What flags reads changes under
	// seen as well: it is on the packet path and waits for no disk.
	mu       sync.Mutex
	seen     sync.Mutex
	record   store.BootOverride
	grace    time.Duration // from the start of the VM until its order is put back
	setAt    time.Time     // when flags were set last, in this run
	ranAt    time.Time     // when our last start of the VM was over, in this run
	validFor time.Duration // as last set, for the countdown; 0: no expiry
	holds    int           // starts under way, during which flags do not expire
	waits    string        // what a parked chore waits for, in words
	keeping  bool          // a keeper goroutine is on its way
}

// newBootOverride starts from the record of an earlier run, or from one that
// has only the key and the tenant. Its keeper works until ctx ends; close waits
// for it.
func newBootOverride(ctx context.Context, record store.BootOverride, vc *vsphere.VCenter, st *store.Store, grace time.Duration, problem func(error)) *bootOverride {
	b := &bootOverride{store: st, problem: problem, grace: grace, ctx: ctx, record: record}
	b.vc.Store(vc)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keep()
	return b
}

// flags returns the flags as set, without the valid bit once they have expired.
func (b *bootOverride) flags() ipmi.BootFlags {
	b.seen.Lock()
	defer b.seen.Unlock()
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
	next.Flags, next.Written, next.Starting, next.Until = f, false, false, time.Time{}
	if f.Valid() && !f.Persistent() && validFor > 0 {
		next.Until = time.Now().Add(validFor)
	}
	if err := b.save(next); err != nil {
		return err
	}
	b.validFor, b.setAt = validFor, time.Now()
	b.keep()
	return nil
}

// startedElsewhere ends flags for one boot, of a VM that somebody else has started
// since they were set: the VM has used its own order, and the flags are not for
// some boot after that one. A start that was seen before ours was over is ours.
func (b *bootOverride) startedElsewhere(at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.current(); !f.Valid() || f.Persistent() || b.holds > 0 || b.setAt.After(at) || !at.After(b.ranAt) {
		return nil
	}
	next := b.record
	spend(&next)
	if err := b.save(next); err != nil {
		return err
	}
	b.keep()
	return nil
}

// restartCountdown gives the flags their full time again: a Chassis Control
// came, though perhaps not yet the one that starts the VM.
func (b *bootOverride) restartCountdown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current().Valid() && !b.record.Until.IsZero() && b.validFor > 0 {
		b.seen.Lock()
		defer b.seen.Unlock()
		b.record.Until = time.Now().Add(b.validFor) // in memory: on disk the shorter time is the safe one
	}
}

// revive makes flags hold again that the start of an earlier run was about to use:
// their time may have ended while nobody ran.
func (b *bootOverride) revive(flags ipmi.BootFlags) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.record.Flags != flags || !flags.Valid() || b.record.Until.IsZero() {
		return
	}
	b.seen.Lock()
	defer b.seen.Unlock()
	b.record.Until = time.Now().Add(reviveFor)
}

// hold stops the countdown until the returned function is called: the command
// that uses the flags has come, and takes its time.
func (b *bootOverride) hold() (release func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.current().Valid() {
		return func() {} // expired flags stay so
	}
	b.holding(1)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.holding(-1)
	}
}

// holding counts holds. mu is held.
func (b *bootOverride) holding(more int) {
	b.seen.Lock()
	defer b.seen.Unlock()
	b.holds += more
}

// current returns the flags with their expiry applied. mu or seen is held.
func (b *bootOverride) current() ipmi.BootFlags {
	f := ipmi.BootFlags(b.record.Flags)
	if b.holds == 0 && !b.record.Until.IsZero() && time.Now().After(b.record.Until) {
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
	b.seen.Lock()
	defer b.seen.Unlock()
	b.record = next
	return nil
}

// close waits for the keeper, whose context has ended. What it has not done yet
// is on disk for the next run; doing it early could take the boot device from a
// VM that is just starting.
func (b *bootOverride) close() { b.wg.Wait() }
