package bmc

import (
	"sync/atomic"
	"time"
)

// replaceIdle is how long a session must have been silent to make room for
// another one of its account. Many clients never close theirs.
const replaceIdle = 10 * time.Second

// A SessionLimit bounds the active sessions of several BMCs together. Its
// methods are called from many goroutines and must return at once.
type SessionLimit interface {
	// Acquire takes a place; false says that there is none.
	Acquire() bool
	// Release gives a place back.
	Release()
}

// A Quota is a SessionLimit that counts.
type Quota struct {
	max  int64
	used atomic.Int64
}

// NewQuota returns a limit of so many sessions.
func NewQuota(sessions int) *Quota { return &Quota{max: int64(sessions)} }

// Acquire takes a place unless all are taken.
func (q *Quota) Acquire() bool {
	if q.used.Add(1) > q.max {
		q.used.Add(-1)
		return false
	}
	return true
}

// Release gives a place back.
func (q *Quota) Release() { q.used.Add(-1) }

// Used returns how many places are taken.
func (q *Quota) Used() int { return int(q.used.Load()) }

// A noLimit has a place for everybody.
type noLimit struct{}

func (noLimit) Acquire() bool { return true }
func (noLimit) Release()      {}

// admit takes a place for a new session of the account. When there is none, the
// account's own longest idle session may have to go; those of others never do.
// Whoever is admitted must become a session, because closeSession gives the place back.
func (b *BMC) admit(now time.Time, who identity) bool {
	b.sweepSessions(now)
	if len(b.sessions) >= b.config.MaxSessions && !b.replace(now, who) {
		return false
	}
	return b.config.Limit.Acquire() || b.replace(now, who) && b.config.Limit.Acquire()
}

// replace closes the session of the account that was silent for longest.
func (b *BMC) replace(now time.Time, who identity) bool {
	var idle *session
	for _, s := range b.sessions {
		if s.who.userID == who.userID && now.Sub(s.seen) >= replaceIdle && (idle == nil || s.seen.Before(idle.seen)) {
			idle = s
		}
	}
	if idle == nil {
		return false
	}
	b.closeSession(idle)
	return true
}
