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
	id        uint32 // BMC's, SIDc
	consoleID uint32 // SIDm
	handle    uint8
	suite     ipmi.CipherSuite
	who       identity
	limit     ipmi.Privilege // the session's maximum
	privilege ipmi.Privilege // the operating level, at most limit

	protection *ipmi.Protection
	inbound    window
	outbound   uint32 // of the last packet sent
	from       netip.AddrPort
	opened     time.Time
	seen       time.Time // when the last valid packet came

	proof   proof
	actions actions
	closed  bool
}

// A proof is what answers a repeated RAKP message 3.
type proof struct {
	code []byte // of message 3
	icv  []byte // of message 4
}

// A SessionInfo describes an active session to the operator.
type SessionInfo struct {
	ID        uint32 // BMC's session ID
	Account   string
	Privilege ipmi.Privilege // the operating level
	Limit     ipmi.Privilege // what it can be raised to
	From      netip.AddrPort // where the last valid packet came from
	Suite     ipmi.CipherSuiteID
	Opened    time.Time
	LastSeen  time.Time
}

func (s *session) info() SessionInfo {
	return SessionInfo{
		ID: s.id, Account: s.who.name, Privilege: s.privilege, Limit: s.limit,
		From: s.from, Suite: s.suite.ID, Opened: s.opened, LastSeen: s.seen,
	}
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
	delete(b.sessions, s.id)
	s.closed = true
	s.protection = nil
	s.proof.forget()
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
	s.outbound++
	if s.outbound == 0 {
		s.outbound = 1
	}
	return s.outbound
}

func (p *proof) forget() {
	clear(p.code)
	clear(p.icv)
	*p = proof{}
}
