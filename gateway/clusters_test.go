package gateway

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A VM that goes to another cluster is counted there, and its BMC says so; the BMC
// itself stays as it is.
func TestClustersFollowVMotion(t *testing.T) {
	vc, l, b, s := oneVM(t)
	if err := vc.AddCluster("gold"); err != nil {
		t.Fatal(err)
	}
	want := func(cluster string, on, off int) {
		t.Helper()
		eventually(t, cluster, func() error {
			all := []metrics.ClusterState{{Tenant: b.Tenant, VCenter: b.VCenter, Cluster: cluster, On: on, Off: off}}
			if diff := cmp.Diff(all, l.gw.snapshot().Clusters); diff != "" {
				return fmt.Errorf("-want +got:\n%s", diff)
			}
			if now := l.ready(t, vm); now.Cluster != cluster || !now.Since.Equal(b.Since) {
				return fmt.Errorf("cluster %q, since %s", now.Cluster, now.Since)
			}
			return nil
		})
	}
	want(vspheretest.FirstCluster, 1, 0)
	if err := vc.MigrateTo(vm, "gold"); err != nil {
		t.Fatal(err)
	}
	want("gold", 1, 0)
	wantStatus(t, s, "on") // on the same session
	if err := vc.SetPower(vm, types.VirtualMachinePowerStatePoweredOff); err != nil {
		t.Fatal(err)
	}
	want("gold", 0, 1)
}

func TestLargestClusters(t *testing.T) {
	of := func(tenant, cluster string, on, off, unknown int) metrics.ClusterState {
		return metrics.ClusterState{Tenant: tenant, VCenter: "vc", Cluster: cluster, On: on, Off: off, Unknown: unknown}
	}
	all := func() []metrics.ClusterState {
		return []metrics.ClusterState{of("b", "x", 1, 0, 0), of("a", "x", 2, 2, 2), of("a", "y", 0, 1, 0), of("a", "z", 1, 0, 1), of("b", "y", 9, 0, 0)}
	}
	for most, want := range map[int][]metrics.ClusterState{
		5: {of("b", "y", 9, 0, 0), of("a", "x", 2, 2, 2), of("a", "z", 1, 0, 1), of("a", "y", 0, 1, 0), of("b", "x", 1, 0, 0)},
		2: {of("b", "y", 9, 0, 0), of("a", "x", 2, 2, 2), of("a", others, 1, 1, 1), of("b", others, 1, 0, 0)},
		0: {of("b", others, 10, 0, 0), of("a", others, 3, 3, 3)},
	} {
		if diff := cmp.Diff(want, largest(all(), most)); diff != "" {
			t.Errorf("%d (-want +got):\n%s", most, diff)
		}
	}
}
