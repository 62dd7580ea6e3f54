package bmc

import (
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const cmdActivateSession = 0x3A

// getSessionChallenge starts a session of IPMI 1.5 (section 22.16). Whether
// anybody has the name shows neither here nor later.
func getSessionChallenge(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseSessionChallengeRequest(c.data())
	if err != nil {
		return nil, err
	}
	b := c.b
	if !b.config.V15.offers(r.AuthType) {
		return nil, ipmi.InvalidField
	}
	who := b.identify(c.from, r.UserName, ipmi.MaxPassword15)
	if who.name == "" {
		return nil, ipmi.NullUserDisabled
	}
	h := &handshake{id: b.newSessionID(c.now), from: c.from, stepped: c.now, who: who, auth: r.AuthType}
	b.random(h.challenge[:])
	b.handshakes.expire(c.now)
	b.handshakes.challenged.add(h)
	b.startSweeping()
	return ipmi.AppendSessionChallenge(dst, ipmi.SessionChallenge{ID: h.id, Challenge: h.challenge}), nil
}

// activate answers Activate Session (section 22.17), the only packet there can be
// under a temporary session ID. Who does not know the password hears nothing.
func (b *BMC) activate(now time.Time, from netip.AddrPort, p ipmi.Session15, dst []byte) ([]byte, DropReason) {
	h := b.handshakes.findChallenge(now, p.SessionID)
	switch {
	case h == nil || h.from.Addr() != from.Addr():
		return nil, DropUnknownSession
	case p.Sequence != 0:
		return nil, DropReplay
	case p.AuthType != h.auth:
		return nil, DropUnprotected
	}
	m, reason := parseActivation(p.Message)
	if reason != NotDropped {
		return nil, reason
	}
	if b.backoff.waits(now, h.guesser()) {
		return nil, DropBackoff
	}
	protection, err := ipmi.NewProtection15(h.auth, h.who.password)
	if err != nil {
		panic(err) // getSessionChallenge has checked the type, and identify the length
	}
	if right := protection.Verify(p) == nil; !right || !h.who.real {
		return nil, b.wrongPassword15(now, from, h)
	}
	b.backoff.proved(h.guesser())
	b.call = call{b: b, row: findCommand(m.NetFn, m.Command), now: now, from: from, message: m}
	b.body = b.body[:0]
	r, err := ipmi.ParseActivateSessionRequest(m.Data)
	if err == nil {
		err = b.establish15(now, from, h, r, protection)
	}
	return protection.Seal(dst, p.SessionID, r.Outbound, b.respond(completionCode(err))), NotDropped
}

// parseActivation reads a message that must be Activate Session.
func parseActivation(b []byte) (ipmi.Message, DropReason) {
	m, reason := parseRequest(b)
	if reason == NotDropped && (m.NetFn != ipmi.NetFnApp || m.Command != cmdActivateSession || m.ResponderLUN != 0) {
		return m, DropNoSession
	}
	return m, reason
}

// wrongPassword15 ends the set-up. A name that nobody has ends the same way.
func (b *BMC) wrongPassword15(now time.Time, from netip.AddrPort, h *handshake) DropReason {
	result := HandshakeWrongPassword
	if !h.who.real {
		result = HandshakeUnknownUser
	}
	b.backoff.failed(now, h.guesser())
	b.handshakes.remove(h)
	b.config.Events.Handshake(result, h.user(), from)
	h.forget()
	return DropBadIntegrity
}

// establish15 makes a session of the set-up and leaves the answer in BMC.body.
// After a refusal the console may try again with other parameters.
func (b *BMC) establish15(now time.Time, from netip.AddrPort, h *handshake, r ipmi.ActivateSessionRequest, p *ipmi.Protection15) error {
	refuse := func(result HandshakeResult, code ipmi.CompletionCode) error {
		b.config.Events.Handshake(result, h.user(), from)
		return code
	}
	switch {
	case r.AuthType != h.auth:
		return refuse(HandshakeRefused, ipmi.InvalidField)
	case subtle.ConstantTimeCompare(r.Challenge[:], h.challenge[:]) != 1:
		return refuse(HandshakeRefused, ipmi.InvalidChallenge)
	case r.MaxPrivilege > min(h.who.privilege, b.config.ChannelLimit):
		return refuse(HandshakeRefused, ipmi.ActivateExceedsLimit)
	case !b.admit(now, h.who):
		return refuse(HandshakeNoResources, ipmi.NoSessionSlot)
	}
	answer := ipmi.ActivatedSession{AuthType: h.auth, ID: h.id, Inbound: b.firstInbound(), MaxPrivilege: r.MaxPrivilege}
	b.open(now, from, &session{
		id: h.id, who: h.who, limit: r.MaxPrivilege,
		wire:     &wire15{id: h.id, protection: p, activated: &activation{challenge: h.challenge, answer: answer}},
		inbound:  newWindow15(answer.Inbound),
		outbound: r.Outbound, // of the answer to Activate Session
	})
	b.handshakes.remove(h)
	b.config.Events.Handshake(HandshakeCompleted, h.user(), from)
	h.forget()
	b.body = ipmi.AppendActivatedSession(b.body, answer)
	return nil
}

// firstInbound returns the number the console's first packet is to have.
func (b *BMC) firstInbound() uint32 {
	for {
		b.random(b.iv[:4])
		if n := binary.LittleEndian.Uint32(b.iv[:]); n != 0 {
			return n
		}
	}
}

// activateAgain answers a repeated Activate Session with the same session, because
// the first answer may be lost. It ends with the first packet of the session.
func (b *BMC) activateAgain(now time.Time, from netip.AddrPort, s *session, w *wire15, p ipmi.Session15, dst []byte) ([]byte, DropReason) {
	if w.activated == nil || from.Addr() != s.from.Addr() {
		return nil, DropReplay
	}
	m, reason := parseActivation(p.Message)
	if reason != NotDropped {
		return nil, reason
	}
	g := newGuesser(s.from, s.who.name)
	if b.backoff.waits(now, g) {
		return nil, DropBackoff
	}
	if w.protection.Verify(p) != nil {
		b.backoff.failed(now, g)
		return nil, DropBadIntegrity
	}
	r, err := ipmi.ParseActivateSessionRequest(m.Data)
	if err != nil || r.Challenge != w.activated.challenge {
		return nil, DropReplay
	}
	s.from, s.seen, s.outbound = from, now, r.Outbound
	b.call = call{b: b, row: findCommand(m.NetFn, m.Command), now: now, from: from, message: m}
	b.body = ipmi.AppendActivatedSession(b.body[:0], w.activated.answer)
	return s.wire.seal(b, dst, r.Outbound, b.respond(ipmi.Completed)), NotDropped
}

// activateSession is Activate Session inside of a session, which keeps it alive
// and sets the number of the next packet to the console (section 22.17).
func activateSession(c *call, dst []byte) ([]byte, error) {
	w, ok := c.s.wire.(*wire15)
	if !ok {
		return nil, ipmi.NotInPresentState
	}
	r, err := ipmi.ParseActivateSessionRequest(c.data())
	switch {
	case err != nil:
		return nil, err
	case r.AuthType != w.protection.AuthType():
		return nil, ipmi.InvalidField
	case r.MaxPrivilege > c.s.limit:
		return nil, ipmi.ActivateExceedsLimit
	}
	c.s.outbound = r.Outbound - 1
	return ipmi.AppendActivatedSession(dst, ipmi.ActivatedSession{
		AuthType: r.AuthType, ID: c.s.id, Inbound: following(c.s.inbound.highest), MaxPrivilege: c.s.limit,
	}), nil
}
