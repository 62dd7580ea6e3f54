package gateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

func TestVCenterWatchesWhatItsTenantsSelect(t *testing.T) {
	tenants := []Tenant{
		{VCenter: "a", Select: inventory.Selector{Tags: []string{"bmc/x", "bmc/y"}, Folders: []string{"/DC0/vm/Lab"}, Recursive: true}},
		{VCenter: "a", Select: inventory.Selector{Tags: []string{"bmc/y"}, Folders: []string{"/DC0/vm/Lab"}}},
		{VCenter: "a", Select: inventory.Selector{Folders: []string{"/DC0/vm/Lab"}, Recursive: true}},
		{VCenter: "b", Select: inventory.Selector{Tags: []string{"bmc/z"}}},
	}
	folders, tags := wanted(tenants, "a")
	if diff := cmp.Diff([]string{"bmc/x", "bmc/y"}, tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	// With and without what is below are two questions.
	want := []vsphere.Folder{{Path: "/DC0/vm/Lab", Recursive: true}, {Path: "/DC0/vm/Lab"}}
	if diff := cmp.Diff(want, folders); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
}
