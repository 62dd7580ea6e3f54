package admin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var nested = Registrations{
	Tenant: "lab-a", VCenter: "vc-nested", Mode: "apply", At: time.Unix(1795500000, 0).UTC(),
	Hosts: []RegisteredHost{{
		Host: "esx01.example.net", Ref: "host-42", VM: "esx01", InstanceUUID: "5021", MatchedBy: "service tag",
		Address: netip.MustParseAddr("10.120.8.17"), MAC: "02:00:00:00:00:01", Login: "vc-abc", State: Registered,
	}},
}

func (f fixed) Registrations() []Registrations { return []Registrations{nested} }

func (f fixed) RegisterHosts(_ context.Context, r RegistrationRequest, _ Caller) ([]Registrations, error) {
	switch {
	case r.Tenant == "nobody":
		return nil, fmt.Errorf("tenant %q: %w", r.Tenant, ErrNotFound)
	case r.Unregister:
		return nil, fmt.Errorf("%w: register.mode is apply", ErrRefused)
	}
	done := nested
	done.DryRun = r.DryRun
	return []Registrations{done}, nil
}

func TestRegistrations(t *testing.T) {
	addresses := cmpopts.EquateComparable(netip.Addr{})
	path, _ := start(t, fixed{})
	c := NewClient(path)
	all, err := c.Registrations(t.Context())
	if diff := cmp.Diff([]Registrations{nested}, all, addresses); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	want := nested
	want.DryRun = true
	all, err = c.RegisterHosts(t.Context(), RegistrationRequest{Tenant: "lab-a", DryRun: true, Adopt: true})
	if diff := cmp.Diff([]Registrations{want}, all, addresses); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	if _, err := c.RegisterHosts(t.Context(), RegistrationRequest{Tenant: "nobody"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := c.RegisterHosts(t.Context(), RegistrationRequest{Unregister: true}); !errors.Is(err, ErrRefused) {
		t.Errorf("refused: %v", err)
	}
}
