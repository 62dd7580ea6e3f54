package bmc

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A handshake is a session that is not one yet: no command can be given to it.
// In IPMI 2.0 it is made by an Open Session Request and ends with RAKP message 3,
// in IPMI 1.5 by Get Session Challenge and ends with Activate Session.
type handshake struct {
	id      uint32         // BMC's; the temporary one in IPMI 1.5
	from    netip.AddrPort // of the first message
	stepped time.Time      // when the last valid message came
	who     identity       // in IPMI 2.0 from RAKP message 1 on

	// of IPMI 2.0
	limit    ipmi.Privilege
	exchange ipmi.KeyExchange
	name     [ipmi.MaxUserName]byte // what exchange.UserName points to
	named    time.Time              // when RAKP message 1 was answered first

	// of IPMI 1.5
	auth      ipmi.AuthType
	challenge [16]byte
}

func (h *handshake) user() string { return h.who.name }

// guesser is who has to know the password. The source is that of the first
// message: only there was the ID sent to that the later ones bring back.
func (h *handshake) guesser() guesser { return newGuesser(h.from, h.who.name) }

// forget zeroes the password and what was computed from it.
func (h *handshake) forget() {
	h.exchange = ipmi.KeyExchange{}
	clear(h.who.password)
	h.who = identity{}
}

// openSession answers an Open Session Request (section 13.17).
func (b *BMC) openSession(now time.Time, from netip.AddrPort, payload, dst []byte) ([]byte, DropReason) {
	r, err := ipmi.ParseOpenSessionRequest(payload)
	if err == ipmi.ErrShort {
		return nil, DropMalformed
	}
	response := ipmi.OpenSessionResponse{Tag: r.Tag, ConsoleID: r.ConsoleID}
	if err != nil {
		response.Status = ipmi.StatusIllegalParameter
		b.config.Events.Handshake(HandshakeRefused, "", from)
	} else if h := b.newHandshake(now, from, r, &response); h != nil {
		b.handshakes.expire(now)
		b.handshakes.opened.add(h)
		b.startSweeping()
	}
	return ipmi.AppendSession20(dst, ipmi.PayloadOpenSessionResponse,
		ipmi.AppendOpenSessionResponse(b.message[:0], response)), NotDropped
}

// newHandshake fills in the response. It returns nil when the status says no.
func (b *BMC) newHandshake(now time.Time, from netip.AddrPort, r ipmi.OpenSessionRequest, response *ipmi.OpenSessionResponse) *handshake {
	if r.MaxPrivilege > ipmi.OEMPrivilege {
		response.Status = ipmi.StatusInvalidRole
		b.config.Events.Handshake(HandshakeRefused, "", from)
		return nil
	}
	suite, ok := r.Suite(b.config.Suites)
	if !ok {
		response.Status = ipmi.StatusNoSuite // ipmitool and Ironic look for just this one
		b.config.Events.Handshake(HandshakeNoSuite, "", from)
		return nil
	}
	limit := r.MaxPrivilege
	if limit == ipmi.PrivilegeNone || limit > ipmi.Administrator {
		// FreeIPMI refuses a level below the one it will ask for, and a zero.
		limit = ipmi.Administrator
	}
	limit = min(limit, b.config.ChannelLimit)
	h := &handshake{id: b.newSessionID(now), limit: limit, from: from, stepped: now}
	h.exchange = ipmi.KeyExchange{Suite: suite, ConsoleID: r.ConsoleID, BMCID: h.id, GUID: b.config.GUID, Kg: []byte(b.config.Kg), MACs: &b.macs}
	response.MaxPrivilege = limit
	response.BMCID = h.id
	response.Suite = suite
	return h
}

// newSessionID returns an ID nobody can guess and nobody uses.
func (b *BMC) newSessionID(now time.Time) uint32 {
	b.forgetParting(now)
	for {
		b.random(b.iv[:4])
		id := binary.LittleEndian.Uint32(b.iv[:])
		if id != 0 && b.sessions[id] == nil && !b.parting.contain(id) && !b.handshakes.contain(id) {
			return id
		}
	}
}

// rakp1 answers RAKP message 1 (section 13.20) with message 2. It must come from
// the address the handshake was opened from, because message 2 is longer and must
// not be sent to somebody who has not asked.
func (b *BMC) rakp1(now time.Time, from netip.AddrPort, payload, dst []byte) ([]byte, DropReason) {
	m, err := ipmi.ParseRAKPMessage1(payload)
	if err == ipmi.ErrShort {
		return nil, DropMalformed
	}
	response := ipmi.RAKPMessage2{Tag: m.Tag}
	h := b.handshakes.find(now, m.BMCID)
	if h != nil && h.from.Addr() != from.Addr() {
		h = nil
	}
	switch {
	case h == nil:
		response.Status = ipmi.StatusInvalidSession
	case err != nil:
		response.Status = ipmi.StatusInvalidNameLength
	case b.guessing(now, h, m):
		return nil, DropBackoff
	default:
		response.Status = b.nameUser(now, h, m)
	}
	if h != nil {
		response.ConsoleID = h.exchange.ConsoleID
	}
	if response.Status == ipmi.StatusOK {
		response.BMCRandom = h.exchange.BMCRandom
		response.GUID = h.exchange.GUID
		response.Code = h.exchange.RAKP2Code()
	}
	return ipmi.AppendSession20(dst, ipmi.PayloadRAKP2, ipmi.AppendRAKPMessage2(b.message[:0], response)), NotDropped
}

// nameUser takes over the user of RAKP message 1. The same message again, under
// whatever tag, changes nothing and so gets the same answer; another one starts
// anew with a new random number of ours.
func (b *BMC) nameUser(now time.Time, h *handshake, m ipmi.RAKPMessage1) ipmi.Status {
	x := &h.exchange
	if h.repeats(m) {
		b.handshakes.advance(now, h)
		return ipmi.StatusOK
	}
	level := m.Role.Privilege()
	if level == ipmi.PrivilegeNone || level > ipmi.OEMPrivilege {
		return b.refuse(h, "", ipmi.StatusInvalidRole)
	}
	who := b.identify(h.from, m.UserName, ipmi.MaxPassword)
	if who.name == "" {
		return b.refuse(h, "", ipmi.StatusUnauthorizedName)
	}
	if !m.Role.NameOnly() && who.privilege != level {
		// Not "unauthorized role": pyghmi and xCAT try a lower level after this one only.
		return b.refuse(h, who.name, ipmi.StatusInvalidRole)
	}
	b.handshakes.unproven(now, h) // a console that asks again has not found its password right
	b.random(b.iv[:])
	x.BMCRandom = b.iv
	x.ConsoleRandom = m.ConsoleRandom
	x.Role = m.Role
	x.UserName = append(h.name[:0], m.UserName...)
	x.Password = who.password
	clear(h.who.password)
	h.who = who
	b.handshakes.name(now, h)
	b.startSweeping()
	return ipmi.StatusOK
}

// repeats says whether the handshake has answered this RAKP message 1 before.
func (h *handshake) repeats(m ipmi.RAKPMessage1) bool {
	x := &h.exchange
	return x.UserName != nil && m.ConsoleRandom == x.ConsoleRandom && m.Role == x.Role && bytes.Equal(m.UserName, x.UserName)
}

// guessing says whether the source has to wait before it tries this account again.
func (b *BMC) guessing(now time.Time, h *handshake, m ipmi.RAKPMessage1) bool {
	b.handshakes.expireUnproven(now)
	return !h.repeats(m) && b.backoff.waits(now, newGuesser(h.from, trimName(m.UserName)))
}

// refuse tells of the refusal and leaves the handshake as it is, for the
// console may ask again with another role.
func (b *BMC) refuse(h *handshake, user string, status ipmi.Status) ipmi.Status {
	b.config.Events.Handshake(HandshakeRefused, user, h.from)
	return status
}
