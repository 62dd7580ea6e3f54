package bmc

import (
	"context"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// setWatchdog configures the timer, and stops it unless that is not wanted
// (section 27.6). Of the interrupts a VM can only be sent an NMI.
func setWatchdog(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSetWatchdogRequest(c.data())
	if err != nil {
		return nil, err
	}
	if r.Interrupt != ipmi.WatchdogNoInterrupt {
		early := int(r.PreTimeout) * ipmi.WatchdogTicks
		if r.Interrupt != ipmi.WatchdogNMI || early > int(r.Initial) {
			return nil, ipmi.InvalidField
		}
	}
	w := &c.b.watchdog
	goesOn := w.running() && r.KeepRunning
	w.halt(c.now)
	w.timer, w.set, w.present, w.warned = r.WatchdogTimer, true, r.Initial, false
	w.expired &^= r.Clear
	if goesOn {
		c.b.startWatchdog(c.now, r.Initial)
	}
	c.changed("Set Watchdog Timer " + r.Action.String())
	return dst, nil
}

// resetWatchdog starts the countdown, first or again (section 27.5). A countdown
// of nothing acts before it is answered, once for all copies of the request.
func resetWatchdog(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	b, w := c.b, &c.b.watchdog
	switch {
	case !w.set:
		return nil, ipmi.WatchdogUninitialized
	case b.off(), w.running() && w.warned:
		return nil, ipmi.NotInPresentState // only Set stops it after the pre-timeout
	case w.timer.Initial == 0:
		return c.hold("Reset Watchdog Timer", dst, func(context.Context) error {
			b.raise(b.expireNow())
			return nil
		})
	case !w.running() && c.refeeds():
		return dst, nil
	}
	if !w.running() {
		c.changed("Reset Watchdog Timer")
	}
	w.fed = feed{session: c.s.id, sequence: c.sequence, at: c.now}
	b.startWatchdog(c.now, w.timer.Initial)
	return dst, nil
}

// refeeds says that the request is a late copy of the one that started a
// countdown which has run out since: it must not restart the machine twice.
func (c *call) refeeds() bool {
	fed := &c.b.watchdog.fed
	if fed.session != c.s.id || c.sequence != fed.sequence+1 || c.now.Sub(fed.at) >= rememberFor {
		return false
	}
	fed.sequence = c.sequence
	return true
}

// expireNow ends the timer and returns what is due.
func (b *BMC) expireNow() alarm {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := alarm{timer: b.watchdog.timer, keeps: b.bootInfo.validClearing&keepOnWatchdog != 0}
	b.expireWatchdog(time.Now())
	return a
}

func getWatchdog(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	w := &c.b.watchdog
	return ipmi.AppendWatchdog(dst, ipmi.Watchdog{
		WatchdogTimer: w.timer,
		Running:       w.running(),
		Expired:       w.expired,
		Present:       w.left(c.now),
	}), nil
}
