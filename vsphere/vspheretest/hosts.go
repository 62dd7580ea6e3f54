package vspheretest

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// findHost returns the host of that name.
func (v *VCenter) findHost(name string) (*simulator.HostSystem, error) {
	for _, e := range v.registry.All("HostSystem") {
		if host, ok := e.(*simulator.HostSystem); ok && v.hostName(host) == name {
			return host, nil
		}
	}
	return nil, fmt.Errorf("no host %q", name)
}

func (v *VCenter) hostName(host *simulator.HostSystem) (name string) {
	v.registry.WithLock(v.context(), host, func() { name = host.Name })
	return name
}

// EditHost changes any property of a host and tells the watches. f must not call
// back into the VCenter, and replaces slices and structures that are behind a
// pointer instead of changing them.
func (v *VCenter) EditHost(name string, f func(*mo.HostSystem)) error {
	host, err := v.findHost(name)
	if err != nil {
		return err
	}
	v.registry.WithLock(v.context(), host, func() { f(&host.HostSystem) })
	v.hub.touch(host.Self)
	return nil
}

// HostRef returns the managed object id of a host ("host-42"); "" when there is none.
func (v *VCenter) HostRef(name string) string {
	host, err := v.findHost(name)
	if err != nil {
		return ""
	}
	return host.Self.Value
}

// HostRuntime returns connection, power and standby of a host.
func (v *VCenter) HostRuntime(name string) (r types.HostRuntimeInfo) {
	if host, err := v.findHost(name); err == nil {
		v.registry.WithLock(v.context(), host, func() { r = host.Runtime })
	}
	return r
}

// HostIPMI returns what vCenter keeps of a host's BMC, with the password, which no
// client can read; the zero value when that is nothing.
func (v *VCenter) HostIPMI(name string) types.HostIpmiInfo {
	host, err := v.findHost(name)
	if err != nil {
		return types.HostIpmiInfo{}
	}
	return v.bmcOf(host)
}

// PlaceVM has a VM run on a host of the vCenter.
func (v *VCenter) PlaceVM(vm, host string) error {
	h, err := v.findHost(host)
	if err != nil {
		return err
	}
	m, err := v.find(vm)
	if err != nil {
		return err
	}
	v.place(m, h.Self)
	return nil
}

// HostOf returns the name of the host that a VM runs on; "" when there is no such VM.
func (v *VCenter) HostOf(vm string) string {
	var ref types.ManagedObjectReference
	v.read(vm, func(vm *mo.VirtualMachine) { ref = *vm.Runtime.Host })
	if host, ok := v.registry.Get(ref).(*simulator.HostSystem); ok {
		return v.hostName(host)
	}
	return ""
}

// place moves a VM to a host; no lock is held.
func (v *VCenter) place(vm *simulator.VirtualMachine, to types.ManagedObjectReference) {
	var from types.ManagedObjectReference
	v.registry.WithLock(v.context(), vm, func() {
		from = *vm.Runtime.Host
		vm.Runtime.Host, vm.Summary.Runtime.Host = &to, &to
	})
	if host, ok := v.registry.Get(from).(*simulator.HostSystem); ok {
		v.registry.RemoveReference(v.context(), host, &host.Vm, vm.Self)
	}
	if host, ok := v.registry.Get(to).(*simulator.HostSystem); ok {
		v.registry.AddReference(v.context(), host, &host.Vm, vm.Self)
	}
	for _, ref := range []types.ManagedObjectReference{from, to, vm.Self} {
		v.hub.touch(ref)
	}
}
