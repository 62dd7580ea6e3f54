package gateway

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// reloading starts the gateway, waits until all hosts are in a state and returns what
// changes the configuration.
func (n *nest) reloading(t *testing.T, hosts int, state admin.Registration) (reload func(edit func(*Tenant))) {
	t.Helper()
	next := make(chan Config, 1)
	n.start(t, func(g *Gateway) {
		g.registerPort = testPort
		g.LoadWith(func() (Config, []string, []string) { return <-next, nil, nil })
	})
	n.reach(t, string(state), n.all(hosts, state))
	return func(edit func(*Tenant)) {
		t.Helper()
		c := n.config
		c.Tenants = slices.Clone(c.Tenants)
		edit(&c.Tenants[0])
		next <- c
		if done, err := n.gw.Reload(false, admin.Caller{}); err != nil || !done.Applied {
			t.Fatalf("%+v, %v", done, err)
		}
	}
}

// TestRegisterFollowsTheBMC: what changes of a BMC vCenter is told, with the same
// account.
func TestRegisterFollowsTheBMC(t *testing.T) {
	n := newNest(t, 2, "127.61.20.1-127.61.20.20", RegisterApply)
	reload := n.reloading(t, 2, admin.Registered)
	before := n.has(t, n.vm(1))
	n.inner.ResetCalls()
	pin := Pin{VM: n.vm(1), Address: netip.MustParseAddr("127.61.20.9"), MAC: address.MAC{2, 0, 0x5e, 0x10, 0, 1}}
	reload(func(c *Tenant) { c.Pins = []Pin{pin} })
	within(t, 3*time.Minute, "vCenter has the other address", func() error {
		if got := n.inner.HostIPMI(n.vm(1)); got.BmcIpAddress != pin.Address.String() || got.BmcMacAddress != pin.MAC.String() {
			return errors.New("not yet")
		}
		return nil
	})
	now := n.has(t, n.vm(1))
	if now.Login != before.Login || now.Password != before.Password {
		t.Error("the account is another")
	}
	if err := n.login(t, n.vm(1), now); err != nil {
		t.Errorf("with the account: %v", err)
	}
	n.has(t, n.vm(2))
}

// TestRegisterAfterAnotherTenant: the account of the tenant before is none of the new
// one's BMC, which vCenter is told of anew.
func TestRegisterAfterAnotherTenant(t *testing.T) {
	n := newNest(t, 1, "127.61.21.1-127.61.21.20", RegisterApply)
	reload := n.reloading(t, 1, admin.Registered)
	before := n.has(t, n.vm(1))
	reload(func(c *Tenant) { c.Name = "heir" })
	within(t, 3*time.Minute, "vCenter has another account", func() error {
		if n.inner.HostIPMI(n.vm(1)).Login == before.Login || n.states()[n.vm(1)] != admin.Registered {
			return errors.New("not yet")
		}
		return nil
	})
	if b := n.ready(t, n.vm(1)); b.Tenant != "heir" {
		t.Errorf("it is of tenant %q", b.Tenant)
	}
	if err := n.login(t, n.vm(1), n.has(t, n.vm(1))); err != nil {
		t.Errorf("with the new account: %v", err)
	}
	if err := n.login(t, n.vm(1), before); err == nil {
		t.Error("the account of the tenant before is taken")
	}
}

// TestRegisterModeChanges at once, and not when the interval is over.
func TestRegisterModeChanges(t *testing.T) {
	n := newNest(t, 1, "127.61.22.1-127.61.22.20", RegisterDryRun)
	n.tenant.Register.Interval = 24 * time.Hour
	reload := n.reloading(t, 1, admin.WouldRegister)
	reload(func(c *Tenant) { c.Register.Mode = RegisterApply })
	n.reach(t, "registered", n.all(1, admin.Registered))
	n.edit(t, n.vm(1), foreign)
	n.reach(t, "it has another", n.all(1, admin.Elsewhere))
	reload(func(c *Tenant) { c.Register.Mode, c.Register.Adopt = RegisterApply, true })
	n.reach(t, "it is adopted", n.all(1, admin.Registered))
	n.has(t, n.vm(1))
}

// TestRegisterAfterARemedy: hosts that vCenter refused do not wait any longer when the
// configuration is another.
func TestRegisterAfterARemedy(t *testing.T) {
	n := newNest(t, 1, "127.61.23.1-127.61.23.20", RegisterApply)
	n.bmcs.Timeout, n.bmcs.Tries = 1500*time.Millisecond, 2
	n.tenant.AllowFrom = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	reload := n.reloading(t, 1, admin.Failed)
	var again time.Time
	for range 5 {
		again = n.do(t, admin.RegistrationRequest{})[n.vm(1)].RetryAt
	}
	if wait := time.Until(again); wait < 5*time.Minute {
		t.Fatalf("it waits %s", wait)
	}
	reload(func(c *Tenant) { c.AllowFrom = nil })
	within(t, 3*time.Minute, "it is registered", func() error {
		if n.states()[n.vm(1)] != admin.Registered {
			return errors.New("not yet")
		}
		return nil
	})
	n.has(t, n.vm(1))
}
