package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// start starts a VM that is off, by powerOn, from the device that the flags ask
// for. The step is held until it is on: a keeper must not put the order back
// while the VM is about to read it.
func (b *bootOverride) start(ctx context.Context, powerOn func() error) error {
	b.step.Lock()
	defer b.step.Unlock()
	if err := b.prepare(ctx); err != nil {
		return fmt.Errorf("boot device: %w", err)
	}
	if err := powerOn(); err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.keep() // somebody else may start the VM, from the device it was not meant for
		return err
	}
	return b.used()
}

// A wish is what the record asks for at one moment.
type wish struct {
	flags   [5]byte
	device  vsphere.BootDevice
	want    bool // some device, that is
	written bool
	dirty   bool // the VM's own order is stored, to be put back
}

// wish returns it. mu is held.
func (b *bootOverride) wish() wish {
	device, want := b.wanted()
	return wish{b.record.Flags, device, want, b.record.Written, b.record.Original != nil}
}

// prepare makes the boot order what the next start wants; the VM is off. It is
// an error when the VM lacks the device: it must not start from another one.
func (b *bootOverride) prepare(ctx context.Context) error {
	b.mu.Lock()
	w := b.wish()
	b.mu.Unlock()
	switch {
	case w.want && w.written:
		return nil
	case w.want:
		return b.write(ctx, w, func(r *store.BootOverride) {
			// The time is noted now: should we die before the VM is on, the order is not
			// put back under its hands. Flags set meanwhile are for another start.
			r.StartedAt = time.Now()
			r.Starting = r.Flags == w.flags && !ipmi.BootFlags(w.flags).Persistent()
		})
	case w.dirty:
		return b.restore(ctx)
	}
	return nil
}

// write changes the boot order. Before that the VM's own is on disk, together
// with whatever before changes.
func (b *bootOverride) write(ctx context.Context, w wish, before func(*store.BootOverride)) error {
	var original []byte
	if !w.dirty {
		config, err := b.vc.Load().Boot(ctx, b.key())
		if err != nil {
			return err
		}
		if original, err = json.Marshal(config); err != nil {
			return err
		}
	}
	err := b.update(func(r *store.BootOverride) {
		if original != nil {
			r.Original = original
		}
		before(r)
	})
	if err == nil && w.dirty {
		err = b.putBack(ctx)
	}
	if err != nil {
		return err
	}
	if err := b.vc.Load().SetBootDevice(ctx, b.key(), w.device); err != nil {
		if original != nil && errors.Is(err, vsphere.ErrNoDevice) {
			err = errors.Join(err, b.untouched())
		}
		return fmt.Errorf("%s: %w", w.device, err)
	}
	if !ipmi.BootFlags(w.flags).Persistent() {
		return nil
	}
	return b.update(func(r *store.BootOverride) { r.Written = r.Flags == w.flags })
}

// untouched takes back what write noted: the VM's own order is as it was, and no
// start comes of it.
func (b *bootOverride) untouched() error {
	return b.update(func(r *store.BootOverride) { r.Original, r.Starting = nil, false })
}

// used records that the VM was started: flags for one boot are spent, and the
// order is to be put back after the grace.
func (b *bootOverride) used() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ranAt = time.Now()
	next := b.record
	f := b.current()
	if next.Original == nil && !f.Valid() {
		return nil
	}
	next.StartedAt = time.Now()
	if next.Starting || f.Device() == ipmi.BootNoOverride && !f.Persistent() {
		spend(&next)
	}
	if err := b.save(next); err != nil {
		return err
	}
	b.keep()
	return nil
}

// isOn settles what became of a start whose end nobody saw, because vCenter did
// not answer or the gateway died: the VM is on, so it has used the flags up.
func (b *bootOverride) isOn() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.record.Starting {
		return nil
	}
	next := b.record
	spend(&next)
	return b.save(next)
}

// spend clears the flags of a start that has happened.
func spend(r *store.BootOverride) {
	r.Flags, r.Until, r.Starting = ipmi.BootFlags(r.Flags).Cleared(), time.Time{}, false
}

// restore puts the VM's own order back and forgets it.
func (b *bootOverride) restore(ctx context.Context) error {
	if err := b.putBack(ctx); err != nil {
		return err
	}
	power, err := b.vc.Load().State(b.key())
	on := err == nil && power.Power == vsphere.PoweredOn
	return b.update(func(r *store.BootOverride) {
		r.Original, r.Written = nil, false
		if r.Starting && on {
			spend(r)
		}
		r.Starting = false
	})
}

func (b *bootOverride) putBack(ctx context.Context) error {
	b.mu.Lock()
	text := b.record.Original
	b.mu.Unlock()
	var original vsphere.BootConfig
	if err := json.Unmarshal(text, &original); err != nil {
		return fmt.Errorf("stored boot order of %s: %w", b.key(), err)
	}
	return b.vc.Load().RestoreBoot(ctx, b.key(), original)
}
