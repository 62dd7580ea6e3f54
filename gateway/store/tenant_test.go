package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

func TestTenantsSurvive(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	acme := Tenant{
		Name:      "acme",
		Selection: inventory.Selector{Tags: []string{"bmc/enabled"}, ExcludeNames: []string{"*-old"}, Recursive: true},
		Held:      []HeldRemoval{{Key: key("a"), Since: noon}, {Key: key("b"), Since: noon.Add(time.Second)}},
	}
	other := Tenant{Name: "other"}
	must(t, s.PutTenant(acme))
	must(t, s.PutTenant(other))
	acme.Held = acme.Held[:1]
	must(t, s.PutTenant(acme))
	must(t, s.Close())

	got, err := open(t, path).Tenants()
	if diff := cmp.Diff([]Tenant{acme, other}, got); diff != "" || err != nil {
		t.Errorf("error %v, tenants (-want +got):\n%s", err, diff)
	}
}
