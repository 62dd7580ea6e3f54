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

func (f fixed) Grants() []admin.Grant {
	if len(f) == 0 {
		return nil
	}
	now := time.Now()
	return []admin.Grant{
		{ID: "k7m2xqpa", Tenant: "lab-a", VM: "web1", User: "tmp-abc", Privilege: "operator",
			From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Granted: now.Add(-3 * time.Minute), Until: now.Add(90 * time.Second)},
		{ID: "q2w3e4rt", Tenant: "lab-b", VM: "db", User: "eve", Privilege: "user", Granted: now.Add(-2 * time.Hour), Until: now.Add(3 * time.Hour).Add(time.Second)},
	}
}

func (f fixed) GrantAccess(r admin.GrantRequest, _ admin.Caller) (admin.Grant, error) {
	switch r.Target {
	case "nobody":
		return admin.Grant{}, fmt.Errorf("lab-a/nobody: %w", admin.ErrNotFound)
	case "full":
		return admin.Grant{}, fmt.Errorf("%w: this BMC has 4 grants (access.max_per_bmc)", admin.ErrRefused)
	}
	user := r.User
	if user == "" {
		user = "tmp-abc"
	}
	return admin.Grant{
		ID: "k7m2xqpa", Tenant: r.Tenant, VM: r.Target, User: user, Password: "Told-Once-2345678", Privilege: r.Privilege,
		From: r.From, Address: netip.MustParseAddr("10.120.8.17"), Port: 623,
		Until: time.Unix(4102444800, 0).Add(time.Duration(r.Seconds) * time.Second),
	}, nil
}

func (f fixed) RevokeAccess(id string, _ admin.Caller) (admin.Grant, error) {
	if id != "k7m2xqpa" {
		return admin.Grant{}, fmt.Errorf("%s: %w", id, admin.ErrNotFound)
	}
	return f.Grants()[0], nil
}

func TestAccessGrant(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, stderr := command(t, none, "--socket", socket, "access", "grant", "lab-a/web/1",
		"--ttl", "30m", "--from", "192.0.2.0/24,198.51.100.7", "--privilege", "user", "--user", "eve")
	got := squeeze(strings.Split(stdout, "\n"))
	want := []string{
		"Grant: k7m2xqpa",
		"BMC: lab-a/web/1",
		"Address: 10.120.8.17:623",
		"User: eve",
		"Password: Told-Once-2345678",
		"Privilege: user",
		"From: 192.0.2.0/24,198.51.100.7/32",
	}
	if len(got) < 9 || code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %q, %q", code, stdout, stderr)
	}
	if diff := cmp.Diff(want, got[:7]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got[7], "Until: 2100-01-01T00:30:00Z, in ") || !strings.Contains(stdout, "-L USER") {
		t.Errorf("got %s", stdout)
	}
	_, stdout, _ = command(t, none, "--socket", socket, "access", "grant", "lab-a/web1", "-o", "json")
	for _, words := range []string{`"kind": "AccessGrant"`, `"password": "Told-Once-2345678"`, `"privilege": "operator"`, `"until": "2100-01-01T01:00:00Z"`} {
		if !strings.Contains(stdout, words) {
			t.Errorf("%s is not in %s", words, stdout)
		}
	}
}

func TestAccessList(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, stderr := command(t, none, "--socket", socket, "access", "list")
	want := []string{
		"ID TENANT VM USER PRIVILEGE FROM GRANTED LEFT",
		"k7m2xqpa lab-a web1 tmp-abc operator 192.0.2.0/24 3m ago 1m",
		"q2w3e4rt lab-b db eve user - 2h ago 3h",
	}
	if diff := cmp.Diff(want, squeeze(strings.Split(stdout, "\n"))); diff != "" || code != 0 || stderr != "" {
		t.Errorf("exit code %d, standard error %q, (-want +got):\n%s", code, stderr, diff)
	}
	_, stdout, _ = command(t, none, "--socket", socket, "access", "list", "-t", "lab-b", "-o", "json")
	if !strings.Contains(stdout, `"kind": "AccessGrantList"`) || !strings.Contains(stdout, "q2w3e4rt") || strings.Contains(stdout, "k7m2xqpa") {
		t.Errorf("got %s", stdout)
	}
	if _, stdout, _ = command(t, none, "--socket", daemon(t, fixed{}), "access", "list"); stdout != "nobody has access for a time\n" {
		t.Errorf("got %q", stdout)
	}
}

func TestAccessAnswers(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		want string // of the standard output, or the standard error
	}{
		{"revoke", []string{"revoke", "k7m2xqpa"}, 0, "tmp-abc has no access to lab-a/web1 any more\n"},
		{"revoke of another", []string{"revoke", "other"}, 3, "bmc-gateway: other: no such BMC\n"},
		{"nobody", []string{"grant", "lab-a/nobody"}, 3, "bmc-gateway: lab-a/nobody: no such BMC\n"},
		{"refused", []string{"grant", "lab-a/full"}, 5, "bmc-gateway: refused: this BMC has 4 grants (access.max_per_bmc)\n"},
		{"no VM", []string{"grant", "lab-a"}, 2, "bmc-gateway: \"lab-a\" is not written as TENANT/VM\n"},
		{"no network", []string{"grant", "lab-a/web1", "--from", "192.0.2.1/24"}, 2, "bmc-gateway: --from \"192.0.2.1/24\" is no network: is 192.0.2.0/24 meant?\n"},
		{"no time", []string{"grant", "lab-a/web1", "--ttl", "0s"}, 2, "bmc-gateway: --ttl 0s is less than a second\n"},
	}
	socket := daemon(t, lab())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket, "access"}, tt.args...)...)
			if got := stdout + stderr; code != tt.code || got != tt.want {
				t.Errorf("exit code %d, want %d; got\n%swant\n%s", code, tt.code, got, tt.want)
			}
		})
	}
}
