package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A session of ipmitool with MD5, user "ipmiusr" and password "test", as it
// went over the wire. Do not change it: when such a test fails, the code is wrong.
var (
	recordedActivateRequest = []piece{
		{"RMCP", "0600ff07"}, {"auth type", "02"}, {"sequence", "00000000"}, {"session ID", "05000000"},
		{"auth code", "10569a21e49016d3c2f620cc2fd06da4"}, {"length", "1d"},
		{"head", "2018c8 810c3a"}, {"auth type, privilege", "02 04"}, {"challenge", "3dd52f5780758538277cede2d1437888"},
		{"outbound", "5fc74e95"}, {"checksum", "5a"},
	}
	recordedActivateResponse = []piece{
		{"RMCP", "0600ff07"}, {"auth type", "02"}, {"sequence", "5fc74e95"}, {"session ID", "05000000"},
		{"auth code", "fbd3c61cbac50c1e0b07159a91da14ab"}, {"length", "12"},
		{"head", "811c63 200c3a 00"}, {"auth type", "02"}, {"session ID", "82000000"}, {"inbound", "0ec22572"},
		{"privilege", "04"}, {"checksum", "ab"},
	}
	recordedFirstRequest = []piece{
		{"RMCP", "0600ff07"}, {"auth type", "02"}, {"sequence", "0ec22572"}, {"session ID", "82000000"},
		{"auth code", "6a3d20e47dac607380b5274a00f9265d"}, {"length", "08"}, {"message", "2018c881103b0430"},
	}
)

func md5Session(t *testing.T) *ipmi.Protection15 {
	t.Helper()
	p, err := ipmi.NewProtection15(ipmi.AuthMD5, []byte("test"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRecordedMD5Session verifies the packets and makes each again.
func TestRecordedMD5Session(t *testing.T) {
	for name, recorded := range map[string][]piece{
		"Activate Session":          recordedActivateRequest,
		"its answer":                recordedActivateResponse,
		"Set Session Privilege":     recordedFirstRequest,
		"with a legacy pad byte":    append(recordedFirstRequest[:len(recordedFirstRequest):len(recordedFirstRequest)], piece{"pad", "00"}),
		"with a bit more behind it": append(recordedFirstRequest[:len(recordedFirstRequest):len(recordedFirstRequest)], piece{"pad", "ffffff"}),
	} {
		s, err := ipmi.ParseSession15(join(recorded)[4:])
		if err != nil {
			t.Fatal(err)
		}
		if err := md5Session(t).Verify(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again := md5Session(t).Seal(nil, s.SessionID, s.Sequence, s.Message)
		if recorded[len(recorded)-1].name == "pad" {
			recorded = recorded[:len(recorded)-1]
		}
		comparePieces(t, again, recorded)
	}
}

// TestRecordedActivation makes and reads the bodies of the same session.
func TestRecordedActivation(t *testing.T) {
	challenge := array("3dd52f5780758538277cede2d1437888")
	answer := ipmi.AppendSessionChallenge(nil, ipmi.SessionChallenge{ID: 5, Challenge: challenge})
	comparePieces(t, answer, []piece{{"ID", "05000000"}, {"challenge", "3dd52f5780758538277cede2d1437888"}})
	if c, err := ipmi.ParseSessionChallenge(answer); err != nil || c.ID != 5 || c.Challenge != challenge {
		t.Errorf("challenge %+v, %v", c, err)
	}

	want := ipmi.ActivateSessionRequest{AuthType: ipmi.AuthMD5, MaxPrivilege: ipmi.Administrator, Challenge: challenge, Outbound: 0x954EC75F}
	m, err := ipmi.ParseMessage(join(recordedActivateRequest)[30:])
	if err != nil {
		t.Fatal(err)
	}
	got, err := ipmi.ParseActivateSessionRequest(m.Data)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("request: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(m.Data, ipmi.AppendActivateSessionRequest(nil, want)); diff != "" {
		t.Errorf("request made again (-want +got):\n%s", diff)
	}
	active := ipmi.ActivatedSession{AuthType: ipmi.AuthMD5, ID: 0x82, Inbound: 0x7225C20E, MaxPrivilege: ipmi.Administrator}
	response := ipmi.AppendResponse(nil, m, ipmi.Completed, ipmi.AppendActivatedSession(nil, active))
	comparePieces(t, md5Session(t).Seal(nil, 5, want.Outbound, response), recordedActivateResponse)
	r, err := ipmi.ParseResponse(response)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ipmi.ParseActivatedSession(r.Data); err != nil || again != active {
		t.Errorf("answer %+v, %v; want %+v", again, err, active)
	}
}

// TestProtection15Refuses changes every byte of a packet that the code covers.
func TestProtection15Refuses(t *testing.T) {
	good := join(recordedFirstRequest)[4:]
	for at := range good {
		if at == 25 { // the length: what it cuts off is covered, what it adds is not there
			continue
		}
		b := append([]byte(nil), good...)
		b[at] ^= 1
		s, err := ipmi.ParseSession15(b)
		if err != nil {
			continue
		}
		if err := md5Session(t).Verify(s); !errors.Is(err, ipmi.ErrIntegrity) {
			t.Errorf("byte %d changed: %v, want %v", at, err, ipmi.ErrIntegrity)
		}
	}
	other, err := ipmi.NewProtection15(ipmi.AuthMD5, []byte("tesT"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ipmi.ParseSession15(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Verify(s); !errors.Is(err, ipmi.ErrIntegrity) {
		t.Errorf("another password: %v, want %v", err, ipmi.ErrIntegrity)
	}
}

func TestProtection15StraightPassword(t *testing.T) {
	p, err := ipmi.NewProtection15(ipmi.AuthPassword, []byte("test"))
	if err != nil {
		t.Fatal(err)
	}
	datagram := p.Seal(nil, 7, 9, []byte{1, 2, 3})
	comparePieces(t, datagram, []piece{
		{"RMCP", "0600ff07"}, {"auth type", "04"}, {"sequence", "09000000"}, {"session ID", "07000000"},
		{"auth code", "74657374 00000000 00000000 00000000"}, {"length", "03"}, {"message", "010203"},
	})
	s, err := ipmi.ParseSession15(datagram[4:])
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(s); err != nil {
		t.Error(err)
	}
	p.Forget()
	if err := p.Verify(s); !errors.Is(err, ipmi.ErrIntegrity) {
		t.Errorf("forgotten: %v, want %v", err, ipmi.ErrIntegrity)
	}
}

func TestNewProtection15Refuses(t *testing.T) {
	for _, auth := range []ipmi.AuthType{ipmi.AuthNone, ipmi.AuthMD2, ipmi.AuthOEM, ipmi.AuthRMCPPlus} {
		if _, err := ipmi.NewProtection15(auth, []byte("test")); err == nil {
			t.Errorf("type %d was accepted", auth)
		}
	}
	if _, err := ipmi.NewProtection15(ipmi.AuthMD5, make([]byte, 16)); err != nil {
		t.Errorf("16 bytes: %v", err)
	}
	if _, err := ipmi.NewProtection15(ipmi.AuthMD5, make([]byte, 17)); err == nil {
		t.Error("a 20-byte password was accepted")
	}
}

func TestParseSessionSetUp15(t *testing.T) {
	challenge := make([]byte, 17)
	activate := ipmi.AppendActivateSessionRequest(nil, ipmi.ActivateSessionRequest{AuthType: ipmi.AuthMD5, MaxPrivilege: ipmi.User, Outbound: 1})
	with := func(at int, to byte) []byte {
		b := append([]byte(nil), activate...)
		b[at] = to
		return b
	}
	parseChallenge := func(b []byte) error { _, err := ipmi.ParseSessionChallengeRequest(b); return err }
	parseActivate := func(b []byte) error { _, err := ipmi.ParseActivateSessionRequest(b); return err }
	tests := []struct {
		name  string
		parse func([]byte) error
		data  []byte
		want  error
	}{
		{"challenge", parseChallenge, challenge, nil},
		{"challenge too short", parseChallenge, challenge[:16], ipmi.InvalidLength},
		{"challenge too long", parseChallenge, make([]byte, 18), ipmi.InvalidLength},
		{"activate", parseActivate, activate, nil},
		{"activate too short", parseActivate, activate[:21], ipmi.InvalidLength},
		{"activate without level", parseActivate, with(1, 0), ipmi.InvalidField},
		{"activate at level 6", parseActivate, with(1, 6), ipmi.InvalidField},
		{"activate with number zero", parseActivate, with(18, 0), ipmi.SequenceOutOfRange},
	}
	for _, tt := range tests {
		if err := tt.parse(tt.data); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := ipmi.ParseSessionChallenge(make([]byte, 19)); !errors.Is(err, ipmi.ErrShort) {
		t.Errorf("short challenge: %v", err)
	}
	if _, err := ipmi.ParseActivatedSession(make([]byte, 9)); !errors.Is(err, ipmi.ErrShort) {
		t.Errorf("short answer: %v", err)
	}
}
