package admin

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var maintained = Maintenance{Tenant: "lab-a", VM: "web1", Reason: "disk", Since: time.Unix(1795500000, 0).UTC()}

func (f fixed) Maintenance() []Maintenance { return []Maintenance{maintained} }

func (f fixed) ChangeMaintenance(c MaintenanceChange, by Caller) (Maintenance, error) {
	switch {
	case c.Tenant == "nobody":
		return Maintenance{}, fmt.Errorf("tenant nobody: %w", ErrNotFound)
	case c.Tenant == "full":
		return Maintenance{}, fmt.Errorf("%w: the disk is full", ErrRefused)
	case by.UID == nil:
		return Maintenance{}, errors.New("nobody asks")
	}
	m := maintained
	m.Tenant, m.VM, m.Silent = c.Tenant, c.Target, c.Silent
	return m, nil
}

func TestMaintenance(t *testing.T) {
	path, _ := start(t, fixed{})
	c := NewClient(path)
	all, err := c.Maintenance(t.Context())
	if diff := cmp.Diff([]Maintenance{maintained}, all); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	want := maintained
	want.Tenant, want.VM, want.Silent = "lab-b", "db", true
	got, err := c.ChangeMaintenance(t.Context(), MaintenanceChange{On: true, Tenant: "lab-b", Target: "db", Silent: true, Reason: "x", Seconds: 60})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

// TestRefusalsKeepTheirKind: the command line ends with a code that says what the
// daemon has answered with.
func TestRefusalsKeepTheirKind(t *testing.T) {
	path, _ := start(t, fixed{})
	c := NewClient(path)
	for tenant, want := range map[string]error{"nobody": ErrNotFound, "full": ErrRefused} {
		_, err := c.ChangeMaintenance(t.Context(), MaintenanceChange{Tenant: tenant})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", tenant, err, want)
		}
	}
}
