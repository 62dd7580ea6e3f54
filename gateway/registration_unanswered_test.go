package gateway

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// cut cuts vCenter off, which then goes on.
func (n *nest) cut(with types.BaseMethodFault) func() types.BaseMethodFault {
	return func() types.BaseMethodFault {
		n.inner.Down()
		return with
	}
}

// TestRotateUnanswered: vCenter is cut off when it has taken a new account and not
// said so. Both accounts hold until it is known which one it has, however often it
// is tried, and the one that it has is kept.
func TestRotateUnanswered(t *testing.T) {
	n := newNest(t, 1, "127.61.15.1-127.61.15.20", RegisterDisabled)
	n.begin(t, 1)
	n.do(t, admin.RegistrationRequest{})
	before := n.has(t, n.vm(1))
	n.bmcs.then(n.cut(nil))
	for range 2 {
		done, err := n.gw.RegisterHosts(t.Context(), admin.RegistrationRequest{Rotate: true}, admin.Caller{})
		if err != nil || len(done) != 1 {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	within(t, 60*time.Second, "vCenter has the new account", func() error {
		if n.inner.HostIPMI(n.vm(1)).Login == before.Login {
			return errors.New("not yet")
		}
		return nil
	})
	now := n.inner.HostIPMI(n.vm(1))
	if err := n.login(t, n.vm(1), now); err != nil {
		t.Errorf("with the account that vCenter has: %v", err)
	}
	if err := n.login(t, n.vm(1), before); err != nil {
		t.Errorf("with the account that it had, as far as is known: %v", err)
	}

	n.bmcs.then(nil)
	if err := n.inner.Up(); err != nil {
		t.Fatal(err)
	}
	within(t, 60*time.Second, "vCenter is back", func() error {
		done, err := n.gw.RegisterHosts(t.Context(), admin.RegistrationRequest{Rotate: true}, admin.Caller{})
		if n.states()[n.vm(1)] != admin.Registered {
			return fmt.Errorf("%+v, %v", done, err)
		}
		return nil
	})
	if n.has(t, n.vm(1)) != now {
		t.Error("the account that was new is not the one")
	}
	if err := n.login(t, n.vm(1), before); err == nil {
		t.Error("the account before still holds")
	}
	if left, err := n.gw.state().Grants(); len(left) != 1 || err != nil {
		t.Errorf("%d accounts are left, %v", len(left), err)
	}
}

// TestRestartAmidRotation: with vCenter cut off, and then the gateway gone, before it
// was known whether a new account was taken. The one that vCenter has holds at each
// moment, and in the end there is one.
func TestRestartAmidRotation(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault types.BaseMethodFault
		taken bool
		from  string
	}{
		{"taken", nil, true, "127.61.17.1-127.61.17.20"},
		{"not taken", &types.MissingBmcSupport{}, false, "127.61.18.1-127.61.18.20"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNest(t, 1, tt.from, RegisterDisabled)
			n.begin(t, 1)
			n.do(t, admin.RegistrationRequest{})
			before := n.has(t, n.vm(1))
			n.bmcs.then(n.cut(tt.fault))
			if _, err := n.gw.RegisterHosts(t.Context(), admin.RegistrationRequest{Rotate: true}, admin.Caller{}); err != nil {
				t.Fatal(err)
			}
			n.stop()
			within(t, time.Minute, "vCenter has ended what it began", func() error {
				if tt.taken != (n.inner.HostIPMI(n.vm(1)).Login != before.Login) {
					return errors.New("not yet")
				}
				return nil
			})
			n.config.Tenants[0].Register.Mode = RegisterApply
			n.start(t, func(g *Gateway) { g.registerPort = testPort })
			if err := n.login(t, n.vm(1), n.inner.HostIPMI(n.vm(1))); err != nil {
				t.Errorf("after the restart, with the account that vCenter has: %v", err)
			}
			n.bmcs.then(nil)
			if err := n.inner.Up(); err != nil {
				t.Fatal(err)
			}
			n.reach(t, "registered", n.all(1, admin.Registered))
			now := n.has(t, n.vm(1))
			if err := n.login(t, n.vm(1), now); err != nil || now == before {
				t.Errorf("with the account that is new: %v", err)
			}
			if err := n.login(t, n.vm(1), before); err == nil {
				t.Error("the account before still holds")
			}
			if left, err := n.gw.state().Grants(); len(left) != 1 || err != nil {
				t.Errorf("%d accounts are left, %v", len(left), err)
			}
		})
	}
}

// TestKilledAfterARotation: when vCenter has the new account and says so, and the
// gateway is killed before it has ended the one before, the next look does.
func TestKilledAfterARotation(t *testing.T) {
	n := newNest(t, 1, "127.61.30.1-127.61.30.20", RegisterDisabled)
	n.begin(t, 1)
	n.do(t, admin.RegistrationRequest{})
	now := n.has(t, n.vm(1))
	stored, err := n.gw.state().Grants()
	if err != nil || len(stored) != 1 {
		t.Fatalf("%d accounts, %v", len(stored), err)
	}
	before := stored[0]
	before.ID, before.User, before.Granted = "before", "vc-before", before.Granted.Add(-time.Hour)
	if err := n.gw.granted().add(before, anything); err != nil {
		t.Fatal(err)
	}
	n.stop()
	n.begin(t, 1)
	left := func() int {
		t.Helper()
		all, err := n.gw.state().Grants()
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if got := n.do(t, admin.RegistrationRequest{DryRun: true})[n.vm(1)]; got.State != admin.Registered || left() != 2 {
		t.Errorf("dry run: %+v, %d accounts are left", got, left())
	}
	if got := n.do(t, admin.RegistrationRequest{})[n.vm(1)]; got.State != admin.Registered || got.Login != now.Login || left() != 1 {
		t.Errorf("%+v, %d accounts are left", got, left())
	}
	if n.has(t, n.vm(1)) != now || n.updates() != 1 {
		t.Errorf("vCenter was told %d times", n.updates())
	}
	if err := n.login(t, n.vm(1), now); err != nil {
		t.Errorf("with the account: %v", err)
	}
}
