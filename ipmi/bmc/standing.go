package bmc

import (
	"net/netip"
	"time"
)

// A Standing is what a packet's sender seems to be before anything of it is verified.
// Nobody else knows the ID that it has named, but who reads the network does, and can
// forge the source: it is no more than a hint whose packets to hear first.
type Standing uint8

// The standings.
const (
	// Stranger: it has named no session, and no set-up of one, of its source.
	Stranger Standing = iota
	// Begun: a set-up that was begun from where it is.
	Begun
	// Member: a session that was last heard from where it is.
	Member
)

// hears asks whether a packet may be answered that names this ID.
func (b *BMC) hears(now time.Time, from netip.AddrPort, id uint32) bool {
	s, account := b.standing(from, id)
	return b.config.Hears(now, s, account)
}

// standing returns whose packet it seems to be, and the account of a member.
func (b *BMC) standing(from netip.AddrPort, id uint32) (Standing, string) {
	s := b.sessions[id]
	if s == nil {
		s = b.parting.find(id)
	}
	if s != nil && s.from.Addr() == from.Addr() {
		return Member, s.who.name
	}
	if h := b.handshakes.of(id); h != nil && h.from.Addr() == from.Addr() {
		return Begun, ""
	}
	return Stranger, ""
}
