package gateway

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// What the role lacks stands in status before anybody meets it, is a series of the
// metrics, and refuses the command with D4h.
func TestMissingPrivilegeIsShown(t *testing.T) {
	const reset = "VirtualMachine.Interact.Reset"
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	vc.Deny(reset, vm)
	l, _, s := labWith(t, vc)
	eventually(t, "the check", func() error {
		if v := l.gw.Status().VCenters[0]; v.PrivilegesChecked.IsZero() {
			return errors.New("none yet")
		}
		return nil
	})
	got := l.gw.Status().VCenters[0]
	want := []admin.MissingPrivilege{{Privilege: reset, Without: "power reset is refused", Objects: []string{vm}}}
	if diff := cmp.Diff(want, got.MissingPrivileges); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if len(got.Notices) != 1 || !strings.Contains(got.Notices[0], reset+" on "+vm) {
		t.Errorf("notices %q", got.Notices)
	}
	if diff := cmp.Diff(map[string]int{reset: 1}, l.gw.snapshot().VCenters[0].Missing); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if code := control(t, s, ipmi.ChassisHardReset); code != ipmi.InsufficientPrivilege {
		t.Errorf("reset: got %s, want %s", code, ipmi.InsufficientPrivilege)
	}
	if code := control(t, s, ipmi.ChassisPowerUp); code != ipmi.Completed {
		t.Errorf("on: got %s", code)
	}
}

// Where no account may command, no privilege for commands is asked for.
func TestNeedsOfReadOnlyTenants(t *testing.T) {
	account := func(p ipmi.Privilege) []bmc.Account { return []bmc.Account{{Name: "a", Privilege: p}} }
	tenants := []Tenant{
		{VCenter: "a", Accounts: account(ipmi.User), Select: inventory.Selector{Tags: []string{"bmc/a"}}},
		{VCenter: "b", Accounts: account(ipmi.User)},
		{VCenter: "b", Accounts: account(ipmi.Operator)},
	}
	for name, want := range map[string]bool{"a": true, "b": false} {
		if got := filled(vsphere.Config{Name: name}, tenants); got.ReadOnly != want {
			t.Errorf("%s: read only %v, want %v", name, got.ReadOnly, want)
		}
	}
	if got := filled(vsphere.Config{Name: "a"}, tenants); len(got.Selectors) != 1 || got.Tags[0] != "bmc/a" {
		t.Errorf("filled: %+v", got.Selectors)
	}
}
