package gateway

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A goneHosts is a registrar with so many hosts, each of which is a VM whose BMC has an
// account.
type goneHosts struct {
	*registrar
	vms   []inventory.VM
	hosts []vsphere.Host
}

func newGoneHosts(t *testing.T, n int, guard inventory.Guard) *goneHosts {
	t.Helper()
	st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	of := &tenant{grants: newGrants(st, quiet(), nil, func(store.Grant) {}), record: newRecorder(Audit{}, quiet()), log: quiet()}
	of.conf.Store(&Tenant{Name: "a", VCenter: "outer", Guard: guard, Register: Register{VCenter: "inner", Mode: RegisterApply, Interval: time.Hour}})
	g := &goneHosts{registrar: newRegistrar(of, nil, nil, hostPort)}
	g.absent = absentHosts(of.config())
	for i := range n {
		vm := virtual(i + 1)
		g.vms = append(g.vms, vm)
		g.hosts = append(g.hosts, vsphere.Host{Host: inventory.Host{Name: vm.Name, Vendor: "VMware, Inc.", UUID: vm.BIOSUUID}, Ref: fmt.Sprint("host-", i)})
		if _, err := of.vcenterAccount(vm, "inner", false); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// sees is an answer of vCenter with these hosts.
func (g *goneHosts) sees(hosts ...vsphere.Host) {
	l := look{hosts: hosts, machines: machines{all: g.vms}, bmcs: map[inventory.Key]served{}}
	for i, vm := range g.vms {
		l.bmcs[vm.Key] = served{vm: vm, bmc: vsphere.HostBMC{Address: fmt.Sprint("10.0.0.", i+1), MAC: fmt.Sprintf("02:00:00:00:00:%02x", i+1)}}
	}
	l.accounts, l.ours = g.tenant.accountsAt("inner")
	g.withdraw("inner", l, nil)
}

// left are the VMs whose BMC still has the account.
func (g *goneHosts) left() (names []string) {
	for _, vm := range g.vms {
		if len(g.tenant.registeredAs(vm.Key, "inner")) > 0 {
			names = append(names, vm.Name)
		}
	}
	return names
}

// TestAccountsOfHostsThatAreGone are withdrawn after several equal answers over some
// time; one that failed or is odd begins the count anew.
func TestAccountsOfHostsThatAreGone(t *testing.T) {
	all := []string{"vm1", "vm2"}
	for _, tt := range []struct {
		name string
		odd  func(g *goneHosts) // in between
		want []string
	}{
		{"equal answers", func(*goneHosts) {}, all[:1]},
		{"one failed", func(g *goneHosts) { g.withdraw("inner", look{}, errors.New("no answer")) }, all},
		{"one is empty", func(g *goneHosts) { g.sees() }, all},
		{"one with a host of which nothing is told", func(g *goneHosts) { g.sees(g.hosts[0], vsphere.Host{Ref: "host-9"}) }, all},
		{"it is back", func(g *goneHosts) { g.sees(g.hosts...) }, all},
		{"known by its address", func(g *goneHosts) {
			g.sees(g.hosts[0], vsphere.Host{Host: inventory.Host{UUID: "other"}, BMC: vsphere.HostBMC{Address: "::ffff:10.0.0.2"}})
		}, all},
		{"known by its MAC", func(g *goneHosts) {
			g.sees(g.hosts[0], vsphere.Host{Host: inventory.Host{UUID: "other"}, BMC: vsphere.HostBMC{MAC: "02-00-00-00-00-02"}})
		}, all},
		{"known by its login", func(g *goneHosts) {
			login := g.tenant.registeredAs(g.vms[1].Key, "inner")[0].User
			g.sees(g.hosts[0], vsphere.Host{Host: inventory.Host{UUID: "other"}, BMC: vsphere.HostBMC{Login: login}})
		}, all},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGoneHosts(t, 2, inventory.Guard{})
				g.sees(g.hosts...)
				for range goneAnswers {
					if got := g.left(); !slices.Equal(got, all) {
						t.Fatalf("too early: left are %q", got)
					}
					g.sees(g.hosts[0])
				}
				if got := g.left(); !slices.Equal(got, all) {
					t.Errorf("all at once: left are %q", got)
				}
				tt.odd(g)
				time.Sleep(goneAfter)
				g.sees(g.hosts[0])
				if got := g.left(); !slices.Equal(got, tt.want) {
					t.Errorf("left are %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// TestWithdrawnAccount is in the audit and off the disk, and others are as before.
func TestWithdrawnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGoneHosts(t, 2, inventory.Guard{})
		for range goneAnswers {
			g.sees(g.hosts[1])
			if time.Until(g.next) > registerRetry {
				t.Errorf("the next look is in %s", time.Until(g.next))
			}
			time.Sleep(registerRetry)
		}
		g.sees(g.hosts[1])
		stored, err := g.tenant.grants.store.Grants()
		if err != nil || len(stored) != 1 || stored[0].VM != "vm2" {
			t.Errorf("stored are %+v, %v", stored, err)
		}
		events, _ := g.tenant.record.events.Since(0)
		var told []string
		for _, e := range events {
			told = append(told, fmt.Sprintf("%s %s: %s, %s", e.BMC, e.Via, e.Command, e.Result))
		}
		if diff := cmp.Diff([]string{"vm1 gateway: account of vCenter inner is withdrawn: it has the host no more, ok"}, told); diff != "" {
			t.Errorf("the audit (-want +got):\n%s", diff)
		}
	})
}

// TestManyHostsGoneAtOnce: a role that was taken away looks like this, so their
// accounts are kept for as long as the guard holds removals.
func TestManyHostsGoneAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGoneHosts(t, 8, inventory.Guard{Share: 25, Minimum: 3, Window: time.Hour, Hold: 24 * time.Hour})
		look := func(hosts int) {
			g.sees(g.hosts[:hosts]...)
			time.Sleep(goneAfter)
		}
		for range 2 * goneAnswers {
			look(4)
		}
		if n := len(g.left()); n != 8 {
			t.Errorf("%d accounts are left", n)
		}
		events, _ := g.tenant.record.events.Since(0)
		if len(events) != 1 || events[0].Text != "4 of 8 hosts are gone from inner at once: the accounts of their BMCs are kept for now" {
			t.Errorf("told is %+v", events)
		}
		time.Sleep(24 * time.Hour)
		look(4)
		if n := len(g.left()); n != 4 {
			t.Errorf("a day later %d accounts are left", n)
		}
	})
}
