package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestSessionInfo(t *testing.T) {
	session := ipmi.SessionInfo{
		Handle: 5, Possible: 8, Active: 2, UserID: 3, Privilege: ipmi.Operator, V20: true, Channel: ipmi.ChannelLAN,
		Address: [4]byte{192, 0, 2, 7}, MAC: [6]byte{0x02, 0, 0x5E, 0x10, 0, 1}, Port: 50000,
	}
	old := session
	old.V20 = false
	tests := []struct {
		name   string
		in     ipmi.SessionInfo
		pieces []piece
	}{
		{"no session there", ipmi.SessionInfo{Possible: 8, Active: 2}, []piece{{"no handle", "00"}, {"possible", "08"}, {"active", "02"}}},
		{"IPMI 2.0", session, []piece{
			{"handle", "05"}, {"possible", "08"}, {"active", "02"}, {"user ID", "03"}, {"privilege", "03"}, {"version, channel", "11"},
			{"address", "c0000207"}, {"MAC", "02005e100001"}, {"port, least significant byte first", "50c3"},
		}},
		{"IPMI 1.5", old, []piece{
			{"handle", "05"}, {"possible", "08"}, {"active", "02"}, {"user ID", "03"}, {"privilege", "03"}, {"version, channel", "01"},
			{"address", "c0000207"}, {"MAC", "02005e100001"}, {"port, least significant byte first", "50c3"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := ipmi.AppendSessionInfo(nil, tt.in)
			comparePieces(t, b, tt.pieces)
			got, err := ipmi.ParseSessionInfo(b)
			if diff := cmp.Diff(tt.in, got); err != nil || diff != "" {
				t.Errorf("error %v, session (-want +got):\n%s", err, diff)
			}
			if _, err := ipmi.ParseSessionInfo(b[:len(b)-1]); !errors.Is(err, ipmi.ErrShort) {
				t.Errorf("one byte less: got error %v, want %v", err, ipmi.ErrShort)
			}
		})
	}
}
