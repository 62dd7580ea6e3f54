package bmc

import (
	"encoding/hex"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// A body is a request and what follows the completion code of its answer.
type body struct {
	name  string
	netFn ipmi.NetFn
	cmd   uint8
	data  string
	code  ipmi.CompletionCode
	want  string
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func askBodies(t *testing.T, s *remote.Session, bodies []body) {
	t.Helper()
	for _, tt := range bodies {
		r, err := s.Command(t.Context(), tt.netFn, tt.cmd, unhex(t, tt.data))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := hex.EncodeToString(r.Data); r.Code != tt.code || got != tt.want {
			t.Errorf("%s: %v %s, want %v %s", tt.name, r.Code, got, tt.code, tt.want)
		}
	}
}

func testInfo(c *Config) {
	c.SystemInfo = SystemInfo{
		SystemName: "web-01.example.com", FirmwareVersion: "1.23", PrimaryOS: "Debian",
		OS: func() string { return "Debian 12" },
	}
}

// TestSettingsBodies compares the bytes that follow the completion code. Do not
// change a row to make the test pass: clients depend on them.
func TestSettingsBodies(t *testing.T) {
	const (
		app, chassis = ipmi.NetFnApp, ipmi.NetFnChassis
		none         = "00000000000000000000000000000000"
		adminName    = "61646d696e" + "0000000000000000000000"
		password20   = "5365637265742d5061737377307264" + "2d32306221"
		operate      = "6f706572617465" + "000000000000000000"
		refused      = ipmi.NotInPresentState
	)
	bodies := []body{
		{"ACPI on", app, 0x07, "", 0, "0000"},
		{"ACPI set, nothing", app, 0x06, "0000", 0, ""},
		{"ACPI set", app, 0x06, "8500", refused, ""},
		{"device GUID", app, 0x08, "", 0, "ffeeddccbbaa99887766554433221100"},
		{"global enables", app, 0x2F, "", 0, "08"},
		{"message flags are the system's", app, 0x31, "", ipmi.InsufficientPrivilege, ""},

		{"user 1", app, 0x44, "0101", 0, "05" + "84" + "05" + "0f"},
		{"user 2", app, 0x44, "0e02", 0, "05" + "44" + "05" + "14"},
		{"user 3", app, 0x44, "0103", 0, "05" + "44" + "05" + "13"},
		{"user 5", app, 0x44, "0105", 0, "05" + "44" + "05" + "11"},
		{"user 0", app, 0x44, "0100", ipmi.InvalidField, ""},
		{"user 6", app, 0x44, "0106", ipmi.InvalidField, ""},
		{"user of channel 2", app, 0x44, "0202", ipmi.InvalidField, ""},
		{"user name 1", app, 0x46, "01", 0, none},
		{"user name 2", app, 0x46, "02", 0, adminName},
		{"user name 6", app, 0x46, "06", ipmi.InvalidField, ""},

		{"set access as it is", app, 0x43, "91020400", 0, ""},
		{"set access, limit as it is", app, 0x43, "010204", 0, ""},
		{"set access, other limit", app, 0x43, "910203", refused, ""},
		{"set access, no messaging", app, 0x43, "810204", refused, ""},
		{"set access, session limit", app, 0x43, "91020401", refused, ""},
		{"set name as it is", app, 0x45, "02" + adminName, 0, ""},
		{"set another name", app, 0x45, "03" + adminName, refused, ""},
		{"set the null user's name", app, 0x45, "01" + adminName, ipmi.InvalidField, ""},
		{"enable", app, 0x47, "0201", 0, ""},
		{"enable as ipmitool does", app, 0x47, "0201" + none, 0, ""},
		{"disable", app, 0x47, "0200", refused, ""},
		{"disable the null user", app, 0x47, "0100", 0, ""},
		{"set a password", app, 0x47, "0302" + operate, refused, ""},
		{"test a long password", app, 0x47, "8203" + password20, 0, ""},
		{"test a long password, short", app, 0x47, "0203" + password20[:32], ipmi.PasswordWrongSize, ""},
		{"test a short password", app, 0x47, "0303" + operate, 0, ""},
		{"test a short password, long", app, 0x47, "8303" + operate + "00000000", ipmi.PasswordWrongSize, ""},
		{"test a wrong password", app, 0x47, "0303" + adminName, ipmi.PasswordWrong, ""},
		{"test the null user's", app, 0x47, "0103" + none, ipmi.PasswordWrong, ""},
		{"test user 6", app, 0x47, "0603" + none, ipmi.InvalidField, ""},

		{"activate SOL", app, 0x48, "0101c6000000", ipmi.PayloadDisabled, ""},
		{"activate IPMI", app, 0x48, "000100000000", ipmi.InvalidField, ""},
		{"deactivate SOL", app, 0x49, "010100000000", ipmi.PayloadDisabled, ""},
		{"SOL status", app, 0x4A, "01", 0, "000000"},
		{"IPMI status", app, 0x4A, "00", ipmi.InvalidField, ""},
		{"SOL instance", app, 0x4B, "0101", 0, "00000000" + "0000000000000000"},
		{"SOL instance 0", app, 0x4B, "0100", ipmi.InvalidField, ""},
		{"payload access", app, 0x4D, "0102", 0, "00000000"},
		{"payload access of user 9", app, 0x4D, "0109", ipmi.InvalidField, ""},
		{"allow SOL", app, 0x4C, "010202000000", refused, ""},
		{"forbid SOL", app, 0x4C, "014202000000", 0, ""},
		{"payload support", app, 0x4E, "0e", 0, "0100" + "3f00" + "0000" + "0000"},
		{"IPMI version", app, 0x4F, "0e00", 0, "10"},
		{"RAKP version", app, 0x4F, "0112", 0, "10"},
		{"RAKP message 4 version", app, 0x4F, "0115", 0, "10"},
		{"version beyond", app, 0x4F, "0116", ipmi.PayloadTypeUnavailable, ""},
		{"payload support of channel 2", app, 0x4E, "02", ipmi.InvalidField, ""},
		{"payload version of channel 2", app, 0x4F, "0200", ipmi.InvalidField, ""},
		{"payload access of channel 2", app, 0x4D, "0202", ipmi.InvalidField, ""},
		{"SOL version", app, 0x4F, "0e01", ipmi.PayloadTypeUnavailable, ""},
		{"suspend encryption", app, 0x55, "000100", ipmi.EncryptionRequired, ""},
		{"resume encryption", app, 0x55, "000101", 0, ""},
		{"encryption of SOL", app, 0x55, "010101", ipmi.PayloadTypeUnavailable, ""},

		{"set channel access as it is", app, 0x40, "016244", 0, ""},
		{"set channel access, disabled", app, 0x40, "016044", refused, ""},
		{"set channel access, limit", app, 0x40, "010043", refused, ""},
		{"set channel access, nothing", app, 0x40, "010000", 0, ""},
		{"read Kg", app, 0x56, "010001", ipmi.KeyLocked, ""},
		{"read Kr", app, 0x56, "010000", ipmi.KeyUnused, ""},
		{"set Kg", app, 0x56, "010101" + none + "00000000", ipmi.KeyLocked, ""},

		{"system info revision", app, 0x59, "80000000", 0, "11"},
		{"system info firmware", app, 0x59, "00010000", 0, "11" + "00" + "0004" + "312e3233" + "00000000000000000000"},
		{"system info name", app, 0x59, "00020000", 0, "11" + "00" + "0012" + "7765622d30312e6578616d706c65"},
		{"system info name, next", app, 0x59, "00020100", 0, "11" + "01" + "2e636f6d" + "000000000000000000000000"},
		{"system info name, beyond", app, 0x59, "00020200", ipmi.OutOfRange, ""},
		{"system info primary OS", app, 0x59, "00030000", 0, "11" + "00" + "0006" + "44656269616e" + "0000000000000000"},
		{"system info OS", app, 0x59, "00040000", 0, "11" + "00" + "0009" + "44656269616e203132" + "0000000000"},
		{"system info URL", app, 0x59, "00060000", ipmi.ParameterUnsupported, ""},
		{"system info of Dell", app, 0x59, "00dd0000", ipmi.ParameterUnsupported, ""},
		{"set system info, in progress", app, 0x58, "0001", 0, ""},
		{"system info in progress", app, 0x59, "00000000", 0, "1101"},
		{"set system info name", app, 0x58, "020000027878" + "000000000000000000000000", ipmi.ParameterReadOnly, ""},
		{"set system info of Dell", app, 0x58, "dd00", ipmi.ParameterUnsupported, ""},

		{"which restore policies", chassis, 0x06, "03", 0, "00"},
		{"set restore policy", chassis, 0x06, "02", ipmi.InvalidField, ""},
		{"restart cause", chassis, 0x07, "", 0, "0000"},
		{"cycle interval", chassis, 0x0B, "05", refused, ""},
		{"POH", chassis, 0x0F, "", ipmi.InvalidCommand, ""},
		{"front panel", chassis, 0x0A, "00", ipmi.InvalidCommand, ""},
		{"chassis reset", chassis, 0x03, "", ipmi.InvalidCommand, ""},
		{"chassis capabilities are fixed", chassis, 0x05, "002020202020", ipmi.InvalidCommand, ""},
		{"system interface capabilities", app, 0x57, "00", ipmi.InvalidCommand, ""},
		{"command support", app, 0x0A, "0e0600", ipmi.InvalidCommand, ""},
		{"auth code", app, 0x3F, "41010200000000000000000000000000000000", ipmi.InvalidCommand, ""},
	}
	synctest.Test(t, func(t *testing.T) {
		askBodies(t, login(t, serve(t, testInfo).console(t), admin), bodies)
	})
}

// TestEncryptionThereIsNot can neither be suspended nor resumed.
func TestEncryptionThereIsNot(t *testing.T) {
	bodies := []body{
		{"suspend", ipmi.NetFnApp, 0x55, "000100", ipmi.NoEncryption, ""},
		{"resume", ipmi.NetFnApp, 0x55, "000101", ipmi.NoEncryption, ""},
		{"reserved operation", ipmi.NetFnApp, 0x55, "000103", ipmi.InvalidField, ""},
		{"of SOL", ipmi.NetFnApp, 0x55, "010101", ipmi.PayloadTypeUnavailable, ""},
	}
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(c *Config) { c.Suites = append(c.Suites, suite(t, 16)); c.V15 = V15MD5 })
		l := loginAs(t, operator)
		l.Suite = suite(t, 16)
		s, err := r.console(t).Login(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		askBodies(t, s, bodies)
		s, err = r.console(t).Login15(t.Context(), remote.Login15{Auth: ipmi.AuthMD5, User: operator.Name, Password: string(operator.Password), Privilege: operator.Privilege})
		if err != nil {
			t.Fatal(err)
		}
		askBodies(t, s, bodies)
	})
}

func TestTransportBodies(t *testing.T) {
	const lan, revision = ipmi.NetFnTransport, "11"
	bodies := []body{
		{"port", lan, 0x02, "01080000", 0, revision + "6f02"},
		{"secondary port", lan, 0x02, "01090000", ipmi.ParameterUnsupported, ""},
		{"ARP control", lan, 0x02, "010a0000", 0, revision + "02"},
		{"community", lan, 0x02, "01100000", ipmi.ParameterUnsupported, ""},
		{"destinations", lan, 0x02, "01110000", 0, revision + "00"},
		{"destination", lan, 0x02, "01120000", ipmi.ParameterUnsupported, ""},
		{"bad passwords", lan, 0x02, "011a0000", 0, revision + "000000000000"},
		{"reserved", lan, 0x02, "01280000", ipmi.ParameterUnsupported, ""},

		{"in progress", lan, 0x01, "010001", 0, ""},
		{"is in progress", lan, 0x02, "01000000", 0, revision + "01"},
		{"in progress again is no lock", lan, 0x01, "010001", 0, ""},
		{"commit", lan, 0x01, "010002", 0, ""},
		{"reserved progress", lan, 0x01, "010003", ipmi.InvalidField, ""},
		{"complete", lan, 0x01, "010000", 0, ""},
		{"is complete", lan, 0x02, "01000000", 0, revision + "00"},
		{"address as it is", lan, 0x01, "0103c0000201", 0, ""},
		{"another address", lan, 0x01, "0103c0000202", ipmi.ParameterReadOnly, ""},
		{"half an address", lan, 0x01, "0103c000", ipmi.ParameterReadOnly, ""},
		{"static as it is", lan, 0x01, "010401", 0, ""},
		{"DHCP", lan, 0x01, "010402", ipmi.ParameterReadOnly, ""},
		{"set a community", lan, 0x01, "0110" + "7075626c6963", ipmi.ParameterUnsupported, ""},
		{"set on channel 3", lan, 0x01, "030000", ipmi.InvalidField, ""},

		{"ARPs", lan, 0x03, "0100", 0, "02"},
		{"suspend ARPs: they go on", lan, 0x03, "0103", 0, "02"},

		{"SOL revision", lan, 0x22, "8e000000", 0, revision},
		{"SOL progress", lan, 0x22, "0e000000", 0, revision + "00"},
		{"SOL is off", lan, 0x22, "0e010000", 0, revision + "00"},
		{"SOL authentication", lan, 0x22, "0e020000", ipmi.ParameterUnsupported, ""},
		{"SOL channel", lan, 0x22, "0e070000", 0, revision + "01"},
		{"SOL port", lan, 0x22, "0e080000", 0, revision + "6f02"},
		{"set SOL progress", lan, 0x21, "010001", 0, ""},
		{"SOL in progress", lan, 0x22, "01000000", 0, revision + "01"},
		{"SOL off as it is", lan, 0x21, "010100", 0, ""},
		{"SOL on", lan, 0x21, "010101", ipmi.ParameterReadOnly, ""},
		{"SOL bit rate", lan, 0x21, "01050a", ipmi.ParameterUnsupported, ""},
	}
	synctest.Test(t, func(t *testing.T) {
		askBodies(t, login(t, serve(t, nil).console(t), admin), bodies)
	})
}

// TestIPv6Parameters: those of IPv4 are not supported then, and the other way round.
func TestIPv6Parameters(t *testing.T) {
	const (
		lan, revision = ipmi.NetFnTransport, "11"
		address       = "20010db8000000000000000000000010"
		router        = "20010db8000000000000000000000001"
	)
	bodies := []body{
		{"IPv4 address", lan, 0x02, "01030000", ipmi.ParameterUnsupported, ""},
		{"ARP control", lan, 0x02, "010a0000", ipmi.ParameterUnsupported, ""},
		{"IPv4 gateway", lan, 0x02, "010c0000", ipmi.ParameterUnsupported, ""},
		{"IPv4 mask", lan, 0x02, "01060000", ipmi.ParameterUnsupported, ""},
		{"support", lan, 0x02, "01320000", 0, revision + "01"},
		{"enables", lan, 0x02, "01330000", 0, revision + "01"},
		{"traffic class", lan, 0x02, "01340000", 0, revision + "00"},
		{"hop limit", lan, 0x02, "01350000", 0, revision + "40"},
		{"flow label", lan, 0x02, "01360000", 0, revision + "000000"},
		{"status", lan, 0x02, "01370000", 0, revision + "010000"},
		{"static", lan, 0x02, "01380000", 0, revision + "00" + "80" + address + "40" + "00"},
		{"static, second", lan, 0x02, "01380100", ipmi.OutOfRange, ""},
		{"DUID length", lan, 0x02, "01390000", 0, revision + "00"},
		{"DUID", lan, 0x02, "013a0000", ipmi.OutOfRange, ""},
		{"dynamic", lan, 0x02, "013b0000", ipmi.OutOfRange, ""},
		{"router control", lan, 0x02, "01400000", 0, revision + "01"},
		{"router", lan, 0x02, "01410000", 0, revision + router},
		{"router's MAC", lan, 0x02, "01420000", ipmi.ParameterUnsupported, ""},
		{"set the address as it is", lan, 0x01, "0138" + "00" + "80" + address + "40" + "00", 0, ""},
		{"set another address", lan, 0x01, "0138" + "00" + "80" + router + "40" + "00", ipmi.ParameterReadOnly, ""},
		{"ARP is not of IPv6", lan, 0x03, "0100", 0, "00"},
	}
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(c *Config) {
			c.LAN.Address = netip.MustParseAddr("2001:db8::10")
			c.LAN.Gateway = netip.MustParseAddr("2001:db8::1")
			c.LAN.PrefixLength = 64
		})
		askBodies(t, login(t, r.console(t), admin), bodies)
	})
}

// TestNoGateway: a network of its own has none.
func TestNoGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(c *Config) { c.LAN.Gateway = netip.Addr{} })
		askBodies(t, login(t, r.console(t), admin), []body{{"gateway", ipmi.NetFnTransport, 0x02, "010c0000", 0, "11" + "00000000"}})
	})
}

// TestLANStatistics counts what this BMC has received and sent.
func TestLANStatistics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), user)
		ask := func(flag byte) string {
			got := command(t, s, ipmi.NetFnTransport, 0x04, []byte{0x0E, flag}, ipmi.Completed)
			return hex.EncodeToString(got.Data)
		}
		ask(1) // what it took to log in
		// The clearing request was counted before it cleared, its answer after.
		if got := ask(0); got != "0100"+"0000"+"0000"+"0000"+"0100"+"0100"+"0100"+"0000"+"0000" {
			t.Errorf("after one request: %s", got)
		}
		if got := ask(0); got != "0200"+"0000"+"0000"+"0000"+"0200"+"0200"+"0200"+"0000"+"0000" {
			t.Errorf("after two: %s", got)
		}
	})
}
