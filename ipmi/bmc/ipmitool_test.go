package bmc

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// ipmitoolPath skips a test on machines without ipmitool, but not in CI.
func ipmitoolPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("ipmitool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ipmitool is not installed")
		}
		t.Skip("ipmitool is not installed")
	}
	return path
}

// serveUDP serves a BMC on a real socket, for real clients, and returns its port.
func serveUDP(t *testing.T, changes ...func(*Config)) (*rig, string) {
	t.Helper()
	r := newBMC(t, func(c *Config) {
		guid, err := ipmi.GUID("550e8400-e29b-41d4-a716-446655440000") // of a version that ipmitool recognises
		if err != nil {
			t.Fatal(err)
		}
		c.GUID = guid
		c.MaxSessions = 63
		for _, change := range changes {
			change(c)
		}
	})
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.bmc.Serve(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		_ = conn.Close()
	})
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return r, port
}

// run runs a client, and kills it after a minute: no test may hang on one.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err
}

// spaced makes every run of spaces one, so that rows need not count them.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestIpmitool(t *testing.T) {
	path := ipmitoolPath(t)
	tests := []struct {
		command string
		output  []string // parts of it, spaces made one
		done    string   // carried out by the machine
	}{
		{"power status", []string{"Chassis Power is on"}, ""},
		{"power on", []string{"Chassis Power Control: Up/On"}, "on"},
		{"power off", []string{"Chassis Power Control: Down/Off"}, "off"},
		{"power cycle", []string{"Chassis Power Control: Cycle"}, "cycle"},
		{"power reset", []string{"Chassis Power Control: Reset"}, "reset"},
		{"power soft", []string{"Chassis Power Control: Soft"}, "soft"},
		{"power diag", []string{"Chassis Power Control: Diag"}, "diag"},
		{"chassis status", []string{"System Power : on", "Power Restore Policy : unknown"}, ""},
		{"chassis bootdev pxe", []string{"Set Boot Device to pxe"}, "boot pxe"},
		{"chassis bootparam get 5", []string{"Boot parameter data: 8004000000", "Boot Flag Valid", "only next boot", "Force PXE"}, ""},
		{"chassis bootdev disk options=persistent,efiboot", []string{"Set Boot Device to disk"}, "boot disk"},
		{"chassis bootparam get 5", []string{"Boot parameter data: e008000000", "Options apply to all future boots", "BIOS EFI boot", "Force Boot from default Hard-Drive"}, ""},
		{"mc info", []string{"Firmware Revision : 1.23", "IPMI Version : 2.0", "Manufacturer ID : 6876", "Provides Device SDRs : no"}, ""},
		{"mc guid", []string{"System GUID : 550e8400-e29b-41d4-a716-446655440000", "GUID Encoding : IPMI"}, ""},
		{"mc selftest", []string{"Selftest: passed"}, ""},
		{"lan print 1", []string{
			"IP Address Source : Static Address", "IP Address : 192.0.2.1", "Subnet Mask : 255.255.255.0",
			"MAC Address : 02:00:00:00:00:01", "Default Gateway IP : 192.0.2.254", "802.1q VLAN ID : Disabled",
			"RMCP+ Cipher Suites : 17,3", "Cipher Suite Priv Max : aaXXXXXXXXXXXXX",
		}, ""},
		{"channel info 1", []string{"Channel Medium Type : 802.3 LAN", "Session Support : multi-session", "Access Mode : always available"}, ""},
		{"channel getciphers ipmi", []string{"17 N/A hmac_sha256 sha256_128 aes_cbc_128", "3 N/A hmac_sha1 hmac_sha1_96 aes_cbc_128"}, ""},
		{"session info active", []string{"user id : 2", "privilege level : ADMINISTRATOR", "session type : IPMIv2/RMCP+", "console ip : 127.0.0.1"}, ""},
	}
	for _, id := range []string{"3", "17"} {
		r, port := serveUDP(t)
		for _, tt := range tests {
			t.Run(fmt.Sprintf("suite %s/%s", id, tt.command), func(t *testing.T) {
				before := len(r.machine.carriedOut())
				args := []string{"-I", "lanplus", "-H", "127.0.0.1", "-p", port, "-U", admin.Name, "-P", string(admin.Password), "-C", id}
				out, err := run(t, path, append(args, strings.Fields(tt.command)...)...)
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				for _, want := range tt.output {
					if !strings.Contains(spaced(out), want) {
						t.Errorf("no %q in:\n%s", want, out)
					}
				}
				if done := strings.Join(r.machine.carriedOut()[before:], ","); done != tt.done {
					t.Errorf("carried out %q, want %q", done, tt.done)
				}
			})
		}
	}
}

// TestIpmitoolIsRefused: each of these must fail at once. Whoever is kept
// waiting here waits for ten seconds and more.
func TestIpmitoolIsRefused(t *testing.T) {
	path := ipmitoolPath(t)
	_, port := serveUDP(t)
	tests := []struct {
		name   string
		args   string
		output string
	}{
		{"wrong password", "-I lanplus -U admin -P wrong -C 17", "Unable to establish IPMI v2 / RMCP+ session"},
		{"unknown user", "-I lanplus -U nobody -P wrong -C 17", "Unable to establish IPMI v2 / RMCP+ session"},
		{"suite 0", "-I lanplus -U admin -P wrong -C 0", "no matching cipher suite"},
		{"suite 2", "-I lanplus -U admin -P wrong -C 2", "no matching cipher suite"},
		{"IPMI 1.5", "-I lan -U admin -P wrong", "Authentication type NONE not supported"},
		{"beyond the account's level", "-I lanplus -U oper -P operate -C 17", "Set Session Privilege Level to ADMINISTRATOR failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			out, err := run(t, path, append(append([]string{"-H", "127.0.0.1", "-p", port}, strings.Fields(tt.args)...), "power", "status")...)
			if err == nil || !strings.Contains(out, tt.output) {
				t.Errorf("%v, output:\n%s\nwant %q", err, out, tt.output)
			}
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("refused after %v", took)
			}
		})
	}
}

// TestIpmitoolChoosesSuite: without -C it asks for the list before it logs in.
func TestIpmitoolChoosesSuite(t *testing.T) {
	path := ipmitoolPath(t)
	r, port := serveUDP(t)
	out, err := run(t, path, "-I", "lanplus", "-H", "127.0.0.1", "-p", port, "-U", operator.Name, "-P", string(operator.Password),
		"-L", "OPERATOR", "power", "off")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.journal.read(func(j *journal) {
		if j.requests["Get Channel Cipher Suites: 00h (completed)"] == 0 {
			t.Errorf("requests: %v, want one for the cipher suites", j.requests)
		}
		if len(j.audits) != 1 || j.audits[0].Account != operator.Name || j.audits[0].Command != "Chassis Control off" {
			t.Errorf("audited %+v", j.audits)
		}
	})
}
