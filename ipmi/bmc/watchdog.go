package bmc

import (
	"context"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	watchdogTick = time.Second / ipmi.WatchdogTicks
	// watchdogLook is how often a timer that runs looks whether the machine is
	// still on.
	watchdogLook = time.Second
	// keepOnWatchdog in boot parameter 3 keeps the boot flags over a restart by
	// the watchdog.
	keepOnWatchdog = 0x04
)

// A watchdog is the timer of section 27. It restarts a machine whose own
// software, or whose supervisor, does not reset it in time.
//
//	            Set            Reset          runs out
//	not set ──▶ stopped ─────▶ running ─────▶ stopped, flag set, action taken
//	              ▲  Set, power off, │
//	              └──── reset ───────┘
type watchdog struct {
	timer   ipmi.WatchdogTimer
	set     bool  // since the BMC was reset; else it cannot be started
	expired uint8 // flags, a bit for each use
	present uint16
	until   time.Time     // when it runs out, while it runs
	warned  bool          // the pre-timeout was reached
	stop    chan struct{} // ends the goroutine that watches; nil: not running
	fed     feed
}

// A feed is the Reset Watchdog Timer that started the countdown last.
type feed struct {
	session  uint32
	sequence uint32
	at       time.Time
}

func (w *watchdog) running() bool { return w.stop != nil }

// halt stops the timer and leaves the countdown where it is.
func (w *watchdog) halt(now time.Time) {
	if !w.running() {
		return
	}
	w.present = w.left(now)
	close(w.stop)
	w.stop = nil
}

// left is the present countdown, rounded up: what runs is not zero yet.
func (w *watchdog) left(now time.Time) uint16 {
	if !w.running() {
		return w.present
	}
	left := max(0, w.until.Sub(now))
	return uint16((left + watchdogTick - 1) / watchdogTick)
}

// startWatchdog begins the countdown anew.
func (b *BMC) startWatchdog(now time.Time, countdown uint16) {
	w := &b.watchdog
	w.halt(now)
	w.until = now.Add(time.Duration(countdown) * watchdogTick)
	w.warned = false
	stop := make(chan struct{})
	w.stop = stop
	if b.conn == nil {
		return // Serve waits for the goroutines of a BMC, and nobody serves this one
	}
	b.carrying.Go(func() { b.watch(stop) })
}

// An alarm is what has to be done when the timer reaches a point.
type alarm struct {
	timer ipmi.WatchdogTimer
	warns bool // the pre-timeout, else the end
	keeps bool // boot flags stay valid
}

// watch counts down until the timer runs out or is stopped.
func (b *BMC) watch(stop <-chan struct{}) {
	for {
		due, wait, goesOn := b.watchdogStep(stop)
		if due != nil {
			b.raise(*due)
		}
		if !goesOn {
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-stop:
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// watchdogStep looks at the timer that stop belongs to: what is due now, and
// when to look again.
func (b *BMC) watchdogStep(stop <-chan struct{}) (due *alarm, wait time.Duration, goesOn bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := &b.watchdog
	if w.stop != stop {
		return nil, 0, false
	}
	now := time.Now()
	if b.off() {
		w.halt(now)
		return nil, 0, false
	}
	due = &alarm{timer: w.timer, keeps: b.bootInfo.validClearing&keepOnWatchdog != 0}
	if !now.Before(w.until) {
		b.expireWatchdog(now)
		return due, 0, false
	}
	next := w.until
	if w.timer.Interrupt != ipmi.WatchdogNoInterrupt && !w.warned {
		next = w.until.Add(-time.Duration(w.timer.PreTimeout) * time.Second)
		if !now.Before(next) {
			w.warned, due.warns = true, true
			return due, min(w.until.Sub(now), watchdogLook), true
		}
	}
	return nil, min(next.Sub(now), watchdogLook), true
}

// off says that the machine is known to be off.
func (b *BMC) off() bool {
	power, err := b.machine.Power()
	return err == nil && power == Off
}

// expireWatchdog stops the timer at its end, which also takes "do not log" back
// (section 27.6).
func (b *BMC) expireWatchdog(now time.Time) {
	w := &b.watchdog
	w.halt(now)
	w.present = 0
	w.expired |= 1 << w.timer.Use
	w.timer.NoLog = false
}

// raise does what an alarm asks for. mu is not held.
func (b *BMC) raise(a alarm) {
	if !a.timer.NoLog {
		b.noteWatchdog(a.offset(), byte(a.timer.Interrupt)<<4|byte(a.timer.Use))
	}
	action, what, acts := a.control()
	if !acts {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), holdTime)
	defer cancel()
	started := time.Now()
	err := b.actOn(ctx, a, action)
	b.config.Events.Changed(Audit{Command: "Watchdog Timer " + what, Code: completionCode(err), Err: err, Took: time.Since(started)})
}

// watchdogInterrupted is the offset of sensor type 23h for the pre-timeout;
// those for the end are the numbers of the actions (table 42-3).
const watchdogInterrupted = 8

// offset is what the event log is told of the alarm.
func (a alarm) offset() byte {
	if a.warns {
		return watchdogInterrupted
	}
	return byte(a.timer.Action)
}

// control returns what the Machine is to do, with a word for it.
func (a alarm) control() (c ipmi.ChassisControl, what string, acts bool) {
	switch {
	case a.warns:
		return ipmi.ChassisDiagnostic, "pre-timeout interrupt", a.timer.Interrupt == ipmi.WatchdogNMI
	case a.timer.Action == ipmi.WatchdogHardReset:
		c = ipmi.ChassisHardReset
	case a.timer.Action == ipmi.WatchdogPowerDown:
		c = ipmi.ChassisPowerDown
	case a.timer.Action == ipmi.WatchdogPowerCycle:
		c = ipmi.ChassisPowerCycle
	default:
		return 0, "", false
	}
	return c, a.timer.Action.String(), true
}

// actOn makes the Machine follow the alarm. A restart by the watchdog is none
// that boot flags for the next boot were meant for (section 28.12, parameter 3).
func (b *BMC) actOn(ctx context.Context, a alarm, c ipmi.ChassisControl) error {
	restarts := c == ipmi.ChassisHardReset || c == ipmi.ChassisPowerCycle
	return b.protected(func() error {
		if restarts && !a.keeps {
			if err := b.withdrawNextBoot(ctx); err != nil {
				return err
			}
		}
		if err := b.machine.Control(ctx, c); err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.restarted(time.Now(), c, ipmi.RestartWatchdog)
		return nil
	})
}
