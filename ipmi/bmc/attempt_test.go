package bmc

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// An attempt is a handshake step by step, without a network.
type attempt struct {
	t    testing.TB
	b    *BMC
	now  time.Time
	from netip.AddrPort
	tag  uint8
	x    ipmi.KeyExchange
}

func newAttempt(t testing.TB, b *BMC, a Account) *attempt {
	t.Helper()
	return &attempt{
		t: t, b: b, now: time.Now(), from: netip.MustParseAddrPort("192.0.2.10:20000"),
		x: ipmi.KeyExchange{
			Suite: suite(t, 3), ConsoleID: 0xA0A2A3A4, ConsoleRandom: [16]byte{1, 2, 3},
			Role: ipmi.Role(a.Privilege) | 0x10, UserName: []byte(a.Name), Password: []byte(a.Password),
		},
	}
}

// send returns the payload of the answer, nil when there is none.
func (a *attempt) send(pt ipmi.PayloadType, payload []byte) []byte {
	a.t.Helper()
	reply, reason := a.b.answer(a.now, a.from, ipmi.AppendSession20(nil, pt, payload), nil)
	if (len(reply) == 0) == (reason == NotDropped) {
		a.t.Fatalf("payload %02Xh: %d bytes of reply and reason %v", uint8(pt), len(reply), reason)
	}
	if len(reply) == 0 {
		return nil
	}
	p, err := ipmi.ParseSession20(reply[4:])
	if err != nil || p.Type != pt+1 {
		a.t.Fatalf("payload %02Xh: answered with %x: %v", uint8(pt), reply, err)
	}
	return p.Payload
}

func (a *attempt) open() ipmi.OpenSessionResponse {
	a.t.Helper()
	a.tag++
	r, err := ipmi.ParseOpenSessionResponse(a.send(ipmi.PayloadOpenSessionRequest,
		ipmi.AppendOpenSessionRequest(nil, a.tag, ipmi.PrivilegeNone, a.x.ConsoleID, a.x.Suite)))
	if err != nil {
		a.t.Fatal(err)
	}
	a.x.BMCID = r.BMCID
	return r
}

func (a *attempt) rakp1Payload() []byte {
	a.tag++
	return ipmi.AppendRAKPMessage1(nil, ipmi.RAKPMessage1{Tag: a.tag, BMCID: a.x.BMCID,
		ConsoleRandom: a.x.ConsoleRandom, Role: a.x.Role, UserName: a.x.UserName})
}

func (a *attempt) rakp1() ipmi.RAKPMessage2 {
	a.t.Helper()
	r, err := ipmi.ParseRAKPMessage2(a.send(ipmi.PayloadRAKP1, a.rakp1Payload()))
	if err != nil {
		a.t.Fatal(err)
	}
	if r.Status == ipmi.StatusOK {
		a.x.BMCRandom, a.x.GUID = r.BMCRandom, r.GUID
	}
	return r
}

func (a *attempt) rakp3() ipmi.RAKPMessage3 {
	a.t.Helper()
	a.tag++
	r, err := ipmi.ParseRAKPMessage3(a.send(ipmi.PayloadRAKP3,
		ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{Tag: a.tag, ID: a.x.BMCID, Code: a.x.RAKP3Code()})))
	if err != nil {
		a.t.Fatal(err)
	}
	if r.Tag != a.tag {
		a.t.Fatalf("RAKP message 4 with tag %d, want %d", r.Tag, a.tag)
	}
	return r
}

// complete does the whole of it and fails the test unless it works.
func (a *attempt) complete() {
	a.t.Helper()
	if r := a.open(); r.Status != ipmi.StatusOK {
		a.t.Fatalf("open session: status %02Xh", uint8(r.Status))
	}
	if r := a.rakp1(); r.Status != ipmi.StatusOK || !bytes.Equal(r.Code, a.x.RAKP2Code()) {
		a.t.Fatalf("RAKP message 2: status %02Xh, code %x", uint8(r.Status), r.Code)
	}
	if r := a.rakp3(); r.Status != ipmi.StatusOK || !bytes.Equal(r.Code, a.x.RAKP4ICV(a.x.SIK())) {
		a.t.Fatalf("RAKP message 4: status %02Xh, code %x", uint8(r.Status), r.Code)
	}
}
