package gateway

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A reloadLab is a gateway with a configuration that can be replaced. Tenant "vc-a"
// has vc-a-vm-01 and -02 by tag.
type reloadLab struct {
	*lab
	vc   *vspheretest.VCenter
	next atomic.Pointer[Config]
}

func newReloadLab(t *testing.T) *reloadLab {
	t.Helper()
	l := &reloadLab{lab: newLab(t), vc: simulator(t, vspheretest.Config{Name: "vc-a", VMs: 6})}
	if err := l.vc.Tag("bmc/enabled", "vc-a-vm-01", "vc-a-vm-02"); err != nil {
		t.Fatal(err)
	}
	if err := l.vc.Tag("bmc/late", "vc-a-vm-03"); err != nil {
		t.Fatal(err)
	}
	l.addTenant(t, l.vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.1.1-127.7.1.9")
	l.start(t)
	return l
}

func (l *reloadLab) start(t *testing.T) {
	t.Helper()
	l.lab.start(t, func(g *Gateway) {
		g.LoadWith(func() (Config, []string, []string) { return *l.next.Load(), nil, nil })
	})
}

// changed is a copy of the configuration with something else in it.
func (l *reloadLab) changed(change func(*Config)) Config {
	c := l.config
	c.VCenters, c.Pools, c.Tenants = slices.Clone(c.VCenters), slices.Clone(c.Pools), slices.Clone(c.Tenants)
	for i := range c.Tenants {
		c.Tenants[i].Accounts = slices.Clone(c.Tenants[i].Accounts)
	}
	change(&c)
	return c
}

// reload puts a changed configuration in force.
func (l *reloadLab) reload(t *testing.T, change func(*Config)) admin.Reload {
	t.Helper()
	c := l.changed(change)
	l.next.Store(&c)
	done, err := l.gw.Reload(false, admin.Caller{})
	if err != nil || !done.Applied {
		t.Fatalf("not reloaded: %v, %q", err, done.Problems)
	}
	l.config = c
	return done
}

// late is a tenant by another tag of the same vCenter, with a pool of its own.
func (l *reloadLab) late(t *testing.T) func(*Config) {
	t.Helper()
	r, err := address.ParseRange("127.7.3.1-127.7.3.9")
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) {
		p := c.Pools[0]
		p.Name, p.Ranges = "late", []address.Range{r}
		c.Pools = append(c.Pools, p)
		n := c.Tenants[0]
		n.Name, n.Pools, n.Select = "late", []string{"late"}, inventory.Selector{Tags: []string{"bmc/late"}}
		n.Accounts = slices.Clone(n.Accounts)
		n.Accounts[0].Password = "admin-of-late"
		c.Tenants = append(c.Tenants, n)
	}
}

// stays checks that a BMC and a session on it have gone through everything.
func (l *reloadLab) stays(t *testing.T, before admin.BMC, s *remote.Session) {
	t.Helper()
	now := l.ready(t, before.Name)
	if now.Address != before.Address || now.Since != before.Since {
		t.Errorf("%s: %s since %s, before %s since %s", now.Name, now.Address, now.Since, before.Address, before.Since)
	}
	wantStatus(t, s, "on")
}

// Two tenants and a pool come and go; who is not meant notices nothing.
func TestReloadAddsAndRemovesTenants(t *testing.T) {
	l := newReloadLab(t)
	first := l.ready(t, "vc-a-vm-01")
	s := login(t, first)
	l.vc.ResetCalls()

	done := l.reload(t, l.late(t))
	if len(done.Steps) != 2 || done.Steps[0].Kind != "pool" || done.Steps[1].Kind != "tenant" {
		t.Errorf("steps %+v", done.Steps)
	}
	late := l.ready(t, "vc-a-vm-03")
	if late.Tenant != "late" || late.Pool != "late" {
		t.Errorf("the new BMC is %s/%s in %s", late.Tenant, late.Name, late.Pool)
	}
	wantStatus(t, login(t, late), "on")
	l.stays(t, first, s)

	l.reload(t, func(c *Config) { c.Tenants, c.Pools = c.Tenants[:1], c.Pools[:1] })
	if _, err := admin.Find(l.gw.BMCs(), "vc-a-vm-03"); err == nil {
		t.Error("the BMC of a tenant that is gone is there")
	}
	if st := l.gw.Status(); len(st.Pools) != 1 || len(st.Tenants) != 1 {
		t.Errorf("status has pools %+v and tenants %+v", st.Pools, st.Tenants)
	}
	l.stays(t, first, s)

	l.reload(t, l.late(t))
	if again := l.ready(t, "vc-a-vm-03"); again.Address != late.Address || again.MAC != late.MAC {
		t.Errorf("back with %s %s, before %s %s", again.Address, again.MAC, late.Address, late.MAC)
	}
	l.stays(t, first, s)
	if n := l.vc.Calls()["CreatePropertyCollector"]; n > 0 {
		t.Errorf("the watch was begun anew %d times", n)
	}
}

// The selector of a tenant changes: VMs come and go, those in both stay.
func TestReloadOfASelector(t *testing.T) {
	l := newReloadLab(t)
	first := l.ready(t, "vc-a-vm-01")
	l.ready(t, "vc-a-vm-02")
	s := login(t, first)
	l.reload(t, func(c *Config) {
		c.Tenants[0].Select = inventory.Selector{Tags: []string{"bmc/enabled", "bmc/late"}, ExcludeNames: []string{"vc-a-vm-02"}}
	})
	l.ready(t, "vc-a-vm-03")
	l.gone(t, "vc-a-vm-02")
	l.stays(t, first, s)
}

// Accounts: who has changed is out, who has not notices nothing.
func TestReloadOfAccounts(t *testing.T) {
	l := newReloadLab(t)
	first := l.ready(t, "vc-a-vm-01")
	admins := login(t, first)
	users := loginUser(t, first, "user-of-vc-a")
	l.reload(t, func(c *Config) { c.Tenants[0].Accounts[1].Password = "rotated" })

	wantStatus(t, admins, "on")
	if _, err := users.Command(t.Context(), ipmi.NetFnChassis, cmdChassisStatus, nil); err == nil {
		t.Error("a session of the old password is answered")
	}
	suite, _ := ipmi.CipherSuiteByID(17)
	_, err := dial(t, first).Login(t.Context(), remote.Login{Suite: suite, User: "user", Password: "user-of-vc-a", Privilege: ipmi.User})
	if !errors.Is(err, remote.ErrPassword) {
		t.Errorf("login with the old password: %v", err)
	}
	wantStatus(t, loginUser(t, first, "rotated"), "on")
}

// TestReloadCountsAccounts: one that came by a reload has places kept for it, too.
func TestReloadCountsAccounts(t *testing.T) {
	l := newReloadLab(t)
	l.ready(t, "vc-a-vm-01")
	for _, step := range []struct {
		name   string
		change func(*Tenant)
		want   int // places that one account gets of four
	}{
		{"two accounts", func(*Tenant) {}, 3},
		{"three accounts", func(c *Tenant) {
			c.Accounts = append(c.Accounts, bmc.Account{Name: "third", Password: "third-of-vc-a", Privilege: ipmi.User})
		}, 2},
	} {
		l.reload(t, func(c *Config) {
			c.Tenants[0].Quota.Sessions = 4
			step.change(&c.Tenants[0])
		})
		limit := l.gw.served()[0].sessions
		got := 0
		for limit.Acquire("admin") {
			got++
		}
		for range got {
			limit.Release("admin")
		}
		if got != step.want {
			t.Errorf("%s: %d places, want %d", step.name, got, step.want)
		}
	}
}

func loginUser(t *testing.T, b admin.BMC, password string) *remote.Session {
	t.Helper()
	suite, _ := ipmi.CipherSuiteByID(17)
	c := dial(t, b)
	s, err := c.Login(t.Context(), remote.Login{Suite: suite, User: "user", Password: password, Privilege: ipmi.User})
	if err != nil {
		t.Fatal(err)
	}
	c.Timeout = 3 * time.Second // a session that has ended is not answered
	return s
}

// What decides how a BMC answers opens it anew where it is.
func TestReloadOpensAnewWhatMust(t *testing.T) {
	l := newReloadLab(t)
	first := l.ready(t, "vc-a-vm-01")
	login(t, first)
	l.reload(t, func(c *Config) { c.Tenants[0].IPMI.Port++ })
	now := l.ready(t, "vc-a-vm-01")
	if now.Address != first.Address || now.Port != first.Port+1 || len(now.Sessions) != 0 {
		t.Errorf("%s:%d with %d sessions, want %s:%d and none", now.Address, now.Port, len(now.Sessions), first.Address, first.Port+1)
	}
	wantStatus(t, login(t, now), "on")
}

// A pin moves one BMC, and nobody else.
func TestReloadOfAPin(t *testing.T) {
	l := newReloadLab(t)
	first, second := l.ready(t, "vc-a-vm-01"), l.ready(t, "vc-a-vm-02")
	s := login(t, first)
	to := l.config.Pools[0].Ranges[0].Last
	for to == first.Address || to == second.Address {
		to = to.Prev()
	}
	l.reload(t, func(c *Config) { c.Tenants[0].Pins = []Pin{{VM: "vc-a-vm-02", Address: to}} })
	eventually(t, "the pinned address", func() error {
		if b, err := admin.Find(l.gw.BMCs(), "vc-a-vm-02"); err != nil || b.State != admin.Ready || b.Address != to {
			return fmt.Errorf("%v %s at %s, want %s", err, b.State, b.Address, to)
		}
		return nil
	})
	l.stays(t, first, s)
}

// A pool that grows disturbs nobody; one that shrinks moves the VMs whose addresses
// it has no more.
func TestReloadOfAPool(t *testing.T) {
	l := newReloadLab(t)
	first, second := l.ready(t, "vc-a-vm-01"), l.ready(t, "vc-a-vm-02")
	s := login(t, first)
	r, err := address.ParseRange("127.7.4.1-127.7.4.9")
	if err != nil {
		t.Fatal(err)
	}
	l.reload(t, func(c *Config) { c.Pools[0].Ranges = append(c.Pools[0].Ranges[:1:1], r) })
	if st := l.gw.Status(); st.Pools[0].Addresses != 18 {
		t.Errorf("%d addresses, want 18", st.Pools[0].Addresses)
	}
	l.stays(t, first, s)
	l.stays(t, second, s)

	l.reload(t, func(c *Config) { c.Pools[0].Ranges = []address.Range{{First: first.Address, Last: first.Address}, r} })
	eventually(t, "the other BMC moves", func() error {
		if b := l.ready(t, "vc-a-vm-02"); !r.Contains(b.Address) {
			return fmt.Errorf("it is at %s", b.Address)
		}
		return nil
	})
	l.stays(t, first, s)
	wantStatus(t, login(t, l.ready(t, "vc-a-vm-02")), "on")
}

// A pool of another kind begins anew, with who has it.
func TestReloadReplacesAPool(t *testing.T) {
	l := newReloadLab(t)
	before := l.ready(t, "vc-a-vm-01")
	l.reload(t, func(c *Config) { c.Pools[0].PrefixLength = 24 })
	if b := l.ready(t, "vc-a-vm-01"); b.Address != before.Address || b.Since.Equal(before.Since) {
		t.Errorf("at %s since %s, before at %s since %s", b.Address, b.Since, before.Address, before.Since)
	}
}
