package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	// choreRetry is the pause after a failed attempt to put a boot order back or to write one.
	choreRetry = 30 * time.Second
	// deviceRetry is the same where the VM lacks the device, which a client or an
	// administrator has to change.
	deviceRetry = 10 * time.Minute
	// settle is how long boot flags rest before persistent ones are written to
	// the VM: clients set them in several steps (FreeIPMI in three).
	settle = time.Second
)

// keep starts the keeper when there is something for it to do. mu is held.
func (b *bootOverride) keep() {
	if b.keeping || b.chore() == choreNone || b.ctx.Err() != nil {
		return
	}
	b.keeping = true
	b.wg.Go(b.keeper)
}

// A chore is what is left to be done without a client asking for it.
type chore uint8

const (
	choreNone    chore = iota
	choreRestore       // the boot is over: put the order back
	choreWrite         // persistent flags are not in the VM yet
)

// chore is what the record leaves to do. mu is held.
func (b *bootOverride) chore() chore {
	f := b.current()
	_, want := b.wanted()
	switch {
	case want && f.Persistent() && !b.record.Written:
		return choreWrite
	case want && f.Persistent(): // in place, and to stay
		return choreNone
	case b.record.Original != nil:
		return choreRestore
	default:
		return choreNone
	}
}

// keeper works until no chore is left. vSphere may refuse to change the boot
// order of a VM that is on; the chore is then parked until it is off.
func (b *bootOverride) keeper() {
	wait, told := settle, ""
	for {
		b.mu.Lock()
		next := b.chore()
		if next == choreRestore {
			wait = max(wait, time.Until(b.record.StartedAt.Add(b.grace)))
		}
		if next == choreNone || b.ctx.Err() != nil {
			b.keeping = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		if pause(b.ctx, wait) != nil {
			continue
		}
		err := b.doChore()
		if errors.Is(err, vsphere.ErrState) && !errors.Is(err, vsphere.ErrNoDevice) && b.untilOff(next) {
			err = b.doChore()
		}
		if wait = 0; err == nil || b.ctx.Err() != nil {
			continue
		}
		wait = choreRetry
		if errors.Is(err, vsphere.ErrNoDevice) {
			wait = deviceRetry
		}
		if err.Error() != told {
			told = err.Error()
			b.problem(err)
		}
	}
}

// untilOff parks a chore until the VM is off; false when it never will be.
func (b *bootOverride) untilOff(c chore) bool {
	words := "waits until the VM is off to be put back"
	if c == choreWrite {
		words = "waits until the VM is off to be changed"
	}
	b.park(words)
	defer b.park("")
	return b.vc.Load().WaitPower(b.ctx, b.key(), vsphere.PoweredOff) == nil
}

func (b *bootOverride) park(words string) {
	b.seen.Lock()
	defer b.seen.Unlock()
	b.waits = words
}

// parked says what the VM's boot order waits for; empty: nothing.
func (b *bootOverride) parked() string {
	b.seen.Lock()
	defer b.seen.Unlock()
	return b.waits
}

// doChore does what is due now; nothing, when something changed while the keeper slept.
func (b *bootOverride) doChore() error {
	b.step.Lock()
	defer b.step.Unlock()
	b.mu.Lock()
	next, w := b.chore(), b.wish()
	ctx := vsphere.NewCommand(b.record.Tenant).In(b.ctx)
	early := time.Until(b.record.StartedAt.Add(b.grace)) > 0
	b.mu.Unlock()
	switch {
	case next == choreRestore && !early:
		return b.restore(ctx)
	case next == choreWrite:
		return b.write(ctx, w, func(*store.BootOverride) {})
	}
	return nil
}

// pause waits for d or for the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
