package vspheretest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// FirstCluster is the cluster that every vCenter has from the beginning.
const FirstCluster = "DC0_C0"

// AddCluster makes a cluster with one host.
func (v *VCenter) AddCluster(name string) error {
	if err := v.makeCluster(name); err != nil {
		return fmt.Errorf("cluster %q: %w", name, err)
	}
	cluster, err := v.findCluster(name)
	if err != nil {
		return err
	}
	if _, err := v.addHost(cluster, name+"_H0"); err != nil {
		return fmt.Errorf("cluster %q: %w", name, err)
	}
	return nil
}

func (v *VCenter) makeCluster(name string) error {
	v.inventory.Lock()
	defer v.inventory.Unlock()
	f := v.registry.Get(v.datacenter().HostFolder).(*simulator.Folder)
	ctx := v.context()
	var body *methods.CreateClusterExBody
	v.registry.WithLock(ctx, f, func() {
		body = f.CreateClusterEx(ctx, &types.CreateClusterEx{This: f.Self, Name: name}).(*methods.CreateClusterExBody)
	})
	v.hub.restructure()
	if body.Res == nil {
		return errors.New(faultName(body.Fault_.VimFault().(types.BaseMethodFault)))
	}
	return nil
}

// RenameCluster gives a cluster another name.
func (v *VCenter) RenameCluster(name, to string) error {
	cluster, err := v.findCluster(name)
	if err != nil {
		return err
	}
	v.registry.WithLock(v.context(), cluster, func() { cluster.Name = to })
	v.hub.touch(cluster.Self)
	return nil
}

func (v *VCenter) findCluster(name string) (*simulator.ClusterComputeResource, error) {
	for _, e := range v.registry.All("ClusterComputeResource") {
		cluster, ok := e.(*simulator.ClusterComputeResource)
		if !ok {
			continue
		}
		var found bool
		v.registry.WithLock(v.context(), cluster, func() { found = cluster.Name == name })
		if found {
			return cluster, nil
		}
	}
	return nil, fmt.Errorf("no cluster %q", name)
}

// hostsOf returns the hosts of a cluster.
func (v *VCenter) hostsOf(cluster *simulator.ClusterComputeResource) (hosts []types.ManagedObjectReference) {
	v.registry.WithLock(v.context(), cluster, func() { hosts = slices.Clone(cluster.Host) })
	return hosts
}

// Migrate moves a running VM to another host of its cluster (vMotion).
func (v *VCenter) Migrate(name string) error {
	var from types.ManagedObjectReference
	v.read(name, func(vm *mo.VirtualMachine) { from = *vm.Runtime.Host })
	for _, e := range v.registry.All("ClusterComputeResource") {
		hosts := v.hostsOf(e.(*simulator.ClusterComputeResource))
		if !slices.Contains(hosts, from) {
			continue
		}
		for _, to := range hosts {
			if to != from {
				return v.migrate(name, to)
			}
		}
	}
	return fmt.Errorf("VM %q: no other host", name)
}

// MigrateTo moves a running VM to the first host of a cluster (vMotion between clusters).
func (v *VCenter) MigrateTo(name, cluster string) error {
	to, err := v.findCluster(cluster)
	if err != nil {
		return err
	}
	return v.migrate(name, v.hostsOf(to)[0])
}

func (v *VCenter) migrate(name string, to types.ManagedObjectReference) error {
	err := v.Edit(name, func(vm *mo.VirtualMachine) { vm.Runtime.Host, vm.Summary.Runtime.Host = &to, &to })
	if err != nil {
		return err
	}
	return v.Post(name, func(e types.VmEvent) types.BaseEvent {
		e.Ds = new(types.DatastoreEventArgument)
		return &types.VmMigratedEvent{VmEvent: e, SourceHost: *e.Host, SourceDatacenter: e.Datacenter, SourceDatastore: e.Ds}
	})
}
