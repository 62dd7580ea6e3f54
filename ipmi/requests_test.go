package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// The tables call the parsers through these, so that all can stand in one table.
type channelRequest struct {
	Channel   uint8
	Extended  bool
	Privilege ipmi.Privilege
}

func parseAuthCapabilities(b []byte) (any, error) {
	channel, extended, p, err := ipmi.ParseAuthCapabilitiesRequest(b)
	return channelRequest{channel, extended, p}, err
}

func parseChannelAccess(b []byte) (any, error) {
	channel, stored, err := ipmi.ParseChannelAccessRequest(b)
	return channelRequest{Channel: channel, Extended: stored}, err
}

func boxed[T any](parse func([]byte) (T, error)) func([]byte) (any, error) {
	return func(b []byte) (any, error) { return parse(b) }
}

func TestRequests(t *testing.T) {
	tests := []struct {
		name  string
		parse func([]byte) (any, error)
		in    string
		want  any
	}{
		{"capabilities: with 2.0 data", parseAuthCapabilities, "8e 04", channelRequest{0xE, true, ipmi.Administrator}},
		{"capabilities: without", parseAuthCapabilities, "01 02", channelRequest{1, false, ipmi.User}},
		{"cipher suites: by suite", boxed(ipmi.ParseCipherSuitesRequest), "0e 00 81", ipmi.CipherSuitesRequest{Channel: 0xE, BySuite: true, Index: 1}},
		{"cipher suites: algorithms for SOL", boxed(ipmi.ParseCipherSuitesRequest), "01 01 3f", ipmi.CipherSuitesRequest{Channel: 1, PayloadType: ipmi.PayloadSOL, Index: 63}},
		{"session info: this", boxed(ipmi.ParseSessionInfoRequest), "00", ipmi.SessionInfoRequest{}},
		{"session info: second", boxed(ipmi.ParseSessionInfoRequest), "02", ipmi.SessionInfoRequest{Index: 2}},
		{"session info: by handle", boxed(ipmi.ParseSessionInfoRequest), "fe 05", ipmi.SessionInfoRequest{Index: ipmi.SessionByHandle, Handle: 5}},
		{"session info: by ID", boxed(ipmi.ParseSessionInfoRequest), "ff 04030201", ipmi.SessionInfoRequest{Index: ipmi.SessionByID, ID: 0x01020304}},
		{"session privilege: report only", boxed(ipmi.ParseSessionPrivilegeRequest), "00", ipmi.PrivilegeNone},
		{"session privilege: administrator", boxed(ipmi.ParseSessionPrivilegeRequest), "04", ipmi.Administrator},
		{"close: by ID", boxed(ipmi.ParseCloseSessionRequest), "04030201", ipmi.CloseSessionRequest{ID: 0x01020304}},
		{"close: by handle", boxed(ipmi.ParseCloseSessionRequest), "00000000 07", ipmi.CloseSessionRequest{Handle: 7}},
		{"channel info", boxed(ipmi.ParseChannelInfoRequest), "0e", uint8(0xE)},
		{"channel access: stored", parseChannelAccess, "01 40", channelRequest{Channel: 1, Extended: true}},
		{"channel access: active", parseChannelAccess, "01 80", channelRequest{Channel: 1}},
		{"set boot option: flags", boxed(ipmi.ParseSetBootOptionRequest), "05 80 04 00 00 00", ipmi.SetBootOptionRequest{Parameter: ipmi.BootParameterFlags, Data: []byte{0x80, 4, 0, 0, 0}}},
		{"set boot option: mark only", boxed(ipmi.ParseSetBootOptionRequest), "85", ipmi.SetBootOptionRequest{Parameter: ipmi.BootParameterFlags, Invalid: true, Data: []byte{}}},
		{"get boot option: flags", boxed(ipmi.ParseGetBootOptionRequest), "05 00 00", ipmi.GetBootOptionRequest{Parameter: ipmi.BootParameterFlags}},
		{"get boot option: mailbox", boxed(ipmi.ParseGetBootOptionRequest), "07 03 01", ipmi.GetBootOptionRequest{Parameter: ipmi.BootParameterMailbox, Set: 3, Block: 1}},
		{"LAN parameter: address", boxed(ipmi.ParseLANParameterRequest), "01 03 00 00", ipmi.LANParameterRequest{Channel: 1, Parameter: ipmi.LANAddress}},
		{"LAN parameter: revision only", boxed(ipmi.ParseLANParameterRequest), "8e 12 01 02", ipmi.LANParameterRequest{Channel: 0xE, RevisionOnly: true, Parameter: ipmi.LANDestinationType, Set: 1, Block: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.parse(unhex(tt.in))
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("error %v, request (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestRequestsRefused(t *testing.T) {
	tests := []struct {
		name  string
		parse func([]byte) (any, error)
		in    string
		want  ipmi.CompletionCode
	}{
		{"capabilities: one byte", parseAuthCapabilities, "8e", ipmi.InvalidLength},
		{"capabilities: three bytes", parseAuthCapabilities, "8e 04 00", ipmi.InvalidLength},
		{"capabilities: level 0", parseAuthCapabilities, "8e 00", ipmi.InvalidField},
		{"capabilities: level 6", parseAuthCapabilities, "8e 06", ipmi.InvalidField},
		{"cipher suites: two bytes", boxed(ipmi.ParseCipherSuitesRequest), "0e 00", ipmi.InvalidLength},
		{"session info: nothing", boxed(ipmi.ParseSessionInfoRequest), "", ipmi.InvalidLength},
		{"session info: handle missing", boxed(ipmi.ParseSessionInfoRequest), "fe", ipmi.InvalidLength},
		{"session info: ID short", boxed(ipmi.ParseSessionInfoRequest), "ff 040302", ipmi.InvalidLength},
		{"session info: index with a handle", boxed(ipmi.ParseSessionInfoRequest), "01 02", ipmi.InvalidLength},
		{"session privilege: nothing", boxed(ipmi.ParseSessionPrivilegeRequest), "", ipmi.InvalidLength},
		{"session privilege: callback", boxed(ipmi.ParseSessionPrivilegeRequest), "01", ipmi.InvalidField},
		{"session privilege: level 6", boxed(ipmi.ParseSessionPrivilegeRequest), "06", ipmi.InvalidField},
		{"close: three bytes", boxed(ipmi.ParseCloseSessionRequest), "040302", ipmi.InvalidLength},
		{"close: ID and handle", boxed(ipmi.ParseCloseSessionRequest), "04030201 07", ipmi.InvalidLength},
		{"close: six bytes", boxed(ipmi.ParseCloseSessionRequest), "00000000 0700", ipmi.InvalidLength},
		{"channel info: nothing", boxed(ipmi.ParseChannelInfoRequest), "", ipmi.InvalidLength},
		{"channel access: one byte", parseChannelAccess, "01", ipmi.InvalidLength},
		{"channel access: neither stored nor active", parseChannelAccess, "01 00", ipmi.InvalidField},
		{"channel access: both", parseChannelAccess, "01 c0", ipmi.InvalidField},
		{"chassis control: nothing", boxed(ipmi.ParseChassisControl), "", ipmi.InvalidLength},
		{"chassis control: two bytes", boxed(ipmi.ParseChassisControl), "01 00", ipmi.InvalidLength},
		{"set boot option: nothing", boxed(ipmi.ParseSetBootOptionRequest), "", ipmi.InvalidLength},
		{"get boot option: one byte", boxed(ipmi.ParseGetBootOptionRequest), "05", ipmi.InvalidLength},
		{"boot flags: four bytes", boxed(ipmi.ParseBootFlags), "80040000", ipmi.InvalidLength},
		{"boot flags: six bytes", boxed(ipmi.ParseBootFlags), "800400000000", ipmi.InvalidLength},
		{"LAN parameter: three bytes", boxed(ipmi.ParseLANParameterRequest), "01 03 00", ipmi.InvalidLength},
		{"LAN parameter: five bytes", boxed(ipmi.ParseLANParameterRequest), "01 03 00 00 00", ipmi.InvalidLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.parse(unhex(tt.in))
			if !errors.Is(err, tt.want) {
				t.Errorf("got %+v, error %v; want %v", got, err, tt.want)
			}
		})
	}
}
