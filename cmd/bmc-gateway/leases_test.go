package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (f fixed) Leases() []admin.Lease {
	return []admin.Lease{
		{Tenant: "lab-a", VM: "web1", Pool: "lab-v4", Address: netip.MustParseAddr("10.120.8.17"), MAC: "02:5a:1c:9e:40:11", State: "in use", Pinned: true},
		{Tenant: "lab-b", VM: "old", Pool: "lab-v4", Address: netip.MustParseAddr("10.120.8.18"), State: "quarantined", Until: time.Now().Add(23*time.Hour + 59*time.Minute)},
		{Pool: "lab-v4", Address: netip.MustParseAddr("10.120.8.19"), State: "reserved"},
	}
}

func (f fixed) ChangeLease(c admin.LeaseChange, _ admin.Caller) (admin.Lease, error) {
	if c.Target == "nobody" {
		return admin.Lease{}, fmt.Errorf("%s: %w", c.Target, admin.ErrNotFound)
	}
	return admin.Lease{Pool: "lab-v4", Address: netip.MustParseAddr("10.120.8.18"), State: string(c.Verb) + " " + c.Tenant + " " + c.Target + " " + c.Address.String()}, nil
}

func TestLeases(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, stderr := command(t, none, "--socket", socket, "leases")
	want := []string{
		"ADDRESS POOL TENANT VM MAC STATE CONFLICT",
		"10.120.8.17 lab-v4 lab-a web1 02:5a:1c:9e:40:11 in use, pinned -",
		"10.120.8.18 lab-v4 lab-b old - quarantined, 23h left -",
		"10.120.8.19 lab-v4 - - - reserved -",
	}
	if diff := cmp.Diff(want, squeeze(strings.Split(stdout, "\n"))); diff != "" || code != 0 || stderr != "" {
		t.Errorf("exit code %d, standard error %q, (-want +got):\n%s", code, stderr, diff)
	}
	_, stdout, _ = command(t, none, "--socket", socket, "leases", "-t", "lab-b", "-o", "json")
	if !strings.Contains(stdout, `"kind": "LeaseList"`) || !strings.Contains(stdout, "10.120.8.18") || strings.Contains(stdout, "10.120.8.17") {
		t.Errorf("got %s", stdout)
	}
}

func TestChangeLeases(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		want string // of the standard output, or the standard error
	}{
		{"reserve", []string{"reserve", "lab-a", "10.0.0.1", "10.0.0.2"}, 0,
			"10.120.8.18 of pool lab-v4 is reserve lab-a  10.0.0.1\n10.120.8.18 of pool lab-v4 is reserve lab-a  10.0.0.2\n"},
		{"release", []string{"release", "lab-a/web/1"}, 0, "10.120.8.18 of pool lab-v4 is release lab-a web/1 invalid IP\n"},
		{"pin", []string{"pin", "lab-a/web1", "10.0.0.1"}, 0, "10.120.8.18 of pool lab-v4 is pin lab-a web1 10.0.0.1\n"},
		{"nobody", []string{"pin", "lab-a/nobody", "10.0.0.1"}, 3, "bmc-gateway: nobody: no such BMC\n"},
		{"no address", []string{"reserve", "lab-a", "web1"}, 2, "bmc-gateway: \"web1\" is no IP address\n"},
		{"no tenant", []string{"release", "web1"}, 2, "bmc-gateway: \"web1\" is not written as TENANT/VM\n"},
		{"pin to no address", []string{"pin", "lab-a/web1", "web2"}, 2, "bmc-gateway: \"web2\" is no IP address\n"},
	}
	socket := daemon(t, lab())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket}, tt.args...)...)
			if got := stdout + stderr; code != tt.code || got != tt.want {
				t.Errorf("exit code %d, want %d; got\n%swant\n%s", code, tt.code, got, tt.want)
			}
		})
	}
}
