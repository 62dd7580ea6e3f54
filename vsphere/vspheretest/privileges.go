package vspheretest

import (
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// methodPrivileges is what a call on a VM or a host asks for, of those that may be
// denied.
var methodPrivileges = map[string]string{
	"PowerOnVM_Task":  "VirtualMachine.Interact.PowerOn",
	"PowerOffVM_Task": "VirtualMachine.Interact.PowerOff",
	"ShutdownGuest":   "VirtualMachine.Interact.PowerOff",
	"ResetVM_Task":    "VirtualMachine.Interact.Reset",
	"RebootGuest":     "VirtualMachine.Interact.Reset",
	"SuspendVM_Task":  "VirtualMachine.Interact.Suspend",
	"StandbyGuest":    "VirtualMachine.Interact.Suspend",
	"SendNMI":         "VirtualMachine.Interact.GuestControl",
	"ReconfigVM_Task": "VirtualMachine.Config.Settings",

	"UpdateIpmi":                  "Host.Config.Settings",
	"PowerDownHostToStandBy_Task": "Host.Config.Maintenance",
	"PowerUpHostFromStandBy_Task": "Host.Config.Maintenance",
}

// denials is what the account's role lacks.
type denials struct {
	mu  sync.Mutex
	all []*denial
}

type denial struct{ privilege, object string }

// Deny takes a privilege away on a VM or a host, by its name, or on a folder and all below
// it, by its inventory path; "" is everywhere. Calls that need it fail with
// NoPermission, and vCenter says so when it is asked for privileges. allow gives
// it back and may be called more than once.
func (v *VCenter) Deny(privilege, object string) (allow func()) {
	d := &denial{privilege, object}
	v.denials.mu.Lock()
	defer v.denials.mu.Unlock()
	v.denials.all = append(v.denials.all, d)
	return func() {
		v.denials.mu.Lock()
		defer v.denials.mu.Unlock()
		v.denials.all = slices.DeleteFunc(v.denials.all, func(x *denial) bool { return x == d })
	}
}

// denied reports whether the account lacks a privilege on an object.
func (v *VCenter) denied(privilege string, on types.ManagedObjectReference) bool {
	v.denials.mu.Lock()
	var objects []string
	for _, d := range v.denials.all {
		if d.privilege == privilege {
			objects = append(objects, d.object)
		}
	}
	v.denials.mu.Unlock()
	if len(objects) == 0 {
		return false
	}
	path := v.pathOf(on)
	return slices.ContainsFunc(objects, func(o string) bool {
		return o == "" || o == v.nameOf(on) || o == path || strings.HasPrefix(path, o+"/")
	})
}

// pathOf returns the inventory path of an object.
func (v *VCenter) pathOf(ref types.ManagedObjectReference) (path string) {
	for {
		e, ok := v.registry.Get(ref).(mo.Entity)
		if !ok {
			return path
		}
		var name string
		var parent *types.ManagedObjectReference
		v.registry.WithLock(v.context(), e, func() { name, parent = e.Entity().Name, e.Entity().Parent })
		if parent == nil {
			return path // the root, which is not part of it
		}
		path, ref = "/"+name+path, *parent
	}
}

// permit returns NoPermission for a call that the account may not make, else nil.
func (v *VCenter) permit(method string, on types.ManagedObjectReference) types.BaseMethodFault {
	privilege, ok := methodPrivileges[method]
	if !ok || !v.denied(privilege, on) {
		return nil
	}
	return &types.NoPermission{Object: &on, PrivilegeId: privilege}
}

// authority answers what the account may do. The simulator's says everything.
type authority struct {
	*simulator.AuthorizationManager
	v *VCenter
}

// FetchUserPrivilegeOnEntities implements the method of the same name.
func (a *authority) FetchUserPrivilegeOnEntities(_ *simulator.Context, req *types.FetchUserPrivilegeOnEntities) soap.HasFault {
	res := new(types.FetchUserPrivilegeOnEntitiesResponse)
	for _, e := range req.Entities {
		privileges := slices.Clone(object.AuthorizationRoleList(a.RoleList).ByName("Admin").Privilege)
		privileges = slices.DeleteFunc(privileges, func(p string) bool { return a.v.denied(p, e) })
		res.Returnval = append(res.Returnval, types.UserPrivilegeResult{Entity: e, Privileges: privileges})
	}
	return &methods.FetchUserPrivilegeOnEntitiesBody{Res: res}
}

// HasPrivilegeOnEntities implements the method of the same name.
func (a *authority) HasPrivilegeOnEntities(_ *simulator.Context, req *types.HasPrivilegeOnEntities) soap.HasFault {
	res := new(types.HasPrivilegeOnEntitiesResponse)
	for _, e := range req.Entity {
		answer := types.EntityPrivilege{Entity: e}
		for _, p := range req.PrivId {
			answer.PrivAvailability = append(answer.PrivAvailability, types.PrivilegeAvailability{PrivId: p, IsGranted: !a.v.denied(p, e)})
		}
		res.Returnval = append(res.Returnval, answer)
	}
	return &methods.HasPrivilegeOnEntitiesBody{Res: res}
}
