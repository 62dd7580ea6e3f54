package ipmi_test

import (
	"bytes"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// FuzzSessionSetUp15 reads the bodies of Get Session Challenge and Activate
// Session, and makes again what it has understood.
func FuzzSessionSetUp15(f *testing.F) {
	f.Add(ipmi.AppendSessionChallengeRequest(nil, ipmi.SessionChallengeRequest{AuthType: ipmi.AuthMD5, UserName: []byte("admin")}))
	f.Add(ipmi.AppendActivateSessionRequest(nil, ipmi.ActivateSessionRequest{AuthType: ipmi.AuthMD5, MaxPrivilege: ipmi.User, Outbound: 1}))
	f.Add(ipmi.AppendSessionChallenge(nil, ipmi.SessionChallenge{ID: 5}))
	f.Add(ipmi.AppendActivatedSession(nil, ipmi.ActivatedSession{ID: 5}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := ipmi.ParseSessionChallengeRequest(data); err == nil {
			if again := ipmi.AppendSessionChallengeRequest(nil, r); !bytes.Equal(again[1:], data[1:]) {
				t.Errorf("challenge request % x, made again % x", data, again)
			}
		}
		if r, err := ipmi.ParseActivateSessionRequest(data); err == nil {
			if again := ipmi.AppendActivateSessionRequest(nil, r); !bytes.Equal(again[2:], data[2:]) || r.Outbound == 0 {
				t.Errorf("activation request % x, made again % x", data, again)
			}
		}
		if c, err := ipmi.ParseSessionChallenge(data); err == nil {
			if again := ipmi.AppendSessionChallenge(nil, c); !bytes.Equal(again, data[:len(again)]) {
				t.Errorf("challenge % x, made again % x", data, again)
			}
		}
		if s, err := ipmi.ParseActivatedSession(data); err == nil {
			if again := ipmi.AppendActivatedSession(nil, s); !bytes.Equal(again[1:9], data[1:9]) {
				t.Errorf("activated % x, made again % x", data, again)
			}
		}
	})
}

// FuzzProtection15 verifies packets nobody has signed.
func FuzzProtection15(f *testing.F) {
	f.Add(join(recordedActivateRequest)[4:])
	f.Add(join(recordedFirstRequest)[4:])
	p, err := ipmi.NewProtection15(ipmi.AuthMD5, []byte("nobody's password"[:16]))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ipmi.ParseSession15(b)
		if err != nil {
			return
		}
		if p.Verify(s) == nil {
			t.Errorf("% x was accepted", b)
		}
		own, err := ipmi.ParseSession15(p.Seal(nil, s.SessionID, s.Sequence, s.Message)[4:])
		if err != nil || p.Verify(own) != nil || !bytes.Equal(own.Message, s.Message) {
			t.Errorf("% x: made again, it is not accepted: %v", b, err)
		}
	})
}
