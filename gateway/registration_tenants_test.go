package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/mo"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// twins are two hosts whose VMs have replicas at another vCenter, of another tenant.
// Both tenants register at the inner vCenter, to which the first host tells no network
// cards.
func twins(t *testing.T, mode RegisterMode) *nest {
	t.Helper()
	n := newNest(t, 2, "127.61.24.1-127.61.24.20", mode)
	second := simulator(t, vspheretest.Config{Name: "second", VMs: 2, Prefix: "replica"})
	n.addTenant(t, second, inventory.Selector{Names: []string{"replica-*"}}, "127.61.25.1-127.61.25.20")
	n.config.Tenants[1].Register = n.config.Tenants[0].Register
	for i, uuid := range []string{"564d2f12-8041-639b-5018-05a835b72eaf", "564d2f12-8041-639b-5018-05a835b72eb0"} {
		for name, vc := range map[string]*vspheretest.VCenter{n.vm(i + 1): n.outer, "replica-0" + n.vm(i + 1)[5:]: second} {
			if err := vc.Edit(name, func(vm *mo.VirtualMachine) { vm.Config.Uuid = uuid }); err != nil {
				t.Fatal(err)
			}
		}
		n.add(t, vspheretest.NestedHost{Name: "twin-" + n.vm(i+1), VM: n.vm(i + 1)})
	}
	if err := n.inner.EditHost("twin-esx-01", func(h *mo.HostSystem) { h.Config.Network.Pnic = nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// views are what each tenant is told of a host.
func (n *nest) views(host string) map[string]admin.RegisteredHost {
	out := make(map[string]admin.RegisteredHost)
	for _, r := range n.gw.Registrations() {
		for _, h := range r.Hosts {
			if h.Host == host {
				out[r.Tenant] = h
			}
		}
	}
	return out
}

// TestReplicasOfTwoTenants: a host that may be a VM of either is registered by neither,
// whoever looks first, and the one whose network card it has decides. No tenant is told
// another's names.
func TestReplicasOfTwoTenants(t *testing.T) {
	n := twins(t, RegisterApply)
	n.begin(t, 4)
	within(t, 3*time.Minute, "both have looked and one is registered", func() error {
		one, two := n.views("twin-esx-01"), n.views("twin-esx-02")
		if one["outer"].State != admin.Ambiguous || one["second"].State != admin.Ambiguous || two["outer"].State != admin.Registered || two["second"].State != admin.NoBMC {
			return errors.New("not yet")
		}
		return nil
	})
	for host, views := range map[string]map[string]admin.RegisteredHost{"twin-esx-01": n.views("twin-esx-01"), "twin-esx-02": n.views("twin-esx-02")} {
		mine, theirs := views["outer"], views["second"]
		if strings.Contains(mine.Reason, "replica") || strings.Contains(theirs.Reason, "esx-") || theirs.VM != "" || theirs.InstanceUUID != "" || theirs.Address.IsValid() {
			t.Errorf("%s: told are %+v and %+v", host, mine, theirs)
		}
	}
	if got := n.views("twin-esx-01")["second"].Reason; !strings.Contains(got, "replica-01, 1 of somebody else have its UUID") {
		t.Errorf("the second tenant is told %q", got)
	}
	if has := n.inner.HostIPMI("twin-esx-01"); has.Login != "" || n.updates() != 1 {
		t.Errorf("vCenter was told of %q; %d calls", has.Login, n.updates())
	}
}

// TestAnotherVCenterGone: as long as its VMs are not known, a host that no network card
// proves to be a VM of this one waits, and others do not.
func TestAnotherVCenterGone(t *testing.T) {
	n := newNest(t, 2, "127.61.26.1-127.61.26.20", RegisterApply)
	second := simulator(t, vspheretest.Config{Name: "second", VMs: 1, Prefix: "another"})
	n.addTenant(t, second, inventory.Selector{Names: []string{"another-*"}}, "127.61.27.1-127.61.27.20")
	if err := n.inner.EditHost(n.vm(1), func(h *mo.HostSystem) { h.Config.Network.Pnic = nil }); err != nil {
		t.Fatal(err)
	}
	second.Down()
	n.begin(t, 2)
	want := n.all(2, admin.Registered)
	want[n.vm(1)] = admin.WouldRegister
	n.reach(t, "the proven one is registered", want)
	if got := n.views(n.vm(1))["outer"]; !strings.Contains(got.Reason, "another vCenter") || n.updates() != 1 {
		t.Errorf("the other: %+v; %d calls", got, n.updates())
	}
	if err := second.Up(); err != nil {
		t.Fatal(err)
	}
	n.reach(t, "both are", n.all(2, admin.Registered))
}
