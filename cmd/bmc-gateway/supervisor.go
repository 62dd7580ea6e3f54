package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	sdnotify "github.com/coreos/go-systemd/v22/daemon"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// toldEvery is how often a supervisor that wants no watchdog fed is told how many
// BMCs there are.
const toldEvery = 10 * time.Second

// A served is what a supervisor is told of.
type served interface {
	Ready() <-chan struct{}
	Live() error
	Status() admin.Status
}

// A supervisor is systemd, where it started the daemon with Type=notify; else
// nobody hears what it is told.
type supervisor struct {
	gw    served
	log   *slog.Logger
	every time.Duration
	feed  bool // its watchdog
	send  func(state string) error

	status string // told last
	stuck  bool   // the watchdog was not fed last
}

// newSupervisor reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID.
func newSupervisor(gw served, log *slog.Logger) *supervisor {
	s := &supervisor{gw: gw, log: log, every: toldEvery, send: func(state string) error {
		_, err := sdnotify.SdNotify(false, state)
		return err
	}}
	limit, err := sdnotify.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("systemd's watchdog is not fed", "error", err)
	}
	if limit > 0 {
		s.feed, s.every = true, min(s.every, limit/3)
	}
	return s
}

// run tells the supervisor that the daemon is ready, then that it lives for as
// long as it makes progress, also while it is stopping, until ended is closed.
// stopping is done when the daemon begins to stop.
func (s *supervisor) run(stopping context.Context, ended <-chan struct{}) {
	told := make(chan struct{})
	forget := context.AfterFunc(stopping, func() {
		defer close(told)
		s.tell(sdnotify.SdNotifyStopping)
	})
	defer func() {
		if !forget() {
			<-told
		}
	}()
	select {
	case <-ended:
		return
	case <-s.gw.Ready():
	}
	s.tell(sdnotify.SdNotifyReady)
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		s.look()
		select {
		case <-ended:
			return
		case <-tick.C:
		}
	}
}

// look feeds the watchdog if there is progress. Where a lock is never given back
// it does not return, which feeds nothing either.
func (s *supervisor) look() {
	if err := s.gw.Live(); err != nil {
		if !s.stuck {
			s.stuck = true
			s.log.Error("the daemon hangs", "error", err, "watchdog", s.feed)
		}
		s.describe(err.Error())
		return
	}
	if s.stuck {
		s.stuck = false
		s.log.Warn("the daemon goes on")
	}
	if s.feed {
		s.tell(sdnotify.SdNotifyWatchdog)
	}
	var all, ready int
	for _, t := range s.gw.Status().Tenants {
		all, ready = all+t.BMCs, ready+t.Ready
	}
	s.describe(fmt.Sprintf("%s, %d not ready", counted(all, "BMC"), all-ready))
}

// describe is the line that "systemctl status" prints.
func (s *supervisor) describe(text string) {
	if text != s.status {
		s.status = text
		s.tell("STATUS=" + strings.ReplaceAll(text, "\n", "; "))
	}
}

// reloading tells that the configuration is loaded anew; done, that this is over,
// whether the new one was taken or not.
func (s *supervisor) reloading() (done func()) {
	s.tell(sdnotify.SdNotifyReloading + "\n" + sdnotify.SdNotifyMonotonicUsec())
	return func() { s.tell(sdnotify.SdNotifyReady) }
}

func (s *supervisor) tell(state string) {
	if err := s.send(state); err != nil {
		s.log.Warn("telling systemd failed", "error", err)
	}
}
