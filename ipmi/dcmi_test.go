package ipmi_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestDCMIAnswers(t *testing.T) {
	c := ipmi.DCMICapabilities{Power: true, SELEntries: 1024}
	capability := func(p ipmi.DCMICapability) []byte { return ipmi.AppendDCMICapability(nil, p, c) }
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"supported", capability(ipmi.DCMISupported), "01 05 02 00 01 00"},
		{"supported without power", ipmi.AppendDCMICapability(nil, ipmi.DCMISupported, ipmi.DCMICapabilities{}), "01 05 02 00 00 00"},
		{"mandatory", capability(ipmi.DCMIMandatory), "01 05 02 00 04 00 00 00"},
		{"a log of more than twelve bits", ipmi.AppendDCMICapability(nil, ipmi.DCMIMandatory, ipmi.DCMICapabilities{SELEntries: 0xFFFF}), "01 05 02 ff 0f 00 00 00"},
		{"optional", capability(ipmi.DCMIOptional), "01 05 02 20 00"},
		{"access", capability(ipmi.DCMIAccess), "01 05 02 01 ff ff"},
		{"enhanced power", capability(ipmi.DCMIEnhancedPower), "01 05 02 00"},
		{"power", ipmi.AppendPowerReading(nil, ipmi.PowerReading{120, 100, 150, 125, 0x65E00001, 60000, true}), "7800 6400 9600 7d00 0100e065 60ea0000 40"},
		{"no power", ipmi.AppendPowerReading(nil, ipmi.PowerReading{}), "0000 0000 0000 0000 00000000 00000000 00"},
		{"length of a text", ipmi.DCMITextRequest{}.AppendDCMIText(nil, "web-1"), "05"},
		{"all of a text", ipmi.DCMITextRequest{Count: 16}.AppendDCMIText(nil, "web-1"), "05 7765622d31"},
		{"part of a text", ipmi.DCMITextRequest{Offset: 3, Count: 1}.AppendDCMIText(nil, "web-1"), "05 2d"},
		{"beyond a text", ipmi.DCMITextRequest{Offset: 16, Count: 16}.AppendDCMIText(nil, "web-1"), "05"},
		{"end of a long text", ipmi.DCMITextRequest{Offset: 62, Count: 2}.AppendDCMIText(nil, strings.Repeat("x", 99)), "3f 78"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(unhex(tt.want), tt.got); diff != "" {
			t.Errorf("%s: got % x, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestDCMIRequests(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"capability 1", second(ipmi.ParseDCMICapabilityRequest(unhex("01"))), nil},
		{"capability 5", second(ipmi.ParseDCMICapabilityRequest(unhex("05"))), nil},
		{"capability 0", second(ipmi.ParseDCMICapabilityRequest(unhex("00"))), ipmi.InvalidField},
		{"capability 6", second(ipmi.ParseDCMICapabilityRequest(unhex("06"))), ipmi.InvalidField},
		{"no capability", second(ipmi.ParseDCMICapabilityRequest(nil)), ipmi.InvalidLength},
		{"power", ipmi.ParsePowerReadingRequest(unhex("01 00 00")), nil},
		{"average power", ipmi.ParsePowerReadingRequest(unhex("02 05 00")), ipmi.InvalidField},
		{"power, too short", ipmi.ParsePowerReadingRequest(unhex("01 00")), ipmi.InvalidLength},
		{"text", second(ipmi.ParseDCMITextRequest(unhex("30 10"))), nil},
		{"too much text", second(ipmi.ParseDCMITextRequest(unhex("00 11"))), ipmi.OutOfRange},
		{"text beyond the end", second(ipmi.ParseDCMITextRequest(unhex("31 10"))), ipmi.OutOfRange},
		{"temperatures", second(ipmi.ParseDCMISensorRequest(unhex("01 40 00 00"))), nil},
		{"voltages", second(ipmi.ParseDCMISensorRequest(unhex("02 40 00 00"))), ipmi.InvalidField},
	}
	for _, tt := range tests {
		if tt.err != tt.want {
			t.Errorf("%s: got error %v, want %v", tt.name, tt.err, tt.want)
		}
	}
}
