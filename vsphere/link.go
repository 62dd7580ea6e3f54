package vsphere

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// A link is whether vCenter is there: as the watch found it, and as the calls beside
// it fare (breaker.go).
type link struct {
	mu        sync.Mutex
	connected bool // the watch's word
	since     time.Time
	lastErr   error
	up        signal // raised when the link comes up
	calls     breaker
}

// good notes a complete answer; it reports whether the link was down before.
func (l *link) good(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connected {
		return false
	}
	l.connected, l.since = true, now
	l.calls.reset()
	l.up.raise()
	return true
}

// bad notes that vCenter is gone; it reports whether it was there before.
func (l *link) bad(err error, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lastErr = err
	if !l.connected {
		return false
	}
	l.connected, l.since = false, now
	return true
}

// note remembers an error that does not mean that vCenter is gone.
func (l *link) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lastErr = err
}

// check returns ErrUnavailable when vCenter is known to be gone.
func (l *link) check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.connected && l.calls.isOpen(time.Now()):
		return fmt.Errorf("%w: calls get no answer: %v", ErrUnavailable, l.lastErr)
	case l.connected:
		return nil
	case l.lastErr != nil:
		return fmt.Errorf("%w: %v", ErrUnavailable, l.lastErr)
	default:
		return fmt.Errorf("%w: not connected yet", ErrUnavailable)
	}
}

// isUp reports whether check finds nothing wrong. It allocates nothing.
func (l *link) isUp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connected && !l.calls.isOpen(time.Now())
}

func (l *link) status() (connected, broken bool, since time.Time, lastErr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lastErr != nil {
		lastErr = l.lastErr.Error()
	}
	broken = l.calls.isOpen(time.Now())
	return l.connected && !broken, broken, l.since, lastErr
}

// failed notes a failure and returns how long to wait before the next step. The
// first failure is tried again at once and says nothing of vCenter yet, unless
// it was a login or a silence. Nor does a lost session: vCenter is there to say
// so, and takes verbs on the next one. That something is off is in doubt from the
// first one on.
func (w *watcher) failed(err error, failures int) time.Duration {
	w.mem.doubt()
	var silence *timeoutError
	login := w.conn == nil && !isExpired(err)
	borne := 1
	if isExpired(err) {
		borne = lostSessions
	}
	if login || failures > borne || errors.As(err, &silence) {
		if w.link.bad(err, time.Now()) {
			w.cfg.Log.Warn("vCenter lost", "vcenter", w.cfg.Name, "error", err)
			w.told(err)
			w.mem.changed.raise()
		}
	} else {
		w.link.note(err)
	}
	switch {
	case login:
		return min(w.session.gate.wait(), shutGap)
	case failures == 1:
		return 0
	default:
		return backoff(failures-1, unansweredCap)
	}
}

// told tells whoever asked that vCenter is connected, or why it is lost.
func (w *watcher) told(lost error) {
	if w.cfg.OnLink != nil {
		w.cfg.OnLink(lost)
	}
}
