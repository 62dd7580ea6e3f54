package bmc

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// restartWithin is how long after an accepted command the machine may start and
// still have been started by it.
const restartWithin = 5 * time.Minute

// A restart is what is known of the machine's last start. What the BMC did not
// do itself it does not know.
type restart struct {
	cause     ipmi.RestartCause
	at        time.Time // when the command was accepted
	powersOn  bool      // it was a power-on too
	confirmed bool      // the machine has started since
}

// restarted takes note of a power action that the Machine has accepted. A
// restart also ends the watchdog (section 27.6) and what was being set.
func (b *BMC) restarted(now time.Time, c ipmi.ChassisControl, cause ipmi.RestartCause) {
	switch c {
	case ipmi.ChassisPowerUp, ipmi.ChassisPowerCycle:
		b.restart = restart{cause: cause, at: now, powersOn: true}
	case ipmi.ChassisHardReset:
		b.restart = restart{cause: cause, at: now, powersOn: b.restart.powersOn}
	}
	switch c {
	case ipmi.ChassisPowerDown, ipmi.ChassisPowerCycle, ipmi.ChassisHardReset:
		b.watchdog.halt(now)
		b.bootInfo.setInProgress = 0
		b.setting = setting{}
	}
}

// keepOnButton in boot parameter 3 keeps the boot flags over a start by the power
// button, which is what a start from elsewhere is to the BMC.
const keepOnButton = 0x01

// Started tells the BMC that the machine has started, by whomever. It reports
// whether boot flags for the next boot are over by that: somebody else started the
// machine, and nobody has set that they are to outlive it (section 28.12,
// parameter 3). Nobody needs to tell; then a restart from elsewhere is noticed only
// by somebody who asks while the machine is off.
func (b *BMC) Started() (endsFlags bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.restart.confirmed || b.restart.over(time.Now()) {
		b.restart = restart{}
		return b.bootInfo.validClearing&keepOnButton == 0
	}
	b.restart.confirmed = true
	return false
}

func (r *restart) over(now time.Time) bool { return now.Sub(r.at) >= restartWithin }

// seen forgets the cause when the machine is off without a start on its way: what
// starts it next is not known.
func (r *restart) seen(power PowerState, now time.Time) {
	if power == Off && r.over(now) {
		*r = restart{}
	}
}

// getRestartCause knows of the BMC's own doings only.
func getRestartCause(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	if power, err := c.b.machine.Power(); err == nil {
		c.b.restart.seen(power, c.now)
	}
	cause := c.b.restart.cause
	if cause == ipmi.RestartUnknown {
		return ipmi.AppendRestartCause(dst, cause, 0), nil
	}
	return ipmi.AppendRestartCause(dst, cause, ipmi.ChannelLAN), nil
}
