package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	// offWithin is how long a power cycle waits for the watch to report the VM off.
	offWithin = 2 * time.Minute
	// offUnanswered is the same when vCenter did not answer the power off, counted
	// from when the VM is known to be on: it may have got the order all the same.
	offUnanswered = 30 * time.Second
	// startRetry is between two tries to start the VM again.
	startRetry = 2 * time.Second
)

// cycles keeps on disk which VMs are in the middle of a power cycle, so that a
// gateway that is killed there does not leave them off for good.
type cycles struct {
	store *store.Store

	mu   sync.Mutex
	left map[inventory.Key]store.Cycle // by an earlier run, not taken up yet
}

func newCycles(st *store.Store, log *slog.Logger, left []store.Cycle) *cycles {
	c := &cycles{store: st, left: make(map[inventory.Key]store.Cycle)}
	for _, one := range left {
		log.Info("a power cycle of an earlier run is to be ended, once its VM has its BMC", "vm", one.Key.VM, "begun", one.Begun)
		c.left[one.Key] = one
	}
	return c
}

// take returns what an earlier run left of the VM, once.
func (c *cycles) take(key inventory.Key) (store.Cycle, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, ok := c.left[key]
	delete(c.left, key)
	return one, ok
}

// cycle is a cold start, or a start where the tenant wants one of a VM that is off.
func (m *machine) cycle(ctx context.Context, power bmc.PowerState, accept func()) error {
	if power == bmc.Off && m.policy().CycleWhenOff {
		return m.bootUp(ctx)
	}
	off := m.ledger.cycleTime(m.key, m.policy().CycleOffTime)
	return m.whenOn(power, func() error { return m.coldStart(ctx, off, accept) })
}

// coldStart powers the VM off, waits and starts it. The client hears of success
// when the power off was accepted; what follows takes longer than it would wait.
func (m *machine) coldStart(ctx context.Context, offTime time.Duration, accept func()) error {
	defer m.boot.hold()()
	record := store.Cycle{Key: m.key, Begun: time.Now()}
	if f := m.boot.flags(); f.Valid() {
		record.Flags = f
	}
	m.noteCycle(record)
	defer m.cycled(ctx)
	ctx, cancel := context.WithTimeout(ctx, max(offWithin, m.policy().FinishCycleWithin)+offTime)
	defer cancel()
	if err := m.cutPower(ctx, record.Begun); err != nil {
		return err
	}
	accept()
	if err := m.untilOff(ctx, offWithin); err != nil {
		return fmt.Errorf("waiting for power off: %w", err)
	}
	record.Off = true
	m.noteCycle(record)
	if err := m.ops.pause(ctx, offTime); err != nil {
		return err
	}
	return m.startOff(ctx, record.Begun)
}

func (m *machine) noteCycle(c store.Cycle) {
	if err := m.cycles.store.PutCycle(c); err != nil {
		m.note("power cycle goes on although it could not be noted", "error", err)
	}
}

// cutPower is the first half of a power cycle. When vCenter got the order and did not
// answer, it may carry it out: the VM would be off and nobody start it. So it waits
// until that is known.
func (m *machine) cutPower(ctx context.Context, begun time.Time) error {
	err := m.vc().PowerOff(ctx, m.key)
	lost := errors.Is(err, vsphere.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
	if err != nil && !(lost && vsphere.Begun(ctx)) {
		return err
	}
	vsphere.Commit(ctx)
	if err == nil {
		return nil
	}
	m.note("power cycle: vCenter has not answered the power off, waiting whether the VM goes off", "error", err)
	if m.untilOff(ctx, offUnanswered) != nil {
		return err
	}
	if others, unknown := m.onceToldOffByOthers(ctx, begun); others || unknown != nil {
		return err
	}
	return nil
}

// errStillOn is a VM that did not go off in its time.
var errStillOn = fmt.Errorf("the VM is not off: %w", vsphere.ErrState)

// untilOff waits until the VM is off. It gives up when the VM was known to be on and
// is after the patience, and not while nobody can tell.
func (m *machine) untilOff(ctx context.Context, patience time.Duration) error {
	for {
		_, unknown := m.Power()
		brief, cancel := context.WithTimeout(ctx, patience)
		err := m.vc().WaitPower(brief, m.key, vsphere.PoweredOff)
		over := brief.Err() != nil
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil || !over:
			return err
		}
		if power, err := m.Power(); unknown == nil && err == nil && power != bmc.Off {
			return errStillOn
		}
	}
}

// offByOthers reports whether somebody else has switched the VM since; where there
// are no events to tell, nobody has.
func (m *machine) offByOthers(ctx context.Context, begun time.Time) (bool, error) {
	others, err := m.vc().OffByOthers(ctx, m.key, begun)
	if errors.Is(err, vsphere.ErrUnsupported) {
		return false, nil
	}
	return others, err
}

// onceToldOffByOthers is offByOthers as soon as vCenter has told its events, which it may
// not do at once after an outage.
func (m *machine) onceToldOffByOthers(ctx context.Context, begun time.Time) (bool, error) {
	for {
		others, err := m.offByOthers(ctx, begun)
		passes := errors.Is(err, vsphere.ErrUnavailable) || errors.Is(err, vsphere.ErrBusy)
		if !passes || pause(ctx, startRetry) != nil {
			return others, err
		}
	}
}

// startOff is the second half of a power cycle. The VM is off because we switched it
// off, so what may pass (vCenter is gone, or the VM is busy) is waited for; unless
// somebody else switches the VM meanwhile.
func (m *machine) startOff(ctx context.Context, begun time.Time) error {
	told := false
	for {
		err := m.bootUp(ctx)
		if err == nil || m.isOn() {
			return nil
		}
		if !errors.Is(err, vsphere.ErrBusy) && !errors.Is(err, vsphere.ErrUnavailable) && !errors.Is(err, vsphere.ErrStale) {
			return err
		}
		if !told {
			m.note("power cycle: the VM cannot be started yet, trying again", "error", err)
			told = true
		}
		if pause(ctx, startRetry) != nil {
			return err
		}
		if others, unknown := m.offByOthers(ctx, begun); unknown == nil && others {
			return fmt.Errorf("not started again, somebody else has switched the VM since: %w", err)
		}
	}
}

// cycled forgets the cycle, however it ended, unless that was because the daemon ends
// and could not wait for it. One that was given up because its BMC went is not for the
// next run either: its client may have switched the VM off for good since.
func (m *machine) cycled(ctx context.Context) {
	switch {
	case ctx.Err() == nil:
	case m.ending():
		return
	default:
		m.note("power cycle given up, its BMC is gone or was opened anew")
	}
	if err := m.cycles.store.DeleteCycle(m.key); err != nil {
		m.note("the end of a power cycle could not be noted", "error", err)
	}
}
