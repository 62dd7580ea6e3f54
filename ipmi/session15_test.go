package ipmi_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// The exchange of Get Channel Authentication Capabilities that starts every
// session of ipmitool.
var (
	recordedCapabilitiesRequest = []piece{
		{"RMCP", "0600ff07"}, {"auth type", "00"}, {"sequence, session ID", outsideOfAny}, {"length", "09"},
		{"responder, netFn, checksum", "20 18 c8"}, {"requester, rqSeq, command", "81 00 38"},
		{"channel with IPMI 2.0 data, privilege", "8e 04"}, {"checksum", "b5"},
	}
	recordedCapabilitiesResponse = []piece{
		{"RMCP", "0600ff07"}, {"auth type", "00"}, {"sequence, session ID", outsideOfAny}, {"length", "10"},
		{"requester, netFn, checksum", "81 1c 63"}, {"responder, rqSeq, command", "20 00 38"}, {"completion code", "00"},
		{"channel", "01"}, {"auth types", "97"}, {"status", "04"}, {"versions", "03"}, {"OEM", "000000 00"}, {"checksum", "09"},
	}
)

func TestSession15CapabilitiesExchange(t *testing.T) {
	_, rest, err := ipmi.ParseRMCP(join(recordedCapabilitiesRequest))
	if err != nil {
		t.Fatal(err)
	}
	if auth, err := ipmi.SessionAuthType(rest); auth != ipmi.AuthNone || err != nil {
		t.Fatalf("got auth type %d, error %v", auth, err)
	}
	s, err := ipmi.ParseSession15(rest)
	if err != nil {
		t.Fatal(err)
	}
	comparePieces(t, ipmi.AppendSession15(nil, s), recordedCapabilitiesRequest)

	m, err := ipmi.ParseMessage(s.Message)
	if err != nil || m.NetFn != ipmi.NetFnApp || m.Command != 0x38 {
		t.Fatalf("got %+v, error %v", m, err)
	}
	channel, extended, privilege, err := ipmi.ParseAuthCapabilitiesRequest(m.Data)
	if channel != ipmi.ChannelPresent || !extended || privilege != ipmi.Administrator || err != nil {
		t.Errorf("got channel %d, extended %t, privilege %s, error %v", channel, extended, privilege, err)
	}
	body := ipmi.AppendAuthCapabilities(nil, ipmi.AuthCapabilities{
		Channel:      ipmi.ChannelLAN,
		AuthTypes:    ipmi.AuthNone.Bit() | ipmi.AuthMD2.Bit() | ipmi.AuthMD5.Bit() | ipmi.AuthPassword.Bit(),
		Extended:     true,
		NonNullUsers: true,
		V20:          true,
		V15:          true,
	})
	answer := ipmi.Session15{Message: ipmi.AppendResponse(nil, m, ipmi.Completed, body)}
	comparePieces(t, ipmi.AppendSession15(nil, answer), recordedCapabilitiesResponse)
}

// TestSession15WithAuthCode is Activate Session of a recorded MD5 session.
func TestSession15WithAuthCode(t *testing.T) {
	recorded := []piece{
		{"RMCP", "0600ff07"}, {"auth type", "02"}, {"sequence", "00000000"}, {"session ID", "05000000"},
		{"auth code", "10569a21e49016d3c2f620cc2fd06da4"}, {"length", "1d"},
		{"message", "2018c8810c3a02043dd52f5780758538277cede2d14378885fc74e955a"},
	}
	want := ipmi.Session15{
		AuthType:  ipmi.AuthMD5,
		SessionID: 5,
		AuthCode:  array("10569a21e49016d3c2f620cc2fd06da4"),
		Message:   find(t, recorded, "message"),
	}
	comparePieces(t, ipmi.AppendSession15(nil, want), recorded)
	got, err := ipmi.ParseSession15(join(recorded)[4:])
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, session (-want +got):\n%s", err, diff)
	}
}

func TestParseSession15Length(t *testing.T) {
	good := join(recordedCapabilitiesRequest)[4:]
	s, err := ipmi.ParseSession15(append(bytes.Clone(good), 0)) // a legacy pad byte
	if err != nil || len(s.Message) != 9 {
		t.Errorf("with pad byte: got message of %d bytes, error %v", len(s.Message), err)
	}
	signed := append([]byte{byte(ipmi.AuthMD5)}, make([]byte, 8+16+1+4)...)
	signed[25] = 4
	for _, whole := range [][]byte{good, signed} {
		if _, err := ipmi.ParseSession15(whole); err != nil {
			t.Errorf("% x: %v", whole, err)
		}
		for n := range whole {
			if _, err := ipmi.ParseSession15(whole[:n]); !errors.Is(err, ipmi.ErrShort) {
				t.Errorf("cut to %d bytes: got error %v, want %v", n, err, ipmi.ErrShort)
			}
		}
	}
	if _, err := ipmi.SessionAuthType(nil); !errors.Is(err, ipmi.ErrShort) {
		t.Errorf("auth type of nothing: got error %v, want %v", err, ipmi.ErrShort)
	}
}
