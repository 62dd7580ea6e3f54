package bmc

import (
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
	header, rest, err := ipmi.ParseRMCP(packet)
	if err != nil {
		return nil, DropMalformed
	}
	switch {
	case header.ACK:
		return nil, DropUnsupported // nothing that is sent here asks for one
	case header.Class == ipmi.ClassASF:
		tag, ok := ipmi.ParsePing(rest)
		if !ok {
			return nil, DropUnsupported
		}
		return ipmi.AppendPong(dst, tag), NotDropped
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

// answer15 answers a packet in the wrapper of IPMI 1.5, where there are no
// sessions here: only the commands that need none are left.
func (b *BMC) answer15(now time.Time, from netip.AddrPort, rest, dst []byte) ([]byte, DropReason) {
	p, err := ipmi.ParseSession15(rest)
	switch {
	case err != nil:
		return nil, DropMalformed
	case p.SessionID != 0:
		return nil, DropUnknownSession
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
	if p.SessionID != 0 {
		return b.inside(now, from, p, dst)
	}
	if p.Encrypted || p.Authenticated {
		return nil, DropMalformed // there is no key outside of a session
	}
	switch p.Type {
	case ipmi.PayloadOpenSessionRequest:
		return b.openSession(now, from, p.Payload, dst)
	case ipmi.PayloadRAKP1:
		return b.rakp1(now, p.Payload, dst)
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

// inside answers a packet of a session. Nothing is believed, and nothing
// changed, before its auth code was verified.
func (b *BMC) inside(now time.Time, from netip.AddrPort, p ipmi.Session20, dst []byte) ([]byte, DropReason) {
	s := b.findSession(now, p.SessionID)
	if s == nil {
		s = b.findParting(now, p.SessionID)
	}
	switch {
	case s == nil:
		return nil, DropUnknownSession
	case p.Type != ipmi.PayloadIPMI:
		return nil, DropUnsupported
	case !p.Encrypted || !p.Authenticated:
		return nil, DropUnprotected
	case !s.inbound.fresh(p.Sequence):
		return nil, DropReplay
	case s.protection.Verify(p) != nil:
		return nil, DropBadIntegrity
	}
	s.inbound.accept(p.Sequence)
	s.seen = now
	s.from = from
	s.proof.forget()
	payload, err := s.protection.Open(p.Payload)
	if err != nil {
		return nil, DropMalformed
	}
	m, reason := parseRequest(payload)
	switch {
	case reason != NotDropped:
		return nil, reason
	case s.closed && !partingWord(m):
		return nil, DropUnknownSession
	}
	b.call = call{b: b, s: s, row: findCommand(m.NetFn, m.Command), now: now, from: from, sequence: p.Sequence, message: m}
	code := b.call.dispatch()
	if b.call.held {
		return nil, NotDropped
	}
	reply := b.seal(s, b.respond(code), dst)
	switch closes := b.call.closes; closes {
	case nil:
	case s:
		b.part(now, s)
	default:
		b.closeSession(closes)
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
	b.answered(b.call.row, code, b.call.now)
	b.message = ipmi.AppendResponse(b.message[:0], b.call.message, code, b.body)
	return b.message
}

// answered counts a command that is answered now.
func (b *BMC) answered(row *Command, code ipmi.CompletionCode, arrived time.Time) {
	now := time.Now()
	b.stats.Requests++
	b.stats.LastRequest = now
	name := "unknown"
	if row != nil {
		name = row.Name
	}
	b.config.Events.Request(name, code, now.Sub(arrived))
}

// seal puts a message into the next packet of the session.
func (b *BMC) seal(s *session, message, dst []byte) []byte {
	b.random(b.iv[:])
	return s.protection.Seal(dst, ipmi.PayloadIPMI, s.consoleID, s.nextSequence(), b.iv, message)
}
