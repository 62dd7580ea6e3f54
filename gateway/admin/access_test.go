package admin

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var granted = Grant{
	ID: "k7m2xqpa", Tenant: "lab-a", VM: "web1", User: "tmp-abc", Privilege: "operator", Port: 623,
	From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Until: time.Unix(1795500000, 0).UTC(),
}

func (f fixed) Grants() []Grant { return []Grant{granted} }

func (f fixed) GrantAccess(r GrantRequest, _ Caller) (Grant, error) {
	if r.Target == "full" {
		return Grant{}, fmt.Errorf("%w: this BMC has 4 grants", ErrRefused)
	}
	g := granted
	g.Tenant, g.VM, g.User, g.Privilege, g.From, g.Password = r.Tenant, r.Target, r.User, r.Privilege, r.From, "told-once"
	return g, nil
}

func (f fixed) RevokeAccess(id string, _ Caller) (Grant, error) {
	if id != granted.ID {
		return Grant{}, fmt.Errorf("grant %q: %w", id, ErrNotFound)
	}
	return granted, nil
}

func TestAccess(t *testing.T) {
	addresses := cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})
	path, _ := start(t, fixed{})
	c := NewClient(path)
	all, err := c.Grants(t.Context())
	if diff := cmp.Diff([]Grant{granted}, all, addresses); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	want := granted
	want.VM, want.User, want.Password = "web/2", "eve", "told-once"
	got, err := c.GrantAccess(t.Context(), GrantRequest{Tenant: "lab-a", Target: "web/2", User: "eve", Privilege: "operator", From: granted.From, Seconds: 60})
	if diff := cmp.Diff(want, got, addresses); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	if said := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(said, "told-once") {
		t.Errorf("the password prints itself: %s", said)
	}
	if _, err := c.GrantAccess(t.Context(), GrantRequest{Target: "full"}); !errors.Is(err, ErrRefused) {
		t.Errorf("refused: %v", err)
	}
	if got, err := c.RevokeAccess(t.Context(), granted.ID); err != nil || got.ID != granted.ID {
		t.Errorf("revoke: %+v, %v", got, err)
	}
	if _, err := c.RevokeAccess(t.Context(), "a/b"); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoke of another: %v", err)
	}
}
