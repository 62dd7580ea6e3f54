package vspheretest

import (
	"errors"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// fieldsManager tells the watches of custom values and of the attributes they
// belong to, which the simulator forgets.
type fieldsManager struct {
	*simulator.CustomFieldsManager
	v *VCenter
}

// SetField implements the method of the same name.
func (m *fieldsManager) SetField(ctx *simulator.Context, req *types.SetField) soap.HasFault {
	if m.v.registry.Get(req.Entity) == nil {
		return &methods.SetFieldBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Entity})}
	}
	res := m.CustomFieldsManager.SetField(ctx, req)
	m.v.hub.touch(req.Entity)
	return res
}

// AddCustomFieldDef implements the method of the same name.
func (m *fieldsManager) AddCustomFieldDef(ctx *simulator.Context, req *types.AddCustomFieldDef) soap.HasFault {
	defer m.v.hub.touch(m.Self)
	return m.CustomFieldsManager.AddCustomFieldDef(ctx, req)
}

// RenameCustomFieldDef implements the method of the same name.
func (m *fieldsManager) RenameCustomFieldDef(ctx *simulator.Context, req *types.RenameCustomFieldDef) soap.HasFault {
	defer m.v.hub.touch(m.Self)
	return m.CustomFieldsManager.RenameCustomFieldDef(ctx, req)
}

// RemoveCustomFieldDef implements the method of the same name.
func (m *fieldsManager) RemoveCustomFieldDef(ctx *simulator.Context, req *types.RemoveCustomFieldDef) soap.HasFault {
	defer m.v.hub.touch(m.Self)
	return m.CustomFieldsManager.RemoveCustomFieldDef(ctx, req)
}

// fields returns the manager of custom attributes with what this package adds.
func (v *VCenter) fields() *fieldsManager {
	m := v.registry.Get(*v.registry.Get(rootRef).(*simulator.ServiceInstance).Content.CustomFieldsManager)
	return &fieldsManager{CustomFieldsManager: m.(*simulator.CustomFieldsManager), v: v}
}

// SetAttribute gives a VM a value of a custom attribute, which is created when it
// is missing; "" clears it, as vCenter's client does.
func (v *VCenter) SetAttribute(name, attribute, value string) error {
	vm, err := v.find(name)
	if err != nil {
		return err
	}
	m, ctx := v.fields(), v.context()
	var res soap.HasFault
	v.registry.WithLock(ctx, m.CustomFieldsManager, func() {
		key := int32(-1)
		for _, f := range m.Field {
			if f.Name == attribute {
				key = f.Key
			}
		}
		if key < 0 {
			body := m.AddCustomFieldDef(ctx, &types.AddCustomFieldDef{This: m.Self, Name: attribute, MoType: "VirtualMachine"})
			key = body.(*methods.AddCustomFieldDefBody).Res.Returnval.Key
		}
		res = m.SetField(ctx, &types.SetField{This: m.Self, Entity: vm.Self, Key: key, Value: value})
	})
	if fault := res.Fault(); fault != nil {
		return errors.New(fault.String)
	}
	return nil
}

// RenameAttribute gives a custom attribute another name.
func (v *VCenter) RenameAttribute(attribute, to string) error {
	m, ctx := v.fields(), v.context()
	found := false
	v.registry.WithLock(ctx, m.CustomFieldsManager, func() {
		for _, f := range m.Field {
			if f.Name == attribute {
				found = true
				m.RenameCustomFieldDef(ctx, &types.RenameCustomFieldDef{This: m.Self, Key: f.Key, Name: to})
			}
		}
	})
	if !found {
		return errors.New("no custom attribute " + attribute)
	}
	return nil
}
