package vsphere

import (
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

func (l *link) status() (connected, broken bool, since time.Time, lastErr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lastErr != nil {
		lastErr = l.lastErr.Error()
	}
	broken = l.calls.isOpen(time.Now())
	return l.connected && !broken, broken, l.since, lastErr
}
