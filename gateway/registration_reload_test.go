package gateway

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// TestRegisterReload: with the daemon running, registration begins, and ends with the
// account of vCenter.
func TestRegisterReload(t *testing.T) {
	n := newNest(t, 1, "127.61.13.1-127.61.13.20", RegisterDisabled)
	register := n.config.Tenants[0].Register
	vcenters := n.config.VCenters
	n.config.Tenants[0].Register, n.config.VCenters = Register{}, vcenters[:1]
	next := make(chan Config, 1)
	n.start(t, func(g *Gateway) {
		g.registerPort = testPort
		g.LoadWith(func() (Config, []string, []string) { return <-next, nil, nil })
	})
	session := login(t, n.ready(t, n.vm(1)))
	reload := func(r Register, with int) []admin.ReloadStep {
		c := n.config
		c.Tenants, c.VCenters = slices.Clone(c.Tenants), vcenters[:with]
		c.Tenants[0].Register = r
		next <- c
		done, err := n.gw.Reload(false, admin.Caller{})
		if err != nil || !done.Applied {
			t.Fatalf("%+v, %v", done, err)
		}
		return done.Steps
	}
	register.Mode = RegisterApply
	steps := reload(register, 2)
	want := []admin.ReloadStep{
		{Kind: "vcenter", Name: "inner", Action: admin.ReloadAdd},
		{Kind: "tenant", Name: "outer", Action: admin.ReloadChange, What: []string{"register"}},
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	n.reach(t, "registered", n.all(1, admin.Registered))
	account := n.has(t, n.vm(1))
	if err := n.login(t, n.vm(1), account); err != nil {
		t.Errorf("with the account: %v", err)
	}
	reload(Register{}, 1)
	if err := n.login(t, n.vm(1), account); err == nil {
		t.Error("the account still holds")
	}
	if got := n.gw.Registrations(); len(got) > 0 {
		t.Errorf("told is still %+v", got)
	}
	reload(register, 2)
	within(t, 60*time.Second, "it is looked at again", func() error {
		if all := n.gw.Registrations(); all[0].Error != "" || len(all[0].Hosts) == 0 {
			return errors.New("not yet")
		}
		return n.login(t, n.vm(1), account)
	})
	if n.updates() != 1 {
		t.Errorf("UpdateIpmi was called %d times", n.updates())
	}
	if got := status(t, session); got != "on" {
		t.Errorf("a session from before says %s", got)
	}
}

// TestStopWhileRegistering gives up what it is at, which is no trouble to tell of.
func TestStopWhileRegistering(t *testing.T) {
	n := newNest(t, 1, "127.61.19.1-127.61.19.20", RegisterApply)
	visited, proceed := make(chan struct{}, 8), make(chan struct{})
	n.bmcs.then(func() types.BaseMethodFault {
		visited <- struct{}{}
		<-proceed
		return nil
	})
	defer close(proceed)
	n.begin(t, 1)
	<-visited
	n.stop()
	if bytes.Contains(n.log.Bytes(), []byte("the hosts are not registered")) {
		t.Error("it is told as trouble")
	}
}

// TestForgetRegistrations ends the accounts of VMs that have no lease any more.
func TestForgetRegistrations(t *testing.T) {
	st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	here, gone := inventory.Key{VCenter: "outer", VM: "here"}, inventory.Key{VCenter: "outer", VM: "gone"}
	all := []store.Grant{
		{ID: "kept", Key: here, Registration: &store.Registration{VCenter: "inner"}},
		{ID: "left", Key: gone, Registration: &store.Registration{VCenter: "inner"}},
		{ID: "for a time", Key: gone, Until: time.Unix(4102444800, 0)},
	}
	for _, g := range all {
		if err := st.PutGrant(g); err != nil {
			t.Fatal(err)
		}
	}
	left := forgetRegistrations(st, all, []address.Lease{{Key: here}}, quiet())
	stored, err := st.Grants()
	if len(left) != 2 || len(stored) != 2 || err != nil || slices.ContainsFunc(stored, func(g store.Grant) bool { return g.ID == "left" }) {
		t.Errorf("kept %+v, stored %+v, %v", left, stored, err)
	}
}
