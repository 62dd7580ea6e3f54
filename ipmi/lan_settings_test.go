package ipmi_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

type statisticsRequest struct {
	Channel uint8
	Clears  bool
}

func parseStatistics(b []byte) (any, error) {
	channel, clears, err := ipmi.ParseLANStatisticsRequest(b)
	return statisticsRequest{channel, clears}, err
}

type keysRequest struct {
	Channel   uint8
	Operation ipmi.KeyOperation
	ID        uint8
	Bytes     int
}

func parseKeys(b []byte) (any, error) {
	channel, o, id, value, err := ipmi.ParseSecurityKeysRequest(b)
	return keysRequest{channel, o, id, len(value)}, err
}

type identifyRequest struct {
	Seconds    uint8
	Indefinite bool
}

func parseIdentify(b []byte) (any, error) {
	seconds, indefinite, err := ipmi.ParseIdentifyRequest(b)
	return identifyRequest{seconds, indefinite}, err
}

type mailboxRequest struct {
	Block   uint8
	Content string
}

func parseMailbox(b []byte) (any, error) {
	block, content, err := ipmi.ParseBootMailbox(b)
	return mailboxRequest{block, string(content)}, err
}

type acpiRequest struct {
	System ipmi.ACPISystemState
	Device ipmi.ACPIDeviceState
}

func parseACPI(b []byte) (any, error) {
	system, device, err := ipmi.ParseSetACPIRequest(b)
	return acpiRequest{system, device}, err
}

func TestSettings(t *testing.T) {
	const key = "0102030405060708090a0b0c0d0e0f1011121314"
	tests := []struct {
		name  string
		parse func([]byte) (any, error)
		in    string
		want  any
		err   error
	}{
		{"LAN parameter", boxed(ipmi.ParseSetLANParameterRequest), "81 03 c0000201", ipmi.SetLANParameterRequest{Channel: 1, Parameter: ipmi.LANAddress, Data: unhex("c0000201")}, nil},
		{"LAN parameter, no data", boxed(ipmi.ParseSetLANParameterRequest), "01 03", nil, ipmi.InvalidLength},
		{"statistics, clear", parseStatistics, "0e 01", statisticsRequest{0xE, true}, nil},
		{"statistics, short", parseStatistics, "0e", nil, ipmi.InvalidLength},
		{"ARPs", boxed(ipmi.ParseSuspendARPRequest), "01 03", uint8(1), nil},
		{"ARPs, reserved", boxed(ipmi.ParseSuspendARPRequest), "01 04", nil, ipmi.InvalidField},
		{"ARPs, short", boxed(ipmi.ParseSuspendARPRequest), "01", nil, ipmi.InvalidLength},
		{"channel access", boxed(ipmi.ParseSetChannelAccessRequest), "01 7a 84", ipmi.SetChannelAccessRequest{
			Channel: 1, ChangeMode: true, ChangeLimit: true,
			Access: ipmi.ChannelAccess{NoAlerting: true, NoMessageAuth: true, NoUserAuth: true, Mode: ipmi.AccessAlways, Limit: ipmi.Administrator},
		}, nil},
		{"channel access, reserved", boxed(ipmi.ParseSetChannelAccessRequest), "01 c2 84", nil, ipmi.InvalidField},
		{"channel access, short", boxed(ipmi.ParseSetChannelAccessRequest), "01 42", nil, ipmi.InvalidLength},
		{"keys: read", parseKeys, "01 00 01", keysRequest{1, ipmi.KeyRead, ipmi.KeyIDKg, 0}, nil},
		{"keys: set", parseKeys, "01 01 01" + key, keysRequest{1, ipmi.KeySet, ipmi.KeyIDKg, 20}, nil},
		{"keys: set, short", parseKeys, "01 01 01" + key[2:], nil, ipmi.KeyTooShort},
		{"keys: set, long", parseKeys, "01 01 01" + key + "00", nil, ipmi.KeyTooLong},
		{"keys: read with data", parseKeys, "01 00 01 00", nil, ipmi.InvalidLength},
		{"keys: reserved operation", parseKeys, "01 03 01", nil, ipmi.InvalidField},
		{"keys: reserved key", parseKeys, "01 00 02", nil, ipmi.InvalidField},
		{"identify: nothing said", parseIdentify, "", identifyRequest{15, false}, nil},
		{"identify: off", parseIdentify, "00", identifyRequest{0, false}, nil},
		{"identify: ipmitool force", parseIdentify, "00 01", identifyRequest{0, true}, nil},
		{"identify: long", parseIdentify, "00 01 00", nil, ipmi.InvalidLength},
		{"restore policy: ask", boxed(ipmi.ParseRestorePolicyRequest), "03", ipmi.RestoreUnknown, nil},
		{"restore policy: reserved", boxed(ipmi.ParseRestorePolicyRequest), "04", nil, ipmi.InvalidField},
		{"restore policy: nothing", boxed(ipmi.ParseRestorePolicyRequest), "", nil, ipmi.InvalidLength},
		{"cycle interval", boxed(ipmi.ParseCycleIntervalRequest), "0a", uint8(10), nil},
		{"cycle interval, nothing", boxed(ipmi.ParseCycleIntervalRequest), "", nil, ipmi.InvalidLength},
		{"mailbox", parseMailbox, "04 6162", mailboxRequest{4, "ab"}, nil},
		{"mailbox, block 5", parseMailbox, "05 6162", nil, ipmi.OutOfRange},
		{"mailbox, nothing", parseMailbox, "00", nil, ipmi.InvalidLength},
		{"mailbox, 17 bytes", parseMailbox, "00 0000000000000000000000000000000000", nil, ipmi.InvalidLength},
		{"ACPI: set both", parseACPI, "80 83", acpiRequest{ipmi.ACPIWorking, ipmi.ACPIDeviceOff}, nil},
		{"ACPI: set neither", parseACPI, "00 03", acpiRequest{ipmi.ACPISystemNoChange, ipmi.ACPIDeviceNoChange}, nil},
		{"ACPI: short", parseACPI, "80", nil, ipmi.InvalidLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.parse(unhex(tt.in))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettingsAnswers(t *testing.T) {
	comparePieces(t, ipmi.AppendLANStatistics(nil, ipmi.LANStatistics{
		IPReceived: 1, IPHeaderErrors: 2, IPAddrErrors: 3, IPFragments: 4, IPSent: 0x1234,
		UDPReceived: 0xFFFF, RMCPReceived: 0x10000, ProxyReceived: 1 << 40, ProxyDropped: 9,
	}), []piece{
		{"IP", "0100 0200 0300 0400 3412"}, {"UDP", "ffff"}, {"RMCP stays at the end", "ffff"}, {"proxy", "ffff 0900"},
	})
	comparePieces(t, ipmi.AppendARPStatus(nil, true), []piece{{"responses", "02"}})
	comparePieces(t, ipmi.AppendARPStatus(nil, false), []piece{{"none", "00"}})
	comparePieces(t, ipmi.AppendRestorePolicies(nil), []piece{{"none", "00"}})
	comparePieces(t, ipmi.AppendRestorePolicies(nil, ipmi.RestoreStayOff, ipmi.RestorePrevious, ipmi.RestoreAlwaysOn), []piece{{"all", "07"}})
	comparePieces(t, ipmi.AppendRestartCause(nil, ipmi.RestartWatchdog, ipmi.ChannelLAN), []piece{{"cause", "04"}, {"channel", "01"}})
	comparePieces(t, ipmi.AppendPOHCounter(nil, 0x01020304), []piece{{"minutes per count", "01"}, {"count", "04030201"}})
	comparePieces(t, ipmi.AppendACPI(nil, ipmi.ACPISoftOff, ipmi.ACPIDeviceOff), []piece{{"S5", "05"}, {"D3", "03"}})
	address := [16]byte{0x20, 0x01, 15: 0x01}
	comparePieces(t, ipmi.AppendIPv6Static(nil, address, 64), []piece{
		{"selector", "00"}, {"enabled", "80"}, {"address", "20010000000000000000000000000001"}, {"prefix", "40"}, {"active", "00"},
	})
	comparePieces(t, ipmi.AppendBootOption(nil, ipmi.BootParameterMailbox, true, unhex("01")), []piece{{"version", "01"}, {"invalid", "87"}, {"data", "01"}})
}
