package bmc

import (
	"context"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func getChassisCapabilities(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return ipmi.AppendChassisCapabilities(dst, ipmi.ChassisCapabilities{DiagnosticInterrupt: true}), nil
}

// getChassisStatus says "off" only when the Machine vouches for it: a fence
// agent starts the same disk elsewhere after that answer.
func getChassisStatus(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	power, err := c.b.machine.Power()
	if err != nil {
		return nil, err
	}
	switch power {
	case On, Sleeping, Off:
	default:
		return nil, ErrStale
	}
	c.b.restart.seen(power, c.now)
	return ipmi.AppendChassisStatus(dst, ipmi.ChassisStatus{
		On:                power != Off,
		RestorePolicy:     ipmi.RestoreUnknown, // it is the host's business
		LastOnByIPMI:      c.b.restart.powersOn,
		IdentifySupported: true,
		Identify:          c.b.identifying.at(c.now).State,
	}), nil
}

func chassisControl(c *call, dst []byte) ([]byte, error) {
	action, err := ipmi.ParseChassisControl(c.data())
	if err != nil {
		return nil, err
	}
	b := c.b
	return c.hold("Chassis Control "+action.String(), dst, func(ctx context.Context) error {
		return b.control(ctx, action)
	})
}

// control gives an action to the Machine, and takes note of it unless the
// machine was on, or off, already. mu is not held.
func (b *BMC) control(ctx context.Context, action ipmi.ChassisControl) error {
	before, known := b.machine.Power()
	if err := b.machine.Control(ctx, action); err != nil {
		return err
	}
	if known == nil && (action == ipmi.ChassisPowerUp && before == On || action == ipmi.ChassisPowerDown && before == Off) {
		return nil
	}
	b.notePower(action)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.restarted(time.Now(), action, ipmi.RestartChassisControl)
	return nil
}
