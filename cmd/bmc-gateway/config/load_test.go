package config

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

func load(t *testing.T, path string, env func(string) string) gateway.Config {
	t.Helper()
	cfg, _, err := Load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// write puts a file into a new directory.
func write(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	got := load(t, "testdata/good/minimal.yaml", environment)
	v := got.VCenters[0]
	if v.URL.String() != "https://vc-lab.example.net/sdk" {
		t.Errorf("URL %s", v.URL)
	}
	if v.Freshness != 90*time.Second || v.TagInterval != time.Minute || v.TagHintGap != 2*time.Second ||
		v.AttributePrefix != "bmc." || v.CallTimeout != 20*time.Second ||
		v.DialTimeout != 5*time.Second || v.Rate != 20 || v.Burst != 40 || v.Insecure || v.RootCAs != nil {
		t.Errorf("vCenter %+v", v)
	}
	if p := got.Pools[0]; p.Existing || p.Hold != 168*time.Hour || p.Quarantine != 24*time.Hour || p.PrefixLength != 24 ||
		p.Ranges[0].String() != "192.0.2.1-192.0.2.254" {
		t.Errorf("pool %+v", p)
	}
	got.VCenters, got.Pools = nil, nil
	want := gateway.Config{
		AdminSocket: "/run/bmc-gateway/admin.sock",
		HTTPListen:  "127.0.0.1:9623",
		StatePath:   "/var/lib/bmc-gateway/state.db",
		LogLevel:    "info",
		LogFormat:   "auto",
		Audit:       gateway.Audit{Logins: gateway.FailedLogins},
		Tenants: []gateway.Tenant{{
			Name: "lab-a", VCenter: "vc-lab", Pools: []string{"lab"},
			Select:   inventory.Selector{Tags: []string{"bmc/enabled"}, Recursive: true},
			Accounts: []bmc.Account{{Name: "operator", Password: "S3cretWord-bmc", Privilege: ipmi.Operator}},
			IPMI: gateway.IPMI{Port: 623, CipherSuites: []ipmi.CipherSuiteID{17, 3},
				SessionIdleTimeout: time.Minute, SessionsPerBMC: 32, PacketsPerSecond: 20000, BootFlagsValidFor: time.Minute},
			Power: gateway.Power{
				CommandRate: 2, CommandBurst: 32, Weight: 1,
				CycleOffTime: 5 * time.Second, BootRestoreAfter: time.Minute, FinishCycleWithin: 10 * time.Minute,
			},
			Quota:  gateway.Quota{Sessions: 1024},
			Guard:  inventory.Guard{Answers: 3, After: 3 * time.Second, Share: 25, Minimum: 3, Window: 10 * time.Minute, Hold: 24 * time.Hour},
			Fuse:   gateway.Fuse{Share: 50, Within: time.Minute, Minimum: 5},
			Access: gateway.Access{MaxTTL: 24 * time.Hour, MaxPrivilege: ipmi.Operator, MaxPerBMC: 4, MaxPerTenant: 64},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTenantsOverDefaults(t *testing.T) {
	got := load(t, "testdata/good/two_tenants.yaml", environment)
	ports := []uint16{6230, 623, 6230}
	sessions := []int{32, 2, 32}
	cycles := []time.Duration{10 * time.Second, 10 * time.Second, time.Second}
	guards := []inventory.Guard{
		{Answers: 3, After: 3 * time.Second, Share: 50, Minimum: 3, Window: 10 * time.Minute},
		{Answers: 3, After: 3 * time.Second, Share: 50, Minimum: 3, Window: 10 * time.Minute},
		{Answers: 1, Share: 100, Minimum: 3, Window: 10 * time.Minute},
	}
	for i, tenant := range got.Tenants {
		if tenant.Guard != guards[i] {
			t.Errorf("%s: guard %+v, want %+v", tenant.Name, tenant.Guard, guards[i])
		}
		if tenant.IPMI.Port != ports[i] || tenant.IPMI.SessionsPerBMC != sessions[i] ||
			tenant.Power.CycleOffTime != cycles[i] || tenant.IPMI.BootFlagsValidFor != 0 ||
			!cmp.Equal(tenant.IPMI.CipherSuites, []ipmi.CipherSuiteID{17}) {
			t.Errorf("%s: %+v %+v", tenant.Name, tenant.IPMI, tenant.Power)
		}
	}
	softOffs := []gateway.SoftOff{{Hard: true}, {Hard: true}, {HardAfter: 90 * time.Second}}
	for i, tenant := range got.Tenants {
		if tenant.Power.SoftOff != softOffs[i] || tenant.Power.CycleWhenOff != (i < 2) {
			t.Errorf("%s: %+v", tenant.Name, tenant.Power)
		}
	}
	first := got.Tenants[0]
	if first.Select.Recursive || !cmp.Equal(first.Select.ExcludeNames, []string{"*-template"}) {
		t.Errorf("selector %+v", first.Select)
	}
	third := inventory.Selector{
		Folders: []string{"/Site/DC1/vm"}, Recursive: true, Names: []string{"esx*"},
		ExcludeTags: []string{"bmc/never"}, ExcludeFolders: []string{"/Site/DC1/vm/Attic"}, ExcludeNames: []string{"esx9"},
	}
	if diff := cmp.Diff(third, got.Tenants[2].Select); diff != "" {
		t.Errorf("selector (-want +got):\n%s", diff)
	}
	if a, b := got.VCenters[0].AttributePrefix, got.VCenters[1].AttributePrefix; a != "bmc." || b != "" {
		t.Errorf("prefixes %q and %q, want the default and none", a, b)
	}
	from := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")}
	if diff := cmp.Diff(from, first.AllowFrom, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Errorf("allow_from (-want +got):\n%s", diff)
	}
	if p := got.Pools[0]; !p.Existing || p.Interface != "" || p.PrefixLength != 0 || len(p.Ranges) != 2 || len(p.Exclude) != 1 {
		t.Errorf("pool %+v", p)
	}
	second := got.Tenants[1]
	if !cmp.Equal(second.Pools, []string{"shared", "six"}) || second.MaxAddresses != 50 || len(second.AllowFrom) != 2 || second.AllowFrom[1].Bits() != 128 {
		t.Errorf("pools %q, %d addresses, from %v", second.Pools, second.MaxAddresses, second.AllowFrom)
	}
	if p := got.Pools[2]; p.PrefixLength != 64 || p.Ranges[0].First != netip.MustParseAddr("2001:db8:0:7::1") || p.Contains(p.Gateway) {
		t.Errorf("pool %+v", p)
	}
	pin := gateway.Pin{VM: "web1", Address: netip.MustParseAddr("127.6.2.20"), MAC: address.MAC{2, 0, 0x5e, 0x10, 0, 1}}
	if len(first.Pins) != 1 || first.Pins[0] != pin {
		t.Errorf("pins %+v", first.Pins)
	}
	legacy := gateway.LegacyPort{VM: "web1", Listen: netip.MustParseAddrPort("0.0.0.0:6231")}
	if len(first.LegacyPorts) != 2 || first.LegacyPorts[0] != legacy {
		t.Errorf("legacy ports %+v", first.LegacyPorts)
	}
	if p := got.Pools[1]; p.Hold != 0 || p.Quarantine != 48*time.Hour || p.Gateway != netip.MustParseAddr("198.51.100.1") {
		t.Errorf("pool %+v", p)
	}
}

func TestCompatibility(t *testing.T) {
	got := load(t, "testdata/good/compatibility.yaml", environment)
	want := []gateway.IPMI{
		{V15: bmc.V15MD5, CipherSuites: []ipmi.CipherSuiteID{17, 3, 16, 12, 8, 2, 11, 7}},
		{V15: bmc.V15MD5AndPassword, GUID: gateway.GUIDAsSMBIOS, CipherSuites: []ipmi.CipherSuiteID{3}},
		{CipherSuites: []ipmi.CipherSuiteID{17}},
	}
	for i, tenant := range got.Tenants {
		have := tenant.IPMI
		if have.V15 != want[i].V15 || have.GUID != want[i].GUID || tenant.Quota.Sessions != 0 ||
			have.Kg != "" || !cmp.Equal(have.CipherSuites, want[i].CipherSuites) {
			t.Errorf("%s: %+v", tenant.Name, have)
		}
	}
}

func TestChannelKeyFromAFile(t *testing.T) {
	text, err := os.ReadFile("testdata/good/compatibility.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := write(t, dir, "config.yaml", strings.Replace(string(text), "ipmi: {", "ipmi: {kg_file: kg, ", 1), 0o600)
	write(t, dir, "kg", "0x31323300ff\n", 0o600)
	for _, tenant := range load(t, path, environment).Tenants {
		if tenant.IPMI.Kg != "123\x00\xff" {
			t.Errorf("%s: another key", tenant.Name)
		}
	}
	write(t, dir, "kg", "S3cretWord-that-is-too-long", 0o600)
	if _, _, err := Load(path, environment); err == nil || strings.Contains(err.Error(), "S3cret") {
		t.Errorf("a key of 27 bytes: %v", err)
	}
}

func TestParseKey(t *testing.T) {
	for _, tt := range []struct{ name, text, key, why string }{
		{"text", "a channel key", "a channel key", ""},
		{"twenty bytes", "abcdefghijklmnopqrst", "abcdefghijklmnopqrst", ""},
		{"twenty-one bytes", "abcdefghijklmnopqrstu", "", "the key has 21 bytes; IPMI allows 20"},
		{"hexadecimal", "0xff00", "\xff\x00", ""},
		{"half a byte", "0xfff", "", "the key does not have two hexadecimal digits for each byte after its 0x"},
		{"nothing after 0x", "0x", "", "the key is empty"},
		{"a zero byte first", "0x00ff", "", "the key begins with a zero byte, which ipmitool takes for no key"},
	} {
		if key, why := parseKey(tt.text); key != tt.key || why != tt.why {
			t.Errorf("%s: %q, %q", tt.name, key, why)
		}
	}
}

func TestEnvironmentGoesBeforeTheFile(t *testing.T) {
	env := func(name string) string {
		if v := map[string]string{
			"BMC_GATEWAY_LOG_LEVEL":    "warn",
			"BMC_GATEWAY_ADMIN_SOCKET": "/tmp/a.sock",
			"BMC_GATEWAY_HTTP_LISTEN":  "[::1]:80",
			"BMC_GATEWAY_STATE_PATH":   "/tmp/state.db",
		}[name]; v != "" {
			return v
		}
		return environment(name)
	}
	got := load(t, "testdata/good/two_tenants.yaml", env)
	want := [...]string{"warn", "json", "/tmp/a.sock", "[::1]:80", "/tmp/state.db"}
	if have := [...]string{got.LogLevel, got.LogFormat, got.AdminSocket, got.HTTPListen, got.StatePath}; have != want {
		t.Errorf("got %q, want %q", have, want)
	}
	if got := load(t, "testdata/good/two_tenants.yaml", environment); got.LogLevel != "debug" || got.HTTPListen != "" {
		t.Errorf("without environment: level %q, listen %q", got.LogLevel, got.HTTPListen)
	}
}

func TestBadEnvironmentNamesTheVariable(t *testing.T) {
	_, _, err := Load("testdata/good/minimal.yaml", func(name string) string {
		if name == "BMC_GATEWAY_LOG_LEVEL" {
			return "loud"
		}
		return environment(name)
	})
	if want := `BMC_GATEWAY_LOG_LEVEL: "loud" is not one of debug, info, warn, error`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestMissingFile(t *testing.T) {
	_, _, err := Load("testdata/none.yaml", environment)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "testdata/none.yaml: no such file or directory" {
		t.Errorf("got %v", err)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"quota", "name", "cipher_suites", "allow_from"}
	for key, want := range map[string]string{
		"quotas": "quota", "Quota": "quota", "ciphersuites": "cipher_suites", "allowfrom": "allow_from",
		"nmae": "name", "x": "", "register_hosts": "", "overrides": "",
	} {
		if got := nearest(key, known); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

// The hash of a certificate is written with colons or without, in any case.
func TestThumbprints(t *testing.T) {
	for _, size := range []int{20, 32} {
		want := strings.TrimSuffix(strings.Repeat("5A:", size), ":")
		for _, text := range []string{want, strings.Repeat("5a", size)} {
			if got := fingerprint(node{}, text); got != want {
				t.Errorf("%s: %q, want %q", text, got, want)
			}
		}
	}
}

func TestHowVCentersAreTrusted(t *testing.T) {
	got := load(t, "testdata/good/two_tenants.yaml", environment)
	a, b := got.VCenters[0], got.VCenters[1]
	if a.Thumbprint != "5A:1C:0E:93:77:41:AB:0C:19:D2:33:48:6E:5F:70:81:92:A3:B4:C5" || a.Insecure {
		t.Errorf("vc-a: thumbprint %q, insecure %t", a.Thumbprint, a.Insecure)
	}
	if a.HungVMRoute || !b.HungVMRoute {
		t.Errorf("NMI by the host: %t, %t", a.HungVMRoute, b.HungVMRoute)
	}
	if b.Thumbprint != "" || !b.Insecure {
		t.Errorf("vc-b: thumbprint %q, insecure %t", b.Thumbprint, b.Insecure)
	}
}
