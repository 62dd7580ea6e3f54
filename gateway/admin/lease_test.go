package admin

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func (f fixed) Leases() []Lease { return f.leases }

func (f fixed) ChangeLease(c LeaseChange, _ Caller) (Lease, error) {
	switch c.Target {
	case "gone":
		return Lease{}, fmt.Errorf("%s: %w", c.Target, ErrNotFound)
	case "busy":
		return Lease{}, fmt.Errorf("%s: %w", c.Target, ErrRefused)
	}
	return Lease{Tenant: c.Tenant, VM: c.Target, Address: c.Address, State: string(c.Verb)}, nil
}

func TestLeasesOverTheSocket(t *testing.T) {
	held := Lease{Tenant: "lab-a", VM: "web1", Pool: "lab-v4", Address: netip.MustParseAddr("10.0.0.1"), State: "held", Until: when}
	path, _ := start(t, fixed{leases: []Lease{held}})
	c := NewClient(path)
	got, err := c.Leases(t.Context())
	if err != nil || len(got) != 1 || got[0] != held {
		t.Errorf("got %+v, %v", got, err)
	}
	change := LeaseChange{Verb: PinLease, Tenant: "lab-a", Target: "web 1/a", Address: netip.MustParseAddr("10.0.0.2")}
	l, err := c.ChangeLease(t.Context(), change)
	if err != nil || l.VM != change.Target || l.Address != change.Address || l.State != "pin" {
		t.Errorf("got %+v, %v", l, err)
	}
	for _, target := range []string{"gone", "busy"} {
		if _, err := c.ChangeLease(t.Context(), LeaseChange{Verb: ReleaseLease, Target: target}); err == nil || !strings.Contains(err.Error(), target) {
			t.Errorf("%s: got %v", target, err)
		}
	}
}
