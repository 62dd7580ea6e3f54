package bmc

import (
	"slices"
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

// partings are all that are parting, the one that does so for longest first.
type partings struct{ queue []parting }

func (ps *partings) find(id uint32) *session {
	for _, p := range ps.queue {
		if p.id == id {
			return p.session
		}
	}
	return nil
}

func (ps *partings) contain(id uint32) bool { return ps.find(id) != nil }

// forget drops the keys of the first n.
func (ps *partings) forget(n int) {
	for _, p := range ps.queue[:n] {
		p.wire.forget()
	}
	ps.queue = slices.Delete(ps.queue, 0, n)
}

// part ends a session as it has asked for. It keeps its keys for a while.
func (b *BMC) part(now time.Time, s *session) {
	b.forgetParting(now)
	if len(b.parting.queue) >= maxParting {
		b.closeSession(s)
	} else if b.end(s) {
		b.config.Limit.Release(s.who.name)
		b.parting.queue = append(b.parting.queue, parting{s, now})
	}
}

// findParting returns the parting session with the BMC's ID, or nil.
func (b *BMC) findParting(now time.Time, id uint32) *session {
	b.forgetParting(now)
	return b.parting.find(id)
}

// forgetParting drops the keys of those that have been parting for long enough.
func (b *BMC) forgetParting(now time.Time) {
	n := 0
	for n < len(b.parting.queue) && now.Sub(b.parting.queue[n].since) >= rememberFor {
		n++
	}
	b.parting.forget(n)
}

// forgetAllParting drops the keys of all of them at once.
func (b *BMC) forgetAllParting() { b.parting.forget(len(b.parting.queue)) }

// partingWord says whether the message is one that a parting session answers.
func partingWord(m ipmi.Message) bool {
	return m.NetFn == ipmi.NetFnApp && m.Command == cmdCloseSession
}
