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
