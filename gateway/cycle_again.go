package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	// offAtStart is how long a cycle that an earlier run began waits at least for the
	// VM to be off, and offAfter until when after it began: vCenter may be at it still.
	// A VM that is on longer has not been powered off.
	offAtStart = 5 * time.Second
	offAfter   = time.Minute
	// reviveFor is how long boot flags hold that such a cycle was about to use.
	reviveFor = time.Minute
)

// finish ends a cycle that an earlier run began, ahead of all commands. A client
// that repeats the cycle is told that it is done when it is, and not before.
func (m *machine) finish(c store.Cycle) {
	_, err := m.ops.start(context.Background(), ipmi.ChassisPowerCycle, func(ctx context.Context, accept func()) error {
		defer m.cycled(ctx)
		ctx = vsphere.NewCommand(m.tenant).In(ctx)
		vsphere.Commit(ctx)
		why, err := m.mayEnd(ctx, c)
		if why != "" {
			m.note("power cycle of an earlier run not ended: "+why, "begun", c.Begun)
			return fmt.Errorf("power cycle of an earlier run not ended: %s: %w", why, vsphere.ErrBusy)
		}
		if err == nil {
			accept()
			err = m.startAgain(ctx, c)
		} else {
			m.note("power cycle of an earlier run not ended", "error", err)
		}
		return err
	})
	if err != nil {
		m.note("power cycle of an earlier run not ended", "error", err)
	}
}

// mayEnd says why the VM is not to be started again; empty: it is, for the cycle is
// recent and the VM still off by it.
func (m *machine) mayEnd(ctx context.Context, c store.Cycle) (why string, err error) {
	age, within := time.Since(c.Begun), m.policy().FinishCycleWithin
	if age.Abs() > within {
		return "too long ago", nil
	}
	ctx, cancel := context.WithTimeout(ctx, max(within-age, offAtStart))
	defer cancel()
	patience := offAtStart
	if !c.Off {
		patience = max(patience, offAfter-age)
	}
	switch err := m.untilOff(ctx, patience); {
	case errors.Is(err, errStillOn):
		return "the VM is not off", nil
	case err != nil:
		return "", err
	}
	others, err := m.onceToldOffByOthers(ctx, c.Begun)
	if others {
		why = "somebody else has switched the VM since"
	}
	return why, err
}

func (m *machine) startAgain(ctx context.Context, c store.Cycle) error {
	m.boot.revive(c.Flags)
	defer m.boot.hold()()
	m.note("ending the power cycle of an earlier run", "begun", c.Begun)
	age, within := time.Since(c.Begun), m.policy().FinishCycleWithin
	off := m.ledger.cycleTime(m.key, m.policy().CycleOffTime)
	ctx, cancel := context.WithTimeout(ctx, max(within-age, offWithin)+off)
	defer cancel()
	if err := m.ops.pause(ctx, off-age); err != nil {
		return err
	}
	return m.startOff(ctx, c.Begun)
}
