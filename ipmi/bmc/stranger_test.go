package bmc

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestStrangers: whose packets belong to a session, or to a login that has begun, from
// where it was begun. A quota hears those first.
func TestStrangers(t *testing.T) {
	var stranger bool
	asked := 0
	r := newBMC(t, func(c *Config) {
		bothVersions(c)
		c.Hears = func(_ time.Time, s bool) bool {
			stranger = s
			asked++
			return true
		}
	})
	b := r.bmc
	want := func(what string, is bool) {
		t.Helper()
		if asked != 1 || stranger != is {
			t.Errorf("%s: asked %d times, a stranger: %v, want once and %v", what, asked, stranger, is)
		}
		asked = 0
	}
	sends := func(from netip.AddrPort, packet []byte) { b.answer(time.Now(), from, packet, nil) }
	a := newAttempt(t, b, admin)
	elsewhere := spoofed(1)

	sends(a.from, ipmi.AppendPing(nil, 1))
	want("a ping", true)
	capabilities := ipmi.AppendRequest(nil, ipmi.Message{Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Command: 0x38, Data: []byte{0x8E, 4}})
	sends(a.from, ipmi.AppendSession15(nil, ipmi.Session15{Message: capabilities}))
	want("a command of IPMI 1.5 without a session", true)
	sends(a.from, ipmi.AppendSession20(nil, ipmi.PayloadIPMI, capabilities))
	want("a command of IPMI 2.0 without a session", true)
	a.open()
	want("open session", true)
	sends(elsewhere, ipmi.AppendSession20(nil, ipmi.PayloadRAKP1, a.rakp1Payload()))
	want("RAKP message 1 from elsewhere", true)
	a.rakp1()
	want("RAKP message 1", false)
	a.rakp3()
	want("RAKP message 3", false)
	a.rakp3()
	want("RAKP message 3 again", false)
	sends(a.from, ipmi.AppendSession20(nil, ipmi.PayloadRAKP3, []byte{1, 0, 0, 0, 1, 2, 3}))
	want("RAKP message 3, cut off", true)

	inside := func(sequence uint32, cmd uint8, data []byte) []byte {
		return sealed(t, a, sequence, ipmi.PayloadIPMI, ipmi.AppendRequest(nil, ipmi.Message{
			Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Requester: ipmi.AddressConsole, Command: cmd, Data: data,
		}))
	}
	sends(a.from, inside(1, cmdDeviceID, nil))
	want("a command", false)
	sends(elsewhere, inside(2, cmdDeviceID, nil))
	want("a command from elsewhere", true)
	sends(a.from, inside(3, cmdDeviceID, nil))
	want("back from there", true)
	closes := inside(4, cmdCloseSession, binary.LittleEndian.AppendUint32(nil, a.x.BMCID))
	sends(a.from, closes)
	want("close session", false)
	sends(a.from, closes)
	want("close session again", false)

	c := newActivation15(t, r, operator)
	want("get session challenge", true)
	activation := c.session.ActivationRequest(c.login, c.challenge)
	sends(elsewhere, activation)
	want("activate session from elsewhere", true)
	sends(c.from, activation)
	want("activate session", false)
	sends(a.from, []byte{6, 0, 0xFF, 7, 6})
	if asked != 0 {
		t.Error("what cannot be read counts")
	}
}
