package bmc

import (
	"encoding/hex"
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// sealed returns the packet of a session of a's handshake.
func sealed(t testing.TB, a *attempt, sequence uint32, pt ipmi.PayloadType, payload []byte) []byte {
	t.Helper()
	p, err := ipmi.NewProtection(a.x.Suite, a.x.SIK())
	if err != nil {
		t.Fatal(err)
	}
	return p.Seal(nil, pt, a.x.BMCID, sequence, [16]byte{byte(sequence)}, payload)
}

func getDeviceIDMessage() []byte {
	return ipmi.AppendRequest(nil, ipmi.Message{Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Requester: ipmi.AddressConsole, Command: cmdDeviceID})
}

func TestDropReason(t *testing.T) {
	r := newBMC(t, nil)
	a := newAttempt(t, r.bmc, admin)
	a.complete()
	message := getDeviceIDMessage()
	good := func(sequence uint32) []byte { return sealed(t, a, sequence, ipmi.PayloadIPMI, message) }
	changed := func(b []byte, at int, to byte) []byte {
		if at < 0 {
			at += len(b)
		}
		b[at] = to
		return b
	}
	first := good(3)
	tests := []struct {
		name   string
		packet []byte
		want   DropReason
	}{
		{"nothing", nil, DropMalformed},
		{"another RMCP version", []byte{5, 0, 0xFF, 7}, DropMalformed},
		{"RMCP header alone", []byte{6, 0, 0xFF, 7}, DropMalformed},
		{"RMCP acknowledge", []byte{6, 0, 1, 0x86}, DropUnsupported},
		{"OEM class", []byte{6, 0, 0xFF, 8}, DropUnsupported},
		{"pong", ipmi.AppendPong(nil, 1), DropUnsupported},
		{"ping that wants no answer", ipmi.AppendPing(nil, 0xFF), DropUnsupported},
		{"1.5 with a length that is not there", []byte{6, 0, 0xFF, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}, DropMalformed},
		{"short header of 1.5", []byte{6, 0, 0xFF, 7, 0, 0}, DropMalformed},
		{"1.5 with MD5", ipmi.AppendSession15(nil, ipmi.Session15{AuthType: ipmi.AuthMD5, Message: message}), DropUnsupported},
		{"1.5 session", ipmi.AppendSession15(nil, ipmi.Session15{SessionID: 7, Message: message}), DropUnknownSession},
		{"1.5 with the ID of a 2.0 session", ipmi.AppendSession15(nil, ipmi.Session15{SessionID: a.x.BMCID, Message: message}), DropUnknownSession},
		{"sessionless Get Device ID", ipmi.AppendSession15(nil, ipmi.Session15{Message: message}), DropNoSession},
		{"sessionless Get Device ID in 2.0", ipmi.AppendSession20(nil, ipmi.PayloadIPMI, message), DropNoSession},
		{"sessionless with a wrong checksum", ipmi.AppendSession20(nil, ipmi.PayloadIPMI, changed(getDeviceIDMessage(), -1, 0)), DropMalformed},
		{"short header of 2.0", []byte{6, 0, 0xFF, 7, 6, 0}, DropMalformed},
		{"set-up payload that claims encryption", changed(ipmi.AppendSession20(nil, ipmi.PayloadRAKP1, nil), 5, 0x92), DropMalformed},
		{"SOL outside of a session", ipmi.AppendSession20(nil, ipmi.PayloadSOL, nil), DropUnsupported},
		{"response of a BMC", ipmi.AppendSession20(nil, ipmi.PayloadRAKP2, nil), DropUnsupported},
		{"short Open Session Request", ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest, make([]byte, 31)), DropMalformed},
		{"unknown session", changed(good(3), 6, byte(a.x.BMCID)+1), DropUnknownSession},
		{"SOL in a session", sealed(t, a, 3, ipmi.PayloadSOL, message), DropUnsupported},
		{"not encrypted", changed(good(3), 5, 0x40), DropUnprotected},
		{"not authenticated", changed(good(3), 5, 0x80), DropUnprotected},
		{"number zero", good(0), DropReplay},
		{"wrong auth code", changed(good(3), -1, good(3)[len(good(3))-1]+1), DropBadIntegrity},
		{"changed payload", changed(good(3), 40, good(3)[40]+1), DropBadIntegrity},
		{"cut off", good(3)[:60], DropBadIntegrity},
		{"first packet", first, NotDropped},
		{"replay", first, DropReplay},
		{"too far ahead", good(19), DropReplay},
		{"empty message in a session", sealed(t, a, 4, ipmi.PayloadIPMI, nil), DropMalformed},
		{"response in a session", sealed(t, a, 5, ipmi.PayloadIPMI, ipmi.AppendResponse(nil, ipmi.Message{Requester: 0x20, NetFn: 6}, 0, nil)), DropUnsupported},
		{"console gives up", ipmi.AppendSession20(nil, ipmi.PayloadRAKP3, ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{Status: 1, ID: a.x.BMCID})), DropAborted},
		{"last packet", good(6), NotDropped},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			packet := append([]byte(nil), tt.packet...)
			reply, got := r.bmc.answer(a.now, a.from, packet, nil)
			if got != tt.want {
				t.Errorf("%s: %v, want %v", hex.EncodeToString(tt.packet), got, tt.want)
			}
			if (len(reply) == 0) != (got != NotDropped) {
				t.Errorf("%v with %d bytes of reply", got, len(reply))
			}
		})
	}
}

func TestAllowList(t *testing.T) {
	r := newBMC(t, func(c *Config) {
		c.AllowFrom = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28"), netip.MustParsePrefix("2001:db8::/32")}
	})
	tests := []struct {
		from string
		want DropReason
	}{
		{"192.0.2.1:623", NotDropped},
		{"192.0.2.15:1", NotDropped},
		{"[::ffff:192.0.2.1]:623", NotDropped},
		{"[2001:db8::1%eth0]:623", NotDropped},
		{"192.0.2.16:623", DropNotAllowed},
		{"[2001:db9::1]:623", DropNotAllowed},
	}
	for _, tt := range tests {
		for name, packet := range map[string][]byte{"ping": ipmi.AppendPing(nil, 1), "garbage": {1}} {
			_, got := r.bmc.answer(time.Now(), netip.MustParseAddrPort(tt.from), packet, nil)
			want := tt.want
			if want == NotDropped && name == "garbage" {
				want = DropMalformed
			}
			if got != want {
				t.Errorf("%s from %s: %v, want %v", name, tt.from, got, want)
			}
		}
	}
}

func TestDropReasonsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range DropReasons() {
		if name := r.String(); name == "" || seen[name] || name == DropReason(200).String() {
			t.Errorf("reason %d is called %q", uint8(r), name)
		} else {
			seen[name] = true
		}
	}
	if len(seen) != int(DropPanic) {
		t.Errorf("%d reasons, want %d", len(seen), DropPanic)
	}
}
