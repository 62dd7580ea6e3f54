package bmc

import (
	"encoding/hex"
	"testing"
	"testing/synctest"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const revision = "11" // of the parameters

// bodies are requests and the bytes that follow the completion code. Do not
// change a row to make a test pass: clients depend on them.
var bodies = []struct {
	name  string
	netFn ipmi.NetFn
	cmd   uint8
	data  string
	code  ipmi.CompletionCode
	want  string
}{
	{"device ID", ipmi.NetFnApp, 0x01, "", 0, "20" + "01" + "0123" + "02" + "96" + "dc1a00" + "0000"},
	{"device ID with data", ipmi.NetFnApp, 0x01, "00", ipmi.InvalidLength, ""},
	{"self test", ipmi.NetFnApp, 0x04, "", 0, "5500"},
	{"system GUID", ipmi.NetFnApp, 0x37, "", 0, "ffeeddccbbaa99887766554433221100"},

	{"authentication capabilities of 2.0", ipmi.NetFnApp, 0x38, "8e04", 0, "01" + "80" + "04" + "02" + "00000000"},
	{"authentication capabilities of 1.5", ipmi.NetFnApp, 0x38, "0e04", 0, "01" + "00" + "04" + "00" + "00000000"},
	{"authentication capabilities of channel 1", ipmi.NetFnApp, 0x38, "8103", 0, "01" + "80" + "04" + "02" + "00000000"},
	{"authentication capabilities of channel 2", ipmi.NetFnApp, 0x38, "8204", ipmi.InvalidField, ""},
	{"authentication capabilities at level 0", ipmi.NetFnApp, 0x38, "8e00", ipmi.InvalidField, ""},

	{"cipher suites", ipmi.NetFnApp, 0x54, "0e0080", 0, "01" + "c011034481" + "c003014181"},
	{"cipher suites, next page", ipmi.NetFnApp, 0x54, "0e0081", 0, "01"},
	{"algorithms", ipmi.NetFnApp, 0x54, "010000", 0, "01" + "0301" + "4441" + "81"},
	{"cipher suites of SOL", ipmi.NetFnApp, 0x54, "0e0180", ipmi.ParameterUnsupported, ""},
	{"cipher suites of channel 0", ipmi.NetFnApp, 0x54, "000080", ipmi.InvalidField, ""},

	{"channel info", ipmi.NetFnApp, 0x42, "01", 0, "01" + "04" + "01" + "81" + "f21b00" + "0000"},
	{"channel info of this channel", ipmi.NetFnApp, 0x42, "0e", 0, "01" + "04" + "01" + "81" + "f21b00" + "0000"},
	{"no IPMB to scan", ipmi.NetFnApp, 0x42, "00", ipmi.InvalidField, ""},
	{"no system interface", ipmi.NetFnApp, 0x42, "0f", ipmi.InvalidField, ""},
	{"channel access, active", ipmi.NetFnApp, 0x41, "0180", 0, "2204"},
	{"channel access, stored", ipmi.NetFnApp, 0x41, "0e40", 0, "2204"},
	{"channel access, reserved", ipmi.NetFnApp, 0x41, "0100", ipmi.InvalidField, ""},

	{"present level", ipmi.NetFnApp, 0x3B, "00", 0, "04"},
	{"reserved level", ipmi.NetFnApp, 0x3B, "01", ipmi.InvalidField, ""},
	{"OEM level", ipmi.NetFnApp, 0x3B, "05", ipmi.PrivilegeExceedsLimit, ""},
	{"this session", ipmi.NetFnApp, 0x3D, "00", 0, "01" + "08" + "01" + "02" + "04" + "11" + "c000020b" + "000000000000" + "214e"},
	{"first session", ipmi.NetFnApp, 0x3D, "01", 0, "01" + "08" + "01" + "02" + "04" + "11" + "c000020b" + "000000000000" + "214e"},
	{"second session: none", ipmi.NetFnApp, 0x3D, "02", 0, "000801"},
	{"session of a handle", ipmi.NetFnApp, 0x3D, "fe01", 0, "01" + "08" + "01" + "02" + "04" + "11" + "c000020b" + "000000000000" + "214e"},
	{"session of a wrong handle", ipmi.NetFnApp, 0x3D, "fe02", ipmi.NotPresent, ""},
	{"session of a wrong ID", ipmi.NetFnApp, 0x3D, "ff00000000", ipmi.NotPresent, ""},
	{"close a wrong ID", ipmi.NetFnApp, 0x3C, "01000000", ipmi.InvalidSessionID, ""},
	{"close a wrong handle", ipmi.NetFnApp, 0x3C, "0000000009", ipmi.InvalidSessionHandle, ""},

	{"chassis capabilities", ipmi.NetFnChassis, 0x00, "", 0, "04" + "2020202020"},
	{"chassis control, reserved", ipmi.NetFnChassis, 0x02, "06", ipmi.InvalidField, ""},
	{"chassis control, nothing", ipmi.NetFnChassis, 0x02, "", ipmi.InvalidLength, ""},

	{"LAN revision", ipmi.NetFnTransport, 0x02, "81000000", 0, revision},
	{"LAN set in progress", ipmi.NetFnTransport, 0x02, "01000000", 0, revision + "00"},
	{"LAN authentication types", ipmi.NetFnTransport, 0x02, "01010000", 0, revision + "00"},
	{"LAN authentication enables", ipmi.NetFnTransport, 0x02, "01020000", 0, revision + "0000000000"},
	{"LAN address", ipmi.NetFnTransport, 0x02, "01030000", 0, revision + "c0000201"},
	{"LAN address source", ipmi.NetFnTransport, 0x02, "01040000", 0, revision + "01"},
	{"LAN MAC", ipmi.NetFnTransport, 0x02, "0e050000", 0, revision + "020000000001"},
	{"LAN mask", ipmi.NetFnTransport, 0x02, "01060000", 0, revision + "ffffff00"},
	{"LAN IPv4 header", ipmi.NetFnTransport, 0x02, "01070000", 0, revision + "404010"},
	{"LAN port", ipmi.NetFnTransport, 0x02, "01080000", 0, revision + "6f02"},
	{"LAN gateway", ipmi.NetFnTransport, 0x02, "010c0000", 0, revision + "c00002fe"},
	{"LAN gateway MAC", ipmi.NetFnTransport, 0x02, "010d0000", 0, revision + "000000000000"},
	{"LAN backup gateway", ipmi.NetFnTransport, 0x02, "010e0000", 0, revision + "00000000"},
	{"LAN backup gateway MAC", ipmi.NetFnTransport, 0x02, "010f0000", 0, revision + "000000000000"},
	{"LAN gratuitous ARP interval", ipmi.NetFnTransport, 0x02, "010b0000", 0, revision + "00"},
	{"LAN community", ipmi.NetFnTransport, 0x02, "01100000", ipmi.ParameterUnsupported, ""},
	{"LAN VLAN", ipmi.NetFnTransport, 0x02, "01140000", 0, revision + "0000"},
	{"LAN VLAN priority", ipmi.NetFnTransport, 0x02, "01150000", 0, revision + "00"},
	{"LAN suites", ipmi.NetFnTransport, 0x02, "01160000", 0, revision + "02"},
	{"LAN suite entries", ipmi.NetFnTransport, 0x02, "01170000", 0, revision + "00" + "1103" + "0000000000000000000000000000"},
	{"LAN suite levels", ipmi.NetFnTransport, 0x02, "01180000", 0, revision + "00" + "44" + "00000000000000"},
	{"LAN IPv6", ipmi.NetFnTransport, 0x02, "01320000", ipmi.ParameterUnsupported, ""},
	{"LAN of channel 2", ipmi.NetFnTransport, 0x02, "02030000", ipmi.InvalidField, ""},
	{"LAN, too short", ipmi.NetFnTransport, 0x02, "0103", ipmi.InvalidLength, ""},
}

// TestBodies asks and compares.
func TestBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, nil).console(t), admin)
		for _, tt := range bodies {
			data, err := hex.DecodeString(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Command(t.Context(), tt.netFn, tt.cmd, data)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if got := hex.EncodeToString(r.Data); r.Code != tt.code || got != tt.want {
				t.Errorf("%s: %v %s, want %v %s", tt.name, r.Code, got, tt.code, tt.want)
			}
		}
	})
}

// TestSessionlessInBothWrappers: the answer comes in the wrapper of the request.
func TestSessionlessInBothWrappers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, nil).console(t)
		r15, err := c.Sessionless15(t.Context(), ipmi.NetFnApp, 0x38, []byte{0x8E, 4})
		if err != nil {
			t.Fatal(err)
		}
		r20, err := c.Sessionless20(t.Context(), ipmi.NetFnApp, 0x38, []byte{0x8E, 4})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []ipmi.Response{r15, r20} {
			if got := hex.EncodeToString(r.Data); r.Code != ipmi.Completed || got != "0180040200000000" {
				t.Errorf("got %v %s", r.Code, got)
			}
		}
		if err := c.Ping(t.Context()); err != nil {
			t.Errorf("presence ping: %v", err)
		}
	})
}

// TestCloseAnother needs an administrator.
func TestCloseAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		victim := login(t, r.console(t), admin)
		low := login(t, r.console(t), operator)
		high := login(t, r.console(t), admin)
		id := []byte{byte(victim.BMCID), byte(victim.BMCID >> 8), byte(victim.BMCID >> 16), byte(victim.BMCID >> 24)}
		command(t, low, ipmi.NetFnApp, 0x3C, id, ipmi.InsufficientPrivilege)
		command(t, high, ipmi.NetFnApp, 0x3C, id, ipmi.Completed)
		command(t, high, ipmi.NetFnApp, 0x3C, id, ipmi.InvalidSessionID)
		if n := len(r.bmc.Sessions()); n != 2 {
			t.Errorf("%d sessions, want 2", n)
		}
	})
}
