package bmc

import (
	"crypto/subtle"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// rakp3 answers RAKP message 3 (section 13.22) with message 4, and makes the
// handshake a session when the console knows the password.
func (b *BMC) rakp3(now time.Time, from netip.AddrPort, payload, dst []byte) ([]byte, DropReason) {
	m, err := ipmi.ParseRAKPMessage3(payload)
	if err != nil {
		return nil, DropMalformed
	}
	h := b.handshakes.find(now, m.ID)
	if h == nil || h.exchange.UserName == nil {
		return b.repeatRAKP4(now, m, dst)
	}
	if b.handshakes.expireUnproven(now); b.backoff.waits(now, h.guesser()) {
		return nil, DropBackoff
	}
	if m.Status != ipmi.StatusOK {
		b.handshakes.unproven(now, h)
		b.handshakes.remove(h)
		b.config.Events.Handshake(HandshakeAborted, h.user(), from)
		h.forget()
		return nil, DropAborted
	}
	response := ipmi.RAKPMessage3{Tag: m.Tag, ID: h.exchange.ConsoleID}
	var result HandshakeResult
	response.Status, result = b.authenticate(now, from, h, m.Code)
	if response.Status == ipmi.StatusInvalidICV {
		b.handshakes.unproven(now, h)
	} else {
		b.backoff.proved(h.guesser())
	}
	if response.Status == ipmi.StatusOK {
		response.Code = b.establish(now, from, h, m.Code).icv
	}
	b.handshakes.done(h)
	b.config.Events.Handshake(result, h.user(), from)
	h.forget()
	return ipmi.AppendSession20(dst, ipmi.PayloadRAKP4, ipmi.AppendRAKPMessage3(b.message[:0], response)), NotDropped
}

// authenticate checks the code of message 3. A wrong password and a name that
// nobody has take the same way through the same computation. Only somebody who
// knows a password learns that there is no place left.
func (b *BMC) authenticate(now time.Time, from netip.AddrPort, h *handshake, code []byte) (ipmi.Status, HandshakeResult) {
	right := subtle.ConstantTimeCompare(h.exchange.RAKP3Code(), code) == 1
	switch {
	case !h.who.real, !h.who.permits(from):
		return ipmi.StatusInvalidICV, HandshakeUnknownUser
	case !right:
		return ipmi.StatusInvalidICV, HandshakeWrongPassword
	}
	if !b.admit(now, h.who) {
		return ipmi.StatusNoResources, HandshakeNoResources
	}
	return ipmi.StatusOK, HandshakeCompleted
}

// establish makes a session of the handshake and returns what proves it.
func (b *BMC) establish(now time.Time, from netip.AddrPort, h *handshake, code []byte) proof {
	x := &h.exchange
	sik := x.SIK()
	protection, err := x.Protection(sik)
	if err != nil {
		panic(err) // only for a key of the wrong size
	}
	p := proof{code: append([]byte(nil), code...), icv: x.RAKP4ICV(sik)}
	clear(sik)
	x.MACs.Forget()
	b.open(now, from, &session{
		id: h.id, who: h.who, limit: min(x.Role.Privilege(), h.who.privilege, h.limit),
		wire:    &wire20{consoleID: x.ConsoleID, protection: protection, suite: x.Suite, proof: p},
		inbound: newWindow20(),
	})
	return p
}

// repeatRAKP4 answers message 3 for which there is no handshake: that of a new
// session whose message 4 was lost is answered again, under the tag it has now.
// To FreeIPMI and pyghmi an error here would mean to log in all over again.
func (b *BMC) repeatRAKP4(now time.Time, m ipmi.RAKPMessage3, dst []byte) ([]byte, DropReason) {
	if m.Status != ipmi.StatusOK {
		return nil, DropAborted
	}
	response := ipmi.RAKPMessage3{Tag: m.Tag, Status: ipmi.StatusInvalidSession}
	if s := b.findSession(now, m.ID); s != nil && now.Sub(s.opened) < repeatRAKP3For {
		w, ok := s.wire.(*wire20)
		if ok && w.proof.icv != nil && subtle.ConstantTimeCompare(w.proof.code, m.Code) == 1 {
			response.Status = ipmi.StatusOK
			response.ID = w.consoleID
			response.Code = w.proof.icv
		}
	}
	return ipmi.AppendSession20(dst, ipmi.PayloadRAKP4, ipmi.AppendRAKPMessage3(b.message[:0], response)), NotDropped
}
