package bmc

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestIpmitool15 is ipmitool's older interface, with MD5 and with the password in
// the clear.
func TestIpmitool15(t *testing.T) {
	path := ipmitoolPath(t)
	tests := []struct {
		command string
		output  []string
		done    string
	}{
		{"power status", []string{"Chassis Power is on"}, ""},
		{"power on", []string{"Chassis Power Control: Up/On"}, "on"},
		{"power reset", []string{"Chassis Power Control: Reset"}, "reset"},
		{"chassis bootdev pxe", []string{"Set Boot Device to pxe"}, "boot pxe"},
		{"mc info", []string{"IPMI Version : 2.0", "Manufacturer ID : 6876"}, ""},
		{"lan print 1", []string{"MAC Address : 02:00:00:00:00:01", "Auth Type Support : MD5 PASSWORD", "Auth Type Enable : Callback : MD5 PASSWORD : User : MD5 PASSWORD : Operator : MD5 PASSWORD : Admin : MD5 PASSWORD : OEM :"}, ""},
		{"channel info 1", []string{"Access Mode : always available", "Active Session Count : 1"}, ""},
		{"session info active", []string{"user id : 6", "privilege level : ADMINISTRATOR", "session type : IPMIv1.5", "console ip : 127.0.0.1"}, ""},
		{"session info all", []string{"session type : IPMIv1.5"}, ""},
	}
	for _, auth := range []string{"MD5", "PASSWORD"} {
		r, port := serveUDP(t, bothVersions)
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%s", auth, tt.command), func(t *testing.T) {
				before := len(r.machine.carriedOut())
				args := []string{"-I", "lan", "-A", auth, "-H", "127.0.0.1", "-p", port, "-U", root.Name, "-P", string(root.Password)}
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
		if left := r.bmc.Sessions(); len(left) != 0 {
			t.Errorf("%s: sessions are left: %+v", auth, left)
		}
	}
}

// TestIpmitool15IsRefused for what is not enabled, and beyond the account's level.
func TestIpmitool15IsRefused(t *testing.T) {
	path := ipmitoolPath(t)
	_, port := serveUDP(t, func(c *Config) { bothVersions(c); c.V15 = V15MD5 })
	for _, tt := range []struct{ name, args, output string }{
		{"no authentication", "-A NONE -U oper -P operate", "Authentication type NONE not supported"},
		{"password in the clear", "-A PASSWORD -U oper -P operate", "Authentication type PASSWORD not supported"},
		{"beyond the account's level", "-A MD5 -U oper -P operate", "Requested privilege level exceeds limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			args := append([]string{"-I", "lan", "-H", "127.0.0.1", "-p", port}, strings.Fields(tt.args)...)
			out, err := run(t, path, append(args, "power", "status")...)
			if err == nil || !strings.Contains(out, tt.output) {
				t.Errorf("%v, output:\n%s\nwant %q", err, out, tt.output)
			}
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("refused after %v", took)
			}
		})
	}
}

// TestIpmitoolWithKgAndSuites logs in with a channel key, and with each suite that
// ipmitool has; it ends itself on 11 and 12.
func TestIpmitoolWithKgAndSuites(t *testing.T) {
	path := ipmitoolPath(t)
	_, port := serveUDP(t, func(c *Config) {
		c.Kg = "channel key"
		c.Suites = nil
		for _, id := range []ipmi.CipherSuiteID{17, 3, 16, 8, 7, 2} {
			c.Suites = append(c.Suites, suite(t, id))
		}
	})
	for _, id := range []string{"17", "3", "16", "8", "7", "2"} {
		args := []string{"-I", "lanplus", "-C", id, "-H", "127.0.0.1", "-p", port, "-U", admin.Name, "-P", string(admin.Password)}
		out, err := run(t, path, append(args, "-k", "channel key", "power", "status")...)
		if err != nil || !strings.Contains(out, "Chassis Power is on") {
			t.Errorf("suite %s with Kg: %v: %s", id, err, out)
		}
	}
	out, err := run(t, path, "-I", "lanplus", "-C", "17", "-H", "127.0.0.1", "-p", port, "-U", admin.Name, "-P", string(admin.Password), "power", "status")
	if err == nil || !strings.Contains(out, "Unable to establish") {
		t.Errorf("without Kg: %v: %s", err, out)
	}
}

// TestFreeIPMI logs in with IPMI 1.5, which it does unless told otherwise, and
// with the suites that ipmitool cannot do; its checks are the strictest of all.
func TestFreeIPMI(t *testing.T) {
	path, err := exec.LookPath("ipmi-chassis")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("FreeIPMI is not installed")
		}
		t.Skip("FreeIPMI is not installed")
	}
	_, port := serveUDP(t, func(c *Config) {
		bothVersions(c)
		c.Suites = nil
		for id := range useful {
			c.Suites = append(c.Suites, suite(t, id))
		}
	})
	check := func(name string, args ...string) {
		t.Run(name, func(t *testing.T) {
			args = append(args, "-h", "127.0.0.1:"+port, "-u", root.Name, "-p", string(root.Password), "--get-status")
			out, err := run(t, path, args...)
			if err != nil || !strings.Contains(spaced(out), "System Power : on") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	check("MD5", "-D", "LAN", "-a", "MD5", "-l", "OPERATOR")
	check("password", "-D", "LAN", "-a", "STRAIGHT_PASSWORD_KEY", "-l", "ADMIN")
	for id := range useful {
		check(fmt.Sprint("suite ", id), "-D", "LAN_2_0", "-I", fmt.Sprint(id), "-l", "ADMIN")
	}
}
