package bmc

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// maxParting sessions are remembered after their end; of others a repeated
// Close Session earns silence.
const maxParting = maxSessions

// A parting session has ended by its own Close Session and does nothing but
// answer copies of it, for as long as other commands answer theirs: ipmitool
// waits ten seconds when that answer is lost. It counts as no session any more.
type parting struct {
	*session
	since time.Time
}

// part ends a session as it has asked for. It keeps its keys for a while.
func (b *BMC) part(now time.Time, s *session) {
	b.forgetParting(now)
	if len(b.parting) >= maxParting {
		b.closeSession(s)
	} else if b.end(s) {
		b.config.Limit.Release(s.who.name)
		b.parting[s.id] = parting{s, now}
	}
}

// findParting returns the parting session with the BMC's ID, or nil.
func (b *BMC) findParting(now time.Time, id uint32) *session {
	b.forgetParting(now)
	return b.parting[id].session
}

// forgetParting drops the keys of those that have been parting for long enough.
func (b *BMC) forgetParting(now time.Time) {
	for id, p := range b.parting {
		if now.Sub(p.since) >= rememberFor {
			delete(b.parting, id)
			p.wire.forget()
		}
	}
}

// forgetAllParting drops the keys of all of them at once.
func (b *BMC) forgetAllParting() {
	for _, p := range b.parting {
		p.wire.forget()
	}
	clear(b.parting)
}

// partingWord says whether the message is one that a parting session answers.
func partingWord(m ipmi.Message) bool {
	return m.NetFn == ipmi.NetFnApp && m.Command == cmdCloseSession
}
