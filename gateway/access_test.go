package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// accessLab serves two VMs of a tenant that may grant.
func accessLab(t *testing.T) (l *lab, first, second admin.BMC) {
	t.Helper()
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 2})
	if err := vc.Tag("bmc/enabled", "vc-a-vm-01", "vc-a-vm-02"); err != nil {
		t.Fatal(err)
	}
	l = newLab(t)
	tenant := l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.23.1-127.7.23.9")
	tenant.Access = Access{MaxTTL: time.Hour, MaxPrivilege: ipmi.Operator, MaxPerBMC: 2, MaxPerTenant: 3}
	tenant.IPMI.V15 = bmc.V15MD5
	l.start(t)
	return l, l.ready(t, "vc-a-vm-01"), l.ready(t, "vc-a-vm-02")
}

func (l *lab) grant(t *testing.T, vm string, ttl time.Duration, from ...string) admin.Grant {
	t.Helper()
	r := admin.GrantRequest{Tenant: "vc-a", Target: vm, Privilege: "operator", Seconds: int64(ttl / time.Second)}
	for _, p := range from {
		r.From = append(r.From, netip.MustParsePrefix(p))
	}
	g, err := l.gw.GrantAccess(r, admin.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// as is the login with what was granted.
func as(t *testing.T, g admin.Grant) remote.Login {
	t.Helper()
	suite, err := ipmi.CipherSuiteByID(17)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Login{Suite: suite, User: g.User, Password: string(g.Password), Privilege: ipmi.Operator}
}

// sessionsOf counts the sessions of an account.
func (l *lab) sessionsOf(t *testing.T, vm, user string) (n int) {
	t.Helper()
	b, err := admin.Find(l.gw.BMCs(), vm)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range b.Sessions {
		if s.Account == user {
			n++
		}
	}
	return n
}

// TestAccess: what was granted works with ipmitool at this BMC alone, with IPMI 1.5
// too, and survives a restart and a crash; what was revoked works no more.
func TestAccess(t *testing.T) {
	l, first, second := accessLab(t)
	g := l.grant(t, first.Name, time.Hour)
	works := func(when string, b admin.BMC, want bool) {
		t.Helper()
		out, err := ipmitool(t, b, g.User, string(g.Password), "power", "status")
		if works := err == nil && strings.Contains(out, "is on"); works != want {
			t.Errorf("%s, at %s: %v, %s; want that it works: %v", when, b.Name, err, out, want)
		}
	}
	works("granted", first, true)
	works("granted", second, false)
	if out, err := ipmitool(t, first, g.User, string(g.Password), "chassis", "identify", "0"); err != nil {
		t.Errorf("an operator's command: %v, %s", err, out)
	}
	if _, err := dial(t, first).Login15(t.Context(), remote.Login15{Auth: ipmi.AuthMD5, User: g.User, Password: string(g.Password), Privilege: ipmi.Operator}); err != nil {
		t.Errorf("IPMI 1.5: %v", err)
	}
	names, err := ipmitool(t, first, "admin", "admin-of-vc-a", "-L", "ADMINISTRATOR", "user", "list", "1")
	if err != nil || !strings.Contains(names, g.User) {
		t.Errorf("user list: %v, %s", err, names)
	}

	crashed := filepath.Join(t.TempDir(), "state.db")
	text, err := os.ReadFile(l.config.StatePath)
	if err == nil {
		err = os.WriteFile(crashed, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{l.config.StatePath, crashed} {
		l.stop()
		l.config.StatePath = state
		l.start(t)
		l.ready(t, first.Name)
		l.ready(t, second.Name)
		works("after a restart", first, true)
		works("after a restart", second, false)
	}
	console := dial(t, first)
	s, err := console.Login(t.Context(), as(t, g))
	if err != nil {
		t.Fatal(err)
	}
	console.Timeout = 100 * time.Millisecond // it is not answered any more
	if _, err := l.gw.RevokeAccess(g.ID, admin.Caller{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisStatus, nil); err == nil {
		t.Error("revoked: its session goes on")
	}
	works("revoked", first, false)
	if _, err := l.gw.RevokeAccess(g.ID, admin.Caller{}); !errors.Is(err, admin.ErrNotFound) {
		t.Errorf("revoked again: %v", err)
	}
	if bytes.Contains(l.log.Bytes(), []byte(g.Password)) || strings.Contains(fmt.Sprintf("%v %+v %#v", g, l.gw.Grants(), g), string(g.Password)) {
		t.Error("the password is in the log or prints itself")
	}
	if info, err := os.Stat(l.config.StatePath); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state file has mode %v, %v", info.Mode(), err)
	}
}

// TestAccessEndsByItself, and its sessions at once, with others' going on.
func TestAccessEndsByItself(t *testing.T) {
	l, first, _ := accessLab(t)
	others := login(t, first)
	g := l.grant(t, first.Name, 5*time.Second)
	if _, err := dial(t, first).Login(t.Context(), as(t, g)); err != nil {
		t.Fatal(err)
	}
	if b := l.ready(t, first.Name); len(b.Accounts) != 3 || b.Accounts[2].Until.IsZero() || len(l.gw.Grants()) != 1 || l.gw.snapshot().Tenants[0].Grants != 1 {
		t.Errorf("shown are %+v and %+v", b.Accounts, l.gw.Grants())
	}
	eventually(t, "the session ends", func() error {
		if n := l.sessionsOf(t, first.Name, g.User); n > 0 {
			return fmt.Errorf("%d sessions", n)
		}
		return nil
	})
	if late := time.Since(g.Until); late < -time.Second || late > 30*time.Second {
		t.Errorf("the session ended %s after its time", late)
	}
	wantStatus(t, others, "on")
	if all := l.gw.Grants(); len(all) > 0 || l.gw.snapshot().Tenants[0].Grants != 0 {
		t.Errorf("granted are %+v", all)
	}
	eventually(t, "it is told", func() error {
		if !bytes.Contains(l.log.Bytes(), []byte("is over, sessions closed: 1")) {
			return errors.New("it is not in the log")
		}
		return nil
	})
}

// TestAccessFrom: from elsewhere it is an account that nobody has.
func TestAccessFrom(t *testing.T) {
	l, first, _ := accessLab(t)
	elsewhere := l.grant(t, first.Name, time.Hour, "127.9.0.0/16")
	if out, err := ipmitool(t, first, elsewhere.User, string(elsewhere.Password), "power", "status"); err == nil {
		t.Errorf("from elsewhere: %s", out)
	}
	here := l.grant(t, first.Name, time.Hour, "127.9.0.0/16", "127.0.0.1/32")
	if out, err := ipmitool(t, first, here.User, string(here.Password), "power", "status"); err != nil {
		t.Errorf("from here: %v, %s", err, out)
	}
}

func TestAccessRefused(t *testing.T) {
	l, first, second := accessLab(t)
	l.grant(t, first.Name, time.Hour)
	taken := l.grant(t, first.Name, time.Hour)
	tests := []struct {
		name   string
		change func(*admin.GrantRequest)
		kind   error
		want   string
	}{
		{"no such tenant", func(r *admin.GrantRequest) { r.Tenant = "nobody" }, admin.ErrNotFound, "nobody"},
		{"no such VM", func(r *admin.GrantRequest) { r.Target = "nobody" }, admin.ErrNotFound, "vc-a/nobody"},
		{"too long", func(r *admin.GrantRequest) { r.Seconds = 3601 }, admin.ErrRefused, "1h0m1s is not from 1s to 1h0m0s (access.max_ttl)"},
		{"so long that it overflows", func(r *admin.GrantRequest) { r.Seconds = 1 << 62 }, admin.ErrRefused, "(access.max_ttl)"},
		{"no time", func(r *admin.GrantRequest) { r.Seconds = 0 }, admin.ErrRefused, "(access.max_ttl)"},
		{"too much", func(r *admin.GrantRequest) { r.Privilege = "administrator" }, admin.ErrRefused, "privilege administrator is more than operator (access.max_privilege)"},
		{"no privilege", func(r *admin.GrantRequest) { r.Privilege = "root" }, admin.ErrRefused, "root"},
		{"a name of the configuration", func(r *admin.GrantRequest) { r.User = "admin" }, admin.ErrRefused, `user name "admin" is one of the configuration`},
		{"a long name", func(r *admin.GrantRequest) { r.User = "seventeen-letters" }, admin.ErrRefused, "more than 16 bytes"},
		{"a name with a line break", func(r *admin.GrantRequest) { r.User = "a\nb" }, admin.ErrRefused, "not printable ASCII"},
		{"a source that is not answered", func(r *admin.GrantRequest) { r.From = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }, admin.ErrRefused, "10.0.0.0/8 is not in allow_from"},
		{"one too many at the BMC", func(r *admin.GrantRequest) { r.Target = first.Name }, admin.ErrRefused, "this BMC has 2 grants (access.max_per_bmc)"},
		{"a name that has access there", func(r *admin.GrantRequest) { r.Target, r.User = first.Name, taken.User }, admin.ErrRefused, "has access to this BMC already"},
	}
	ask := func(change func(*admin.GrantRequest)) error {
		r := admin.GrantRequest{Tenant: "vc-a", Target: second.Name, Privilege: "operator", Seconds: 60}
		change(&r)
		_, err := l.gw.GrantAccess(r, admin.Caller{})
		return err
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := ask(tt.change); !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %v with %q", err, tt.kind, tt.want)
			}
		})
	}
	l.grant(t, second.Name, time.Hour)
	if err := ask(func(*admin.GrantRequest) {}); err == nil || !strings.Contains(err.Error(), "the tenant has 3 grants (access.max_per_tenant)") {
		t.Errorf("one too many of the tenant: %v", err)
	}
	if n := len(l.gw.Grants()); n != 3 {
		t.Errorf("%d grants, want the 3 that were given", n)
	}
}

// TestAccessAndReload: a password that rotates ends no grant and none of its
// sessions, BMCs that are opened anew have it still, and new limits hold at once.
func TestAccessAndReload(t *testing.T) {
	l := newReloadLab(t)
	l.ready(t, "vc-a-vm-01")
	access := Access{MaxTTL: time.Hour, MaxPrivilege: ipmi.Operator, MaxPerBMC: 2, MaxPerTenant: 3}
	l.reload(t, func(c *Config) { c.Tenants[0].Access = access })
	b := l.ready(t, "vc-a-vm-01")
	g := l.grant(t, b.Name, time.Hour)
	s, err := dial(t, b).Login(t.Context(), as(t, g))
	if err != nil {
		t.Fatal(err)
	}
	l.reload(t, func(c *Config) { c.Tenants[0].Accounts[0].Password = "rotated" })
	wantStatus(t, s, "on")
	l.reload(t, func(c *Config) { c.Tenants[0].IPMI.V15 = bmc.V15MD5 })
	if _, err := dial(t, l.ready(t, b.Name)).Login(t.Context(), as(t, g)); err != nil {
		t.Errorf("after the BMC was opened anew: %v", err)
	}
	l.reload(t, func(c *Config) { c.Tenants[0].Access.MaxTTL = time.Minute })
	r := admin.GrantRequest{Tenant: "vc-a", Target: b.Name, Privilege: "operator", Seconds: 61}
	if _, err := l.gw.GrantAccess(r, admin.Caller{}); !errors.Is(err, admin.ErrRefused) {
		t.Errorf("longer than the new limit: %v", err)
	}
}
