package bmc

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestNewRefuses(t *testing.T) {
	long := strings.Repeat("x", 21)
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no accounts", func(c *Config) { c.Accounts = nil }, "bmc: no account"},
		{"too many accounts", func(c *Config) {
			for i := range 60 {
				c.Accounts = append(c.Accounts, Account{Name: fmt.Sprintf("u%d", i), Password: "x", Privilege: ipmi.User})
			}
		}, "bmc: 64 accounts, more than 61"},
		{"no name", func(c *Config) { c.Accounts[0].Name = "" }, `bmc: account "": a name has 1 to 16 bytes, none of them zero`},
		{"long name", func(c *Config) { c.Accounts[0].Name = long[:17] }, `bmc: account "xxxxxxxxxxxxxxxxx": a name has 1 to 16 bytes, none of them zero`},
		{"zero in a name", func(c *Config) { c.Accounts[0].Name = "a\x00" }, `bmc: account "a\x00": a name has 1 to 16 bytes, none of them zero`},
		{"no password", func(c *Config) { c.Accounts[0].Password = "" }, `bmc: account "admin": a password has 1 to 20 bytes`},
		{"long password", func(c *Config) { c.Accounts[0].Password = Password(long) }, `bmc: account "admin": a password has 1 to 20 bytes`},
		{"name twice", func(c *Config) { c.Accounts[1].Name = "admin" }, `bmc: account "admin": more than one has this name`},
		{"no level", func(c *Config) { c.Accounts[0].Privilege = 0 }, `bmc: account "admin": privilege none is not one of callback to administrator`},
		{"OEM level", func(c *Config) { c.Accounts[0].Privilege = 5 }, `bmc: account "admin": privilege oem is not one of callback to administrator`},
		{"no suites", func(c *Config) { c.Suites = nil }, "bmc: no cipher suite"},
		{"unknown suite", func(c *Config) { c.Suites = []ipmi.CipherSuite{{}} }, "bmc: cipher suite 0 is not supported"},
		{"suite twice", func(c *Config) { c.Suites[1] = c.Suites[0] }, "bmc: cipher suite 17 is listed twice"},
		{"no GUID", func(c *Config) { c.GUID = [16]byte{} }, "bmc: no GUID"},
		{"firmware", func(c *Config) { c.Firmware = [2]uint8{1, 100} }, "bmc: firmware 1.100: at most 127.99"},
		{"sessions", func(c *Config) { c.MaxSessions = 64 }, "bmc: 64 sessions are not 1 to 63"},
		{"time-out", func(c *Config) { c.IdleTimeout = -time.Second }, "bmc: a time-out is negative"},
		{"allowed source", func(c *Config) { c.AllowFrom = []netip.Prefix{{}} }, "bmc: allowed source 1 is not a prefix"},
		{"prefix length", func(c *Config) { c.LAN.PrefixLength = 33 }, "bmc: 33 bits are no prefix length of 192.0.2.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := testConfig(t)
			tt.change(&config)
			_, err := New(config, &fakeMachine{})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), string(admin.Password)) {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// TestConfigIsCopied: who made the configuration may go on using it.
func TestConfigIsCopied(t *testing.T) {
	config := testConfig(t)
	b, err := New(config, &fakeMachine{})
	if err != nil {
		t.Fatal(err)
	}
	config.Accounts[0].Password = "changed"
	config.Suites[0] = config.Suites[1]
	a := newAttempt(t, b, admin)
	a.x.Suite = suite(t, 17)
	a.complete()
}

func TestPasswordDoesNotPrint(t *testing.T) {
	for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q"} {
		if text := fmt.Sprintf(format, admin); strings.Contains(text, string(admin.Password)) {
			t.Errorf("%s prints %s", format, text)
		}
	}
}
