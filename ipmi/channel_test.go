package ipmi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestAuthCapabilities(t *testing.T) {
	tests := []struct {
		name   string
		in     ipmi.AuthCapabilities
		pieces []piece
	}{
		{
			"IPMI 2.0 only, asked for it",
			ipmi.AuthCapabilities{Channel: ipmi.ChannelLAN, Extended: true, NonNullUsers: true, V20: true},
			[]piece{{"channel", "01"}, {"extended, no types", "80"}, {"named users", "04"}, {"2.0", "02"}, {"OEM", "000000 00"}},
		},
		{
			"with Kg",
			ipmi.AuthCapabilities{Channel: ipmi.ChannelLAN, Extended: true, NonNullUsers: true, KgSet: true, V20: true},
			[]piece{{"channel", "01"}, {"extended, no types", "80"}, {"Kg, named users", "24"}, {"2.0", "02"}, {"OEM", "000000 00"}},
		},
		{
			"MD5 of IPMI 1.5 as well",
			ipmi.AuthCapabilities{Channel: ipmi.ChannelLAN, AuthTypes: ipmi.AuthMD5.Bit(), Extended: true, NonNullUsers: true, V20: true, V15: true},
			[]piece{{"channel", "01"}, {"extended, MD5", "84"}, {"named users", "04"}, {"2.0, 1.5", "03"}, {"OEM", "000000 00"}},
		},
		{
			"not asked for IPMI 2.0",
			ipmi.AuthCapabilities{Channel: ipmi.ChannelLAN, NonNullUsers: true},
			[]piece{{"channel", "01"}, {"no types", "00"}, {"named users", "04"}, {"reserved", "00"}, {"OEM", "000000 00"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := ipmi.AppendAuthCapabilities(nil, tt.in)
			comparePieces(t, b, tt.pieces)
			got, err := ipmi.ParseAuthCapabilities(b)
			if diff := cmp.Diff(tt.in, got); err != nil || diff != "" {
				t.Errorf("error %v, capabilities (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAuthCapabilitiesTellOf20OnlyWhenAsked(t *testing.T) {
	got := ipmi.AppendAuthCapabilities(nil, ipmi.AuthCapabilities{KgSet: true, V20: true, V15: true})
	comparePieces(t, got, []piece{{"channel", "00"}, {"types", "00"}, {"status", "00"}, {"versions", "00"}, {"OEM", "000000 00"}})
}

func TestChannelInfo(t *testing.T) {
	got := ipmi.AppendChannelInfo(nil, ipmi.ChannelInfo{
		Channel: ipmi.ChannelLAN, Medium: ipmi.Medium8023LAN, Protocol: ipmi.ProtocolIPMB,
		SessionSupport: ipmi.MultiSession, ActiveSessions: 3,
	})
	comparePieces(t, got, []piece{
		{"channel", "01"}, {"medium", "04"}, {"protocol", "01"}, {"multi-session, 3 active", "83"},
		{"protocol's owner", "f21b00"}, {"auxiliary", "0000"},
	})
}

func TestChannelAccess(t *testing.T) {
	tests := []struct {
		name string
		in   ipmi.ChannelAccess
		want string
	}{
		{"no alerting, always, administrator", ipmi.ChannelAccess{NoAlerting: true, Mode: ipmi.AccessAlways, Limit: ipmi.Administrator}, "22 04"},
		{"alerting", ipmi.ChannelAccess{Mode: ipmi.AccessAlways, Limit: ipmi.Administrator}, "02 04"},
		{"everything disabled", ipmi.ChannelAccess{NoAlerting: true, NoMessageAuth: true, NoUserAuth: true, Limit: ipmi.User}, "38 02"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			comparePieces(t, ipmi.AppendChannelAccess(nil, tt.in), []piece{{"access", tt.want}})
		})
	}
}
