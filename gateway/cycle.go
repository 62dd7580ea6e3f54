package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	// offWithin is how long a power cycle waits for the watch to report the VM off.
	offWithin = 2 * time.Minute
	// offAtStart is the same for a cycle that an earlier run began. A VM that is on
	// longer has not been powered off, or has been started again.
	offAtStart = 5 * time.Second
	// reviveFor is how long boot flags hold that such a cycle was about to use.
	reviveFor = time.Minute
)

// cycles keeps on disk which VMs are in the middle of a power cycle, so that a
// gateway that is killed there does not leave them off for good.
type cycles struct {
	store *store.Store

	mu   sync.Mutex
	left map[inventory.Key]store.Cycle // by an earlier run, not taken up yet
}

func newCycles(st *store.Store, left []store.Cycle) *cycles {
	c := &cycles{store: st, left: make(map[inventory.Key]store.Cycle)}
	for _, one := range left {
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
	if err := m.cycles.store.PutCycle(record); err != nil {
		m.note("power cycle goes on although it could not be noted", "error", err)
	}
	defer m.cycled(ctx)
	if err := m.vc().PowerOff(ctx, m.key); err != nil {
		return err
	}
	accept()
	vsphere.Commit(ctx)
	ctx, cancel := context.WithTimeout(ctx, offWithin+offTime)
	defer cancel()
	if err := m.vc().WaitPower(ctx, m.key, vsphere.PoweredOff); err != nil {
		return fmt.Errorf("waiting for power off: %w", err)
	}
	if err := m.ops.pause(ctx, offTime); err != nil {
		return err
	}
	return m.bootUp(ctx)
}

// cycled forgets the cycle, however it ended, unless that was because the gateway
// could not wait for it.
func (m *machine) cycled(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	if err := m.cycles.store.DeleteCycle(m.key); err != nil {
		m.note("the end of a power cycle could not be noted", "error", err)
	}
}

// finish ends a cycle that an earlier run began, ahead of all commands.
func (m *machine) finish(c store.Cycle) {
	_, err := m.ops.start(context.Background(), ipmi.ChassisPowerCycle, func(ctx context.Context, accept func()) error {
		accept() // the client of the earlier run was told so
		defer m.cycled(ctx)
		ctx = vsphere.NewCommand(m.tenant).In(ctx)
		vsphere.Commit(ctx)
		return m.startAgain(ctx, c)
	})
	if err != nil {
		m.note("power cycle of an earlier run not ended", "error", err)
	}
}

// startAgain starts the VM if the cycle is recent and the VM still off.
func (m *machine) startAgain(ctx context.Context, c store.Cycle) error {
	age := time.Since(c.Begun)
	if age.Abs() > m.policy().FinishCycleWithin {
		m.note("power cycle of an earlier run not ended: too long ago", "begun", c.Begun)
		return nil
	}
	brief, cancel := context.WithTimeout(ctx, offAtStart)
	defer cancel()
	switch err := m.vc().WaitPower(brief, m.key, vsphere.PoweredOff); {
	case ctx.Err() != nil || errors.Is(err, vsphere.ErrNotFound):
		return err
	case err != nil:
		m.note("power cycle of an earlier run not ended: the VM is not off", "begun", c.Begun)
		return nil
	}
	if others, err := m.vc().OffByOthers(ctx, m.key, c.Begun); err != nil && !errors.Is(err, vsphere.ErrUnsupported) {
		return err
	} else if others {
		m.note("power cycle of an earlier run not ended: somebody else has switched the VM since", "begun", c.Begun)
		return nil
	}
	m.boot.revive(c.Flags)
	defer m.boot.hold()()
	m.note("ending the power cycle of an earlier run", "begun", c.Begun)
	if err := m.ops.pause(ctx, m.ledger.cycleTime(m.key, m.policy().CycleOffTime)-age); err != nil {
		return err
	}
	return m.bootUp(ctx)
}
