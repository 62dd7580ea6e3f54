package page

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

func TestReasonsOfTenants(t *testing.T) {
	v := Viewer{Name: "ann", Tenants: []string{"lab-a"}}
	for _, tt := range []struct {
		name, in string
		kept     bool
	}{
		{"none", "", true},
		{"of nobody", "address pool exhausted", true},
		{"of one's own", `address 10.0.0.1: is taken: held for web9 of tenant "lab-a"`, true},
		{"of another's VM", `10.0.0.1: is taken: held for payroll-db of tenant "lab-b"`, false},
		{"of another tenant", `tenant "lab-b" selects this VM too and has had it first`, false},
		{"of both", `held for web9 of tenant "lab-a"; tenant "lab-b" selects this VM too`, false},
		{"of one whose name begins the same", `tenant "lab-a-2" selects this VM too`, false},
	} {
		got := v.BMCs([]admin.BMC{{Tenant: "lab-a", Reason: tt.in}})[0].Reason
		if tt.kept && got != tt.in || !tt.kept && (strings.Contains(got, "lab-") || strings.Contains(got, "payroll")) {
			t.Errorf("%s: %q became %q", tt.name, tt.in, got)
		}
	}
	all := Viewer{All: true}.BMCs([]admin.BMC{{Tenant: "lab-a", Reason: `tenant "lab-b" selects this VM too`}})
	if !strings.Contains(all[0].Reason, "lab-b") {
		t.Errorf("an administrator is told %q", all[0].Reason)
	}
}

// The figures of a pool that has no address left are of all its tenants. The words are
// a pool's own.
func TestReasonsOfPools(t *testing.T) {
	var joined error
	for _, name := range []string{"front", "back"} {
		addrs, err := address.ParseRange("10.0.0.1-10.0.0.2")
		if err != nil {
			t.Fatal(err)
		}
		pool, err := address.NewPool(address.PoolConfig{Name: name, Ranges: []address.Range{addrs}}, address.NewMACs())
		if err != nil {
			t.Fatal(err)
		}
		for _, vm := range []string{"a", "b", "c"} {
			_, err = pool.Allocate(inventory.Key{VCenter: "vc", VM: vm}, at)
		}
		joined = errors.Join(joined, err)
	}
	told := Viewer{Tenants: []string{"lab-a"}}.BMCs([]admin.BMC{{Tenant: "lab-a", Reason: joined.Error()}})[0].Reason
	const want = "pool \"front\", vm vc/c: address pool exhausted\npool \"back\", vm vc/c: address pool exhausted"
	if told != want || !strings.Contains(joined.Error(), "2 in use") {
		t.Errorf("%q\nbecame %q\nwant   %q", joined, told, want)
	}
}

// What a tenant's user sees of the status is written out here, so that a new field is
// another's secret until somebody says otherwise.
func TestStatusOfATenant(t *testing.T) {
	s := admin.Status{
		Version: "0.9.0", Started: at,
		VCenters: []admin.VCenter{
			{Name: "vc-1", Host: "h", State: admin.Down, Since: at, LastAnswer: at, LastError: "e", VMs: 99, InsecureTLS: true, Notices: []string{"n"}, CircuitOpen: true, Commands: 3, Waiting: 4,
				PrivilegesChecked: at, MissingPrivileges: []admin.MissingPrivilege{{Privilege: "p", Objects: []string{"payroll-db"}}}},
			{Name: "vc-2"},
		},
		Pools:   []admin.Pool{{Name: "p-1", Interface: "i", Addresses: 9, InUse: 8, Held: 7, Quarantined: 6, Reserved: 5, Waiting: 4, Notices: []string{"n"}}, {Name: "p-2"}},
		Tenants: []admin.Tenant{{Name: "lab-a", VCenter: "vc-1", Pools: []string{"p-1"}, BMCs: 2, Ready: 2}, {Name: "lab-b", VCenter: "vc-2", Pools: []string{"p-1", "p-2"}, BMCs: 9}},
		State:   admin.StateFile{Bytes: 1, Failure: "f"}, Config: admin.Reload{At: at, Problems: []string{"p"}}, Audit: &admin.Audit{File: "f"},
	}
	bmcs := []admin.BMC{{Tenant: "lab-a", VCenter: "vc-1", Pool: "p-1", Address: netip.MustParseAddr("10.0.0.1")}, {Tenant: "lab-a", VCenter: "vc-1", Pool: "p-1"}}
	want := admin.Status{
		Version: "0.9.0", Started: at,
		VCenters: []admin.VCenter{{Name: "vc-1", State: admin.Down, Since: at, LastAnswer: at, VMs: 2, CircuitOpen: true}},
		Pools:    []admin.Pool{{Name: "p-1", InUse: 1}},
		Tenants:  []admin.Tenant{{Name: "lab-a", VCenter: "vc-1", Pools: []string{"p-1"}, BMCs: 2, Ready: 2}},
	}
	if diff := cmp.Diff(want, Viewer{Tenants: []string{"lab-a"}}.Status(s, bmcs)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(s, Viewer{All: true}.Status(s, bmcs)); diff != "" {
		t.Error(diff)
	}
}
