package bmc

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestStanding: whose packets belong to a session, or to a login that has begun, from
// where it was begun. A quota hears those first.
func TestStanding(t *testing.T) {
	var standing Standing
	var account string
	asked := 0
	r := newBMC(t, func(c *Config) {
		bothVersions(c)
		c.Hears = func(_ time.Time, s Standing, a string) bool {
			standing, account = s, a
			asked++
			return true
		}
	})
	b := r.bmc
	want := func(what string, is Standing) {
		t.Helper()
		if asked != 1 || standing != is || (is == Member) != (account == admin.Name) {
			t.Errorf("%s: asked %d times, standing %d of account %q, want once and %d", what, asked, standing, account, is)
		}
		asked = 0
	}
	sends := func(from netip.AddrPort, packet []byte) { b.answer(time.Now(), from, packet, nil) }
	a := newAttempt(t, b, admin)
	elsewhere := spoofed(1)

	sends(a.from, ipmi.AppendPing(nil, 1))
	want("a ping", Stranger)
	capabilities := ipmi.AppendRequest(nil, ipmi.Message{Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Command: 0x38, Data: []byte{0x8E, 4}})
	sends(a.from, ipmi.AppendSession15(nil, ipmi.Session15{Message: capabilities}))
	want("a command of IPMI 1.5 without a session", Stranger)
	sends(a.from, ipmi.AppendSession20(nil, ipmi.PayloadIPMI, capabilities))
	want("a command of IPMI 2.0 without a session", Stranger)
	a.open()
	want("open session", Stranger)
	sends(elsewhere, ipmi.AppendSession20(nil, ipmi.PayloadRAKP1, a.rakp1Payload()))
	want("RAKP message 1 from elsewhere", Stranger)
	a.rakp1()
	want("RAKP message 1", Begun)
	a.rakp3()
	want("RAKP message 3", Begun)
	a.rakp3()
	want("RAKP message 3 again", Member)
	sends(a.from, ipmi.AppendSession20(nil, ipmi.PayloadRAKP3, []byte{1, 0, 0, 0, 1, 2, 3}))
	want("RAKP message 3, cut off", Stranger)

	inside := func(sequence uint32, cmd uint8, data []byte) []byte {
		return sealed(t, a, sequence, ipmi.PayloadIPMI, ipmi.AppendRequest(nil, ipmi.Message{
			Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Requester: ipmi.AddressConsole, Command: cmd, Data: data,
		}))
	}
	sends(a.from, inside(1, cmdDeviceID, nil))
	want("a command", Member)
	sends(elsewhere, inside(2, cmdDeviceID, nil))
	want("a command from elsewhere", Stranger)
	sends(a.from, inside(3, cmdDeviceID, nil))
	want("back from there", Stranger)
	closes := inside(4, cmdCloseSession, binary.LittleEndian.AppendUint32(nil, a.x.BMCID))
	sends(a.from, closes)
	want("close session", Member)
	sends(a.from, closes)
	want("close session again", Member)

	c := newActivation15(t, r, operator)
	want("get session challenge", Stranger)
	activation := c.session.ActivationRequest(c.login, c.challenge)
	sends(elsewhere, activation)
	want("activate session from elsewhere", Stranger)
	sends(c.from, activation)
	want("activate session", Begun)
	sends(a.from, []byte{6, 0, 0xFF, 7, 6})
	if asked != 0 {
		t.Error("what cannot be read counts")
	}
}
