package vsphere

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// runsIn waits until the VM is known to run in a cluster.
func (l *lab) runsIn(name, want string) {
	l.t.Helper()
	key := l.key(name)
	l.eventually(fmt.Sprintf("%s in %q", name, want), func() error {
		if facts, err := l.v.Facts(key); err != nil || facts.Cluster != want {
			return fmt.Errorf("%q, %v", facts.Cluster, err)
		}
		return nil
	})
}

// A VM's cluster follows vMotion, a new name of the cluster, and a cluster that is new.
func TestCluster(t *testing.T) {
	l := newLab(t, 2).ready()
	l.runsIn("lab-01", vspheretest.FirstCluster)
	must(t, l.Migrate("lab-01"))
	l.runsIn("lab-01", vspheretest.FirstCluster)
	must(t, l.AddCluster("Gold/1"))
	must(t, l.MigrateTo("lab-01", "Gold/1"))
	l.runsIn("lab-01", "Gold/1")
	l.runsIn("lab-02", vspheretest.FirstCluster)
	must(t, l.RenameCluster("Gold/1", "silver%2f1"))
	l.runsIn("lab-01", "silver/1")
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	l.sees("lab-01", PoweredOff)
	l.runsIn("lab-01", "silver/1") // where it would run
	must(t, l.MigrateTo("lab-01", vspheretest.FirstCluster))
	l.runsIn("lab-01", vspheretest.FirstCluster)
}

// While the watch is made anew, no VM is without its cluster.
func TestClusterStaysAmidResync(t *testing.T) {
	l := newLab(t, 1).ready(func(c *Config) { c.Resync = 10 * time.Millisecond })
	l.runsIn("lab-01", vspheretest.FirstCluster)
	key := l.key("lab-01")
	l.ResetCalls()
	l.eventually("the watch was made anew", func() error {
		must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff)) // has the wait return
		must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOn))
		if facts, err := l.v.Facts(key); err != nil || facts.Cluster != vspheretest.FirstCluster {
			t.Fatalf("%q, %v", facts.Cluster, err)
		}
		if n := l.Calls()["CreatePropertyCollector"]; n < 3 {
			return fmt.Errorf("%d times", n)
		}
		return nil
	})
}

// Who may not see clusters has none, and everything else.
func TestNoClusters(t *testing.T) {
	l := newLab(t, 1)
	// The first view is that of the VMs.
	l.Inject(vspheretest.Fault{Method: "CreateContainerView", Times: 1})
	l.Inject(vspheretest.Fault{Method: "CreateContainerView", Fault: &types.NoPermission{}, Times: 1})
	l.ready()
	l.sees("lab-01", PoweredOn)
	if facts, err := l.v.Facts(l.key("lab-01")); err != nil || facts.Cluster != "" {
		t.Errorf("%q, %v", facts.Cluster, err)
	}
}

func TestClustersByHost(t *testing.T) {
	c := clusters{names: make(map[string]string), hosts: make(map[string][]string)}
	update := func(kind types.ObjectUpdateKind, ref string, changes ...types.PropertyChange) {
		c.apply([]types.ObjectUpdate{{Kind: kind, Obj: types.ManagedObjectReference{Value: ref}, ChangeSet: changes}})
	}
	hosts := func(refs ...string) types.PropertyChange {
		var list types.ArrayOfManagedObjectReference
		for _, r := range refs {
			list.ManagedObjectReference = append(list.ManagedObjectReference, types.ManagedObjectReference{Type: "HostSystem", Value: r})
		}
		return types.PropertyChange{Name: "host", Val: list}
	}
	name := func(s string) types.PropertyChange { return types.PropertyChange{Name: "name", Val: s} }
	update(types.ObjectUpdateKindEnter, "c-1", name("gold"), hosts("h-1", "h-2"))
	update(types.ObjectUpdateKindEnter, "c-2", name("silver"), hosts("h-3"))
	update(types.ObjectUpdateKindEnter, "c-3", name("empty"), types.PropertyChange{Name: "host"})
	if diff := cmp.Diff(map[string]string{"h-1": "gold", "h-2": "gold", "h-3": "silver"}, c.byHost()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	update(types.ObjectUpdateKindModify, "c-1", hosts("h-2"))
	update(types.ObjectUpdateKindModify, "c-2", hosts("h-3", "h-1"))
	update(types.ObjectUpdateKindLeave, "c-3")
	if diff := cmp.Diff(map[string]string{"h-1": "silver", "h-2": "gold", "h-3": "silver"}, c.byHost()); diff != "" {
		t.Errorf("after a host moved, -want +got:\n%s", diff)
	}
	if !c.changed {
		t.Error("nobody is told")
	}
}
