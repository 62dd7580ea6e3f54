package gateway

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// TestRotateUnanswered: vCenter is cut off when it has taken a new account and not
// said so. Both accounts hold until it is known which one it has, however often it
// is tried, and the one that it has is kept.
func TestRotateUnanswered(t *testing.T) {
	n := newNest(t, 1, "127.61.15.1-127.61.15.20", RegisterDisabled)
	n.begin(t, 1)
	n.do(t, admin.RegistrationRequest{})
	before := n.has(t, n.vm(1))
	n.bmcs.then(n.inner.Down)
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
