package bmc

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// repeatRAKP3For is how long a repeated RAKP message 3 is answered again when
// message 4 was lost; the first packet of the session ends it earlier.
const repeatRAKP3For = 10 * time.Second

// A session is what a handshake becomes when both sides have proved that they
// know the password. It is found by the BMC's ID alone: clients share console
// IDs, and their addresses may change behind a NAT.
type session struct {
	id        uint32 // BMC's
	handle    uint8
	who       identity
	limit     ipmi.Privilege // the session's maximum
	privilege ipmi.Privilege // the operating level, at most limit

	wire     wire
	inbound  window
	outbound uint32 // of the last packet sent
	from     netip.AddrPort
	opened   time.Time
	seen     time.Time // when the last valid packet came

	actions actions
	closed  bool
}

// A SessionInfo describes an active session to the operator.
type SessionInfo struct {
	ID        uint32 // BMC's session ID
	Account   string
	Privilege ipmi.Privilege // the operating level
	Limit     ipmi.Privilege // what it can be raised to
	From      netip.AddrPort // where the last valid packet came from
	Auth      ipmi.AuthType  // AuthRMCPPlus in IPMI 2.0, else the type of IPMI 1.5
	Suite     ipmi.CipherSuiteID
	Opened    time.Time
	LastSeen  time.Time
}

func (s *session) info() SessionInfo {
	info := SessionInfo{
		ID: s.id, Account: s.who.name, Privilege: s.privilege, Limit: s.limit,
		From: s.from, Opened: s.opened, LastSeen: s.seen,
	}
	s.wire.describe(&info)
	return info
}

// open starts a session for which admit has taken a place, at level User or, when
// that is its limit, Callback (section 22.18).
func (b *BMC) open(now time.Time, from netip.AddrPort, s *session) *session {
	s.handle = b.freeHandle()
	s.privilege = min(s.limit, ipmi.User)
	s.who.password = nil
	s.from, s.opened, s.seen = from, now, now
	b.sessions[s.id] = s
	b.startSweeping()
	return s
}

// accept believes a packet of the session whose auth code was right.
func (s *session) accept(now time.Time, from netip.AddrPort, sequence uint32) {
	s.inbound.accept(sequence)
	s.seen = now
	s.from = from
	s.wire.settle()
}

// findSession returns the active session with the BMC's ID, or nil.
func (b *BMC) findSession(now time.Time, id uint32) *session {
	s := b.sessions[id]
	if s != nil && now.Sub(s.seen) >= b.config.IdleTimeout {
		b.closeSession(s)
		return nil
	}
	return s
}

// sweepSessions ends the sessions that were idle for too long.
func (b *BMC) sweepSessions(now time.Time) {
	for _, s := range b.sessions {
		if now.Sub(s.seen) >= b.config.IdleTimeout {
			b.closeSession(s)
		}
	}
}

// closeSession ends a session and forgets its keys. Commands it has started go
// on, but nobody is told of their end.
func (b *BMC) closeSession(s *session) {
	if b.end(s) {
		b.config.Limit.Release(s.who.name)
		s.wire.forget()
	}
}

// end takes a session out of those that are active, and says whether it was one.
// Its place is the caller's to give back.
func (b *BMC) end(s *session) bool {
	if s.closed {
		return false
	}
	s.closed = true
	delete(b.sessions, s.id)
	return true
}

func (b *BMC) activeSessions() []*session {
	all := make([]*session, 0, len(b.sessions))
	for _, s := range b.sessions {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *session) int {
		return cmp.Or(a.opened.Compare(b.opened), cmp.Compare(a.handle, b.handle))
	})
	return all
}

// freeHandle returns a session handle that no active session has (section 22.20).
func (b *BMC) freeHandle() uint8 {
	used := [maxSessions + 2]bool{}
	for _, s := range b.sessions {
		used[s.handle] = true
	}
	return uint8(slices.Index(used[1:], false) + 1)
}

// nextSequence numbers a packet to the console. Zero is no number of a session.
func (s *session) nextSequence() uint32 {
	s.outbound = following(s.outbound)
	return s.outbound
}

// following is the sequence number after n.
func following(n uint32) uint32 { return max(n+1, 1) }
