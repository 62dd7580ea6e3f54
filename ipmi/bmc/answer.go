package bmc

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// answer is the whole protocol as a function: it appends the reply to dst, or
// says why there is none. No reply and NotDropped means that a command is held:
// its reply is sent when the Machine has answered. mu must be held; the packet
// is decrypted in place.
func (b *BMC) answer(now time.Time, from netip.AddrPort, packet, dst []byte) ([]byte, DropReason) {
	if !b.allowed(from) {
		return nil, DropNotAllowed
	}
	if !b.shares.take(now, from) {
		return nil, DropTooMany
	}
	if b.shares.others != nil {
		b.startSweeping()
	}
	if b.mode = b.config.Mode(); b.mode == Silent {
		return nil, DropMaintenance
	}
	header, rest, err := ipmi.ParseRMCP(packet)
	if err != nil {
		return nil, DropMalformed
	}
	b.traffic.rmcp++
	switch {
	case header.ACK:
		return nil, DropUnsupported // nothing that is sent here asks for one
	case header.Class == ipmi.ClassASF:
		return b.pong(now, rest, dst)
	case header.Class != ipmi.ClassIPMI:
		return nil, DropUnsupported
	}
	auth, err := ipmi.SessionAuthType(rest)
	if err != nil {
		return nil, DropMalformed
	}
	if auth == ipmi.AuthRMCPPlus {
		return b.answer20(now, from, rest, dst)
	}
	return b.answer15(now, from, rest, dst)
}

// pong answers a presence ping.
func (b *BMC) pong(now time.Time, rest, dst []byte) ([]byte, DropReason) {
	tag, ok := ipmi.ParsePing(rest)
	switch {
	case !ok:
		return nil, DropUnsupported
	case !b.config.Hears(now, Stranger, ""):
		return nil, DropQuota
	}
	return ipmi.AppendPong(dst, tag), NotDropped
}

// partner is the ID of the session, or of the set-up of one, that a packet names; 0: none.
func partner(p ipmi.Session20) uint32 {
	setUp := p.Type == ipmi.PayloadRAKP1 || p.Type == ipmi.PayloadRAKP3
	if p.SessionID == 0 && setUp && len(p.Payload) >= 8 {
		return binary.LittleEndian.Uint32(p.Payload[4:])
	}
	return p.SessionID
}

// answer15 answers a packet in the wrapper of IPMI 1.5.
func (b *BMC) answer15(now time.Time, from netip.AddrPort, rest, dst []byte) ([]byte, DropReason) {
	p, err := ipmi.ParseSession15(rest)
	switch {
	case err != nil:
		return nil, DropMalformed
	case !b.hears(now, from, p.SessionID):
		return nil, DropQuota
	case p.SessionID != 0:
		return b.inside15(now, from, p, dst)
	case p.AuthType != ipmi.AuthNone:
		return nil, DropUnsupported
	}
	message, reason := b.outside(now, from, p.Message)
	if reason != NotDropped {
		return nil, reason
	}
	return ipmi.AppendSession15(dst, ipmi.Session15{AuthType: ipmi.AuthNone, Message: message}), NotDropped
}

// answer20 answers an RMCP+ packet. What it is to be is decided from the header alone.
func (b *BMC) answer20(now time.Time, from netip.AddrPort, rest, dst []byte) ([]byte, DropReason) {
	p, err := ipmi.ParseSession20(rest)
	if err != nil {
		return nil, DropMalformed
	}
	if !b.hears(now, from, partner(p)) {
		return nil, DropQuota
	}
	if p.SessionID != 0 {
		return b.inside20(now, from, p, dst)
	}
	if p.Encrypted || p.Authenticated {
		return nil, DropMalformed // there is no key outside of a session
	}
	switch p.Type {
	case ipmi.PayloadOpenSessionRequest:
		return b.openSession(now, from, p.Payload, dst)
	case ipmi.PayloadRAKP1:
		return b.rakp1(now, from, p.Payload, dst)
	case ipmi.PayloadRAKP3:
		return b.rakp3(now, from, p.Payload, dst)
	case ipmi.PayloadIPMI:
		message, reason := b.outside(now, from, p.Payload)
		if reason != NotDropped {
			return nil, reason
		}
		return ipmi.AppendSession20(dst, ipmi.PayloadIPMI, message), NotDropped
	default:
		return nil, DropUnsupported
	}
}

// outside answers a message that belongs to no session.
func (b *BMC) outside(now time.Time, from netip.AddrPort, message []byte) ([]byte, DropReason) {
	m, reason := parseRequest(message)
	if reason != NotDropped {
		return nil, reason
	}
	row := findCommand(m.NetFn, m.Command)
	if row == nil || !row.Sessionless || m.ResponderLUN != 0 {
		return nil, DropNoSession
	}
	b.call = call{b: b, row: row, now: now, from: from, message: m}
	return b.respond(b.call.dispatch()), NotDropped
}

// inside20 answers an RMCP+ packet of a session. Nothing is believed, and nothing
// changed, before its auth code was verified. Its protection must be that of the
// session, no less and no more, and so is that of the answer.
func (b *BMC) inside20(now time.Time, from netip.AddrPort, p ipmi.Session20, dst []byte) ([]byte, DropReason) {
	s := b.findSession(now, p.SessionID)
	if s == nil {
		s = b.findParting(now, p.SessionID)
	}
	if s == nil {
		return nil, DropUnknownSession
	}
	w, ok := s.wire.(*wire20)
	switch {
	case !ok:
		return nil, DropUnknownSession
	case !s.who.permits(from):
		return nil, DropNotAllowed
	case p.Type != ipmi.PayloadIPMI:
		return nil, DropUnsupported
	case !p.Authenticated || p.Encrypted != w.protection.Encrypts():
		return nil, DropUnprotected
	case !s.inbound.fresh(p.Sequence):
		return nil, DropReplay
	case w.protection.Verify(p) != nil:
		return nil, DropBadIntegrity
	}
	s.accept(now, from, p.Sequence)
	payload, err := w.protection.Open(p.Payload)
	if err != nil {
		return nil, DropMalformed
	}
	return b.perform(s, p.Sequence, payload, dst)
}

// inside15 answers a packet of IPMI 1.5 that belongs to a session, or is to start one.
func (b *BMC) inside15(now time.Time, from netip.AddrPort, p ipmi.Session15, dst []byte) ([]byte, DropReason) {
	s := b.findSession(now, p.SessionID)
	if s == nil {
		s = b.findParting(now, p.SessionID)
	}
	if s == nil {
		return b.activate(now, from, p, dst)
	}
	w, ok := s.wire.(*wire15)
	switch {
	case !ok:
		return nil, DropUnknownSession
	case !s.who.permits(from):
		return nil, DropNotAllowed
	case p.AuthType != w.protection.AuthType():
		return nil, DropUnprotected
	case p.Sequence == 0:
		return b.activateAgain(now, from, s, w, p, dst)
	case !s.inbound.fresh(p.Sequence):
		return nil, DropReplay
	case w.protection.Verify(p) != nil:
		return nil, DropBadIntegrity
	}
	s.accept(now, from, p.Sequence)
	return b.perform(s, p.Sequence, p.Message, dst)
}

// perform answers the message of a packet that s has just accepted.
func (b *BMC) perform(s *session, sequence uint32, message, dst []byte) ([]byte, DropReason) {
	m, reason := parseRequest(message)
	switch {
	case reason != NotDropped:
		return nil, reason
	case s.closed && !partingWord(m):
		return nil, DropUnknownSession
	}
	b.call = call{b: b, s: s, row: findCommand(m.NetFn, m.Command), now: s.seen, from: s.from, sequence: sequence, message: m}
	code := b.call.dispatch()
	if b.call.held {
		return nil, NotDropped
	}
	reply := b.seal(s, b.respond(code), dst)
	switch closes := b.call.closes; closes {
	case nil:
	case s:
		b.part(s.seen, s)
	default:
		b.closeSession(closes)
	}
	if b.call.resets != noReset {
		b.reset(s.seen, b.call.resets)
	}
	return reply, NotDropped
}

// parseRequest reads a message that must be a request to the BMC itself.
func parseRequest(b []byte) (ipmi.Message, DropReason) {
	m, err := ipmi.ParseMessage(b)
	if err != nil {
		return m, DropMalformed
	}
	if m.NetFn&1 != 0 || m.Responder != ipmi.AddressBMC {
		return m, DropUnsupported
	}
	return m, NotDropped
}

// respond builds the response message of the current call and tells of it.
func (b *BMC) respond(code ipmi.CompletionCode) []byte {
	now := b.answered(b.call.row, code, b.call.now)
	b.rememberCall(code, now)
	b.message = ipmi.AppendResponse(b.message[:0], b.call.message, code, b.body)
	return b.message
}

// answered counts a command that is answered now, which it returns.
func (b *BMC) answered(row *Command, code ipmi.CompletionCode, arrived time.Time) (now time.Time) {
	now = time.Now()
	b.stats.Requests++
	b.stats.LastRequest = now
	name := "other"
	if row != nil {
		name = row.Name
	}
	b.config.Events.Request(name, code, now.Sub(arrived))
	return now
}

// seal puts a message into the next packet of the session.
func (b *BMC) seal(s *session, message, dst []byte) []byte {
	return s.wire.seal(b, dst, s.nextSequence(), message)
}
