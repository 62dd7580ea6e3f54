package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestParseSession20OEMFieldsShiftTheRest(t *testing.T) {
	b := join([]piece{
		{"format, type", "06 42"}, {"OEM", "dc1a0000 0100"}, {"session ID", "04030201"}, {"sequence", "07000000"},
		{"length", "0200"}, {"payload", "aabb"}, {"trailer", "cc"},
	})
	got, err := ipmi.ParseSession20(b)
	want := ipmi.Session20{
		Type: ipmi.PayloadOEM, Authenticated: true, SessionID: 0x01020304, Sequence: 7, Payload: []byte{0xAA, 0xBB}, Signed: b,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, session (-want +got):\n%s", err, diff)
	}
}

func TestParseSession20Short(t *testing.T) {
	tests := []struct {
		name  string
		whole []byte
	}{
		{"set-up payload", join(suite3.rakp1)[4:]},
		{"OEM payload", unhex("06 02 000000000000 00000000 00000000 0100 aa")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ipmi.ParseSession20(tt.whole); err != nil {
				t.Fatal(err)
			}
			for n := range tt.whole {
				if _, err := ipmi.ParseSession20(tt.whole[:n]); !errors.Is(err, ipmi.ErrShort) {
					t.Errorf("cut to %d bytes: got error %v, want %v", n, err, ipmi.ErrShort)
				}
			}
		})
	}
}
