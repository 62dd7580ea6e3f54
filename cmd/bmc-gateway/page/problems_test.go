package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// Each thing that can be wrong is told once, with the command that helps and a way to
// those concerned; administrators alone are told of what is the gateway's.
func TestProblems(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*fleet)
		title   string
		path    string // of those concerned
		command string
		private bool // not for a tenant's people
	}{
		{"a vCenter that was never heard", func(f *fleet) {
			f.status.VCenters[0] = admin.VCenter{Name: "vc-lab-a", State: admin.Down, LastError: "refused"}
		},
			"vCenter vc-lab-a has not answered yet", "", "bmc-gateway config check --online", false},
		{"a vCenter that is gone", func(f *fleet) { f.status.VCenters[0].State = admin.Down }, "vCenter vc-lab-a is gone", "/bmcs?vcenter=vc-lab-a", "bmc-gateway config check --online", false},
		{"an open circuit", func(f *fleet) { f.status.VCenters[0].CircuitOpen = true }, "vCenter vc-lab-a does not answer calls", "/bmcs?vcenter=vc-lab-a", "bmc-gateway status", false},
		{"a missing privilege", func(f *fleet) {
			f.status.VCenters[0].MissingPrivileges = []admin.MissingPrivilege{{Privilege: "P.Q", Without: "power reset", Objects: []string{"a"}}}
			f.status.VCenters[0].Notices = []string{"the same in words"}
		}, "Privilege P.Q is missing on vc-lab-a", "/bmcs?vcenter=vc-lab-a", "bmc-gateway config check --online", true},
		{"a notice of a vCenter", func(f *fleet) { f.status.VCenters[0].Notices = []string{"the clock is off"} }, "vCenter vc-lab-a is not as it should be", "/bmcs?vcenter=vc-lab-a", "bmc-gateway config check --online", true},
		{"a pool without an address", func(f *fleet) { f.status.Pools[0].Waiting = 1 }, "Pool pool-lab-a has no address left", "/bmcs?pool=pool-lab-a", "bmc-gateway leases", true},
		{"a conflict", func(f *fleet) { f.status.Pools[0].Notices = []string{"addresses that another host says it has: 1"} }, "Pool pool-lab-a is not as it should be on ens192", "/bmcs?pool=pool-lab-a", "bmc-gateway doctor", true},
		{"BMCs in error", func(f *fleet) { f.status.Tenants[0].Error = 2 }, "lab-a: 2 BMCs in error", "/bmcs?state=error&tenant=lab-a", "bmc-gateway doctor", false},
		{"a BMC that waits", func(f *fleet) { f.status.Tenants[0].Waiting = 1 }, "lab-a: 1 BMC waiting", "/bmcs?state=pending&tenant=lab-a", "bmc-gateway list -l state=pending", false},
		{"a BMC with a remark", func(f *fleet) { f.bmcs[0].Reason = "another host has it" }, "lab-a: 1 BMC ready, with a remark", "/bmcs?state=problem&tenant=lab-a", "", false},
		{"held removals", func(f *fleet) { f.status.Tenants[0].Held = 12 }, "lab-a: 12 removals held", "/bmcs?state=held&tenant=lab-a", "bmc-gateway removals", false},
		{"the power breaker", func(f *fleet) { f.status.Tenants[0].PowerHeldSince = at }, "lab-a: power-offs are refused", "/bmcs?power=off&tenant=lab-a", "bmc-gateway power release lab-a", false},
		{"a reload that failed", func(f *fleet) { f.status.Config.Problems = []string{"config.yaml:3: no"} }, "The configuration was not reloaded", "", "bmc-gateway reload --dry-run", true},
		{"the state file", func(f *fleet) { f.status.State.Failure = "no space left" }, "The state file cannot be written", "", "bmc-gateway doctor", true},
		{"the audit file", func(f *fleet) { f.status.Audit = &admin.Audit{File: "a", Failing: true, Lost: 1} }, "The audit file cannot be written", "", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := lab()
			f.bmcs, f.status.Pools, f.status.VCenters, f.status.Tenants = f.bmcs[:2], f.status.Pools[:1], f.status.VCenters[:1], f.status.Tenants[:1]
			if all := problemsOf(sceneOf(f)); len(all) != 0 {
				t.Fatalf("before: %+v", all)
			}
			tt.change(f)
			all := problemsOf(sceneOf(f))
			if len(all) != 1 || all[0].Title != tt.title || all[0].BMCs.Path != tt.path || all[0].Command != tt.command || all[0].Means == "" && len(all[0].Details) == 0 {
				t.Errorf("got %+v", all)
			}
			theirs := problemsOf((&clock{src: f}).now().sceneFor(Viewer{Tenants: []string{"lab-a"}}))
			if want := !tt.private; (len(theirs) == 1) != want || len(theirs) == 1 && theirs[0].Command != "" {
				t.Errorf("a tenant's user is told %+v", theirs)
			}
		})
	}
}

// One cause is told once, however many tenants have it.
func TestManyTenantsInTrouble(t *testing.T) {
	for n, want := range map[int][]string{
		2: {"t-0: 3 BMCs waiting", "t-1: 3 BMCs waiting"},
		6: {"18 BMCs waiting, of 6 tenants"},
	} {
		var f fleet
		for i := range n {
			f.status.Tenants = append(f.status.Tenants, admin.Tenant{Name: fmt.Sprintf("t-%d", i), Waiting: 3})
		}
		var got []string
		for _, p := range problemsOf(sceneOf(&f)) {
			got = append(got, p.Title)
			if !strings.HasPrefix(p.BMCs.Path, "/bmcs?state=pending") {
				t.Errorf("%s leads to %s", p.Title, p.BMCs.Path)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d tenants: %q, want %q", n, got, want)
		}
	}
}
