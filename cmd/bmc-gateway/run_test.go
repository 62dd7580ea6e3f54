package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fixed []admin.BMC

func (f fixed) BMCs() []admin.BMC    { return f }
func (f fixed) Status() admin.Status { return aStatus() }

// lab returns a daemon's BMCs; the times are such that no machine is too slow
// for what is printed of them.
func lab() fixed {
	since := time.Date(2026, 11, 18, 7, 2, 11, 0, time.UTC)
	return fixed{
		{
			Tenant: "lab-a", Name: "esxi01", State: admin.Ready, Power: admin.PowerOn, PowerAge: 7300,
			Address: netip.MustParseAddr("10.120.8.17"), Port: 623, MAC: "02:5a:1c:9e:40:11",
			Pool: "lab-v4", Interface: "ens192", VCenter: "vc-lab",
			VM: admin.VM{InstanceUUID: "5026aaaa-01", BIOSUUID: "4221bbbb-01", Ref: "vm-42", Name: "esxi01",
				NICs: []string{"00:50:56:80:00:01", "00:50:56:80:00:02"}},
			SelectedBy: []string{"tag bmc/enabled"}, CipherSuites: []int{17, 3}, Boot: "network, next boot",
			BootOrder: "waits until the VM is off to be changed",
			Accounts:  []admin.Account{{Name: "admin", Privilege: "administrator"}, {Name: "operator", Privilege: "operator"}},
			Sessions: []admin.Session{{ID: "0x008f21c0", Account: "operator", Privilege: "operator",
				From: netip.MustParseAddrPort("10.120.4.9:51244"), Suite: 17, IdleSeconds: 1, OpenedAt: since}},
			Since: since, LastRequest: time.Now().Add(-90 * time.Minute), Requests: 12,
		},
		{Tenant: "lab-a", Name: "web1", State: admin.Ready, Power: admin.PowerOff, Port: 623, Since: since,
			Address: netip.MustParseAddr("10.120.8.18"), Pool: "lab-v4", VCenter: "vc-lab",
			VM: admin.VM{InstanceUUID: "5026aaaa-02"}},
		{Tenant: "lab-b", Name: "web1", State: admin.Pending, Reason: "address pool exhausted", Power: admin.PowerUnknown,
			Port: 623, Pool: "dmz-v4", VCenter: "vc-dmz", Cluster: "gold", Since: since, VM: admin.VM{InstanceUUID: "5026aaaa-03"}},
		{Tenant: "lab-b", Name: "evil\x1b[2J\tname", State: admin.Error, Reason: "no socket", Power: admin.PowerUnknown,
			Port: 623, VCenter: "vc-dmz", Since: since},
	}
}

// daemon serves BMCs on an admin socket until the test ends.
func daemon(t *testing.T, bmcs fixed) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "admin.sock")
	l, err := admin.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, bmcs) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return socket
}

func none(string) string { return "" }

// command runs a command line as main does.
func command(t *testing.T, env func(string) string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, env, &out, &errs)
	return code, out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	socket := daemon(t, lab())
	dir := t.TempDir()
	gone := filepath.Join(dir, "none.sock")
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("apiVersion: bmc-gateway/v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string // on standard error, after the name of the program
	}{
		{"list", []string{"--socket", socket, "list"}, 0, ""},
		{"list of an unknown tenant is empty", []string{"--socket", socket, "list", "-t", "lab-z"}, 0, `no tenant is called "lab-z"; there are: lab-a`},
		{"no state", []string{"list", "-l", "state=redy"}, 2, `--selector state "redy" is not one of pending, ready, error, maintenance, held`},
		{"a day", []string{"access", "grant", "lab-a/web1", "--ttl", "1d"}, 2, `invalid argument "1d" for "--ttl" flag: write it as 90s, 30m or 24h`},
		{"letters for a number", []string{"events", "-n", "all"}, 2, `invalid argument "all" for "-n, --last" flag: not a number`},
		{"a number too large", []string{"demo", "--port", "65536"}, 2, `invalid argument "65536" for "--port" flag: the number is too large or too small`},
		{"daemon unreachable", []string{"--socket", gone, "list"}, 4, "the daemon is not reachable at " + gone + `: is "bmc-gateway serve" running?`},
		{"unknown BMC", []string{"--socket", socket, "show", "web9"}, 3, `web9: no such BMC; "bmc-gateway list" has those there are`},
		{"BMC of another tenant", []string{"--socket", socket, "show", "lab-b/esxi01"}, 3, `lab-b/esxi01: no such BMC; is "lab-a/esxi01" meant?`},
		{"ambiguous name", []string{"--socket", socket, "show", "web1"}, 2,
			"web1: several BMCs have this name: lab-a/web1 (5026aaaa-02), lab-b/web1 (5026aaaa-03)"},
		{"unknown command", []string{"frobnicate"}, 2, `unknown command "frobnicate" for "bmc-gateway"; "bmc-gateway --help" has them all`},
		{"misspelt command", []string{"lst"}, 2, `unknown command "lst" for "bmc-gateway"; is "list" meant?`},
		{"unknown subcommand", []string{"config", "frobnicate"}, 2, `unknown command "frobnicate" for "bmc-gateway config"; "bmc-gateway config --help" has them all`},
		{"unknown flag", []string{"list", "--frob"}, 2, `unknown flag: --frob; "bmc-gateway list --help" has them all`},
		{"unknown format", []string{"list", "-o", "xml"}, 2, `--output "xml" is not one of table, wide, json, yaml, name, csv`},
		{"show without a name", []string{"show"}, 2, "an argument is missing: bmc-gateway show NAME... [flags]"},
		{"list with an argument", []string{"list", "x"}, 2, `"x" is one argument too many: bmc-gateway list [flags]`},
		{"demo at no level", []string{"demo", "--log-level", "x"}, 2, `--log-level "x" is not one of debug, info, warn, error`},
		{"serve without configuration", []string{"serve", "--config", gone}, 2,
			"the configuration cannot be used: " + gone + `: no such file or directory; "bmc-gateway config example" prints one to begin with`},
		{"serve with a bad one", []string{"serve", "--config", bad}, 2, "the configuration cannot be used: 3 errors"},
		{"check without configuration", []string{"config", "check", "-c", gone}, 2,
			"the configuration cannot be used: " + gone + `: no such file or directory; "bmc-gateway config example" prints one to begin with`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, _, stderr := command(t, none, tt.args...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			want := ""
			if tt.says != "" {
				want = "bmc-gateway: " + tt.says
			}
			if last := lines[len(lines)-1]; last != want {
				t.Errorf("standard error\n got %q\nwant %q", last, want)
			}
		})
	}
}

func TestSocketFromTheEnvironment(t *testing.T) {
	socket := daemon(t, lab())
	env := func(name string) string { return map[string]string{"BMC_GATEWAY_ADMIN_SOCKET": socket}[name] }
	if code, _, stderr := command(t, env, "list"); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if code, _, _ := command(t, env, "list", "--socket", socket+".none"); code != 4 {
		t.Errorf("the flag does not go before the environment: exit code %d", code)
	}
}

func TestVersion(t *testing.T) {
	code, stdout, _ := command(t, none, "version")
	if code != 0 || !regexp.MustCompile(`^bmc-gateway \S+ \(\w+, go1\.\S+\)\n$`).MatchString(stdout) {
		t.Errorf("exit code %d, %q", code, stdout)
	}
	code, stdout, _ = command(t, none, "version", "-o", "json")
	var got struct{ APIVersion, Kind, Version, GoVersion string }
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v in %q", code, err, stdout)
	}
	if got.APIVersion != "bmc-gateway/v1" || got.Kind != "Version" || got.Version != version {
		t.Errorf("got %+v", got)
	}
}

func TestFirmware(t *testing.T) {
	for text, want := range map[string][2]uint8{
		"0.9.0": {0, 9}, "v1.12.3-4-gabcdef": {1, 12}, "127.99.0": {127, 99},
		"128.0.0": {}, "1.100.0": {}, "abcdef": {}, "99999999999999999999.1": {}, "": {},
	} {
		if got := firmware(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
