package vsphere

import (
	"context"
	"maps"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/types"
)

// watchFields adds a filter over the definitions of custom attributes: what a VM
// tells of its own are numbers and values.
func (col *collector) watchFields(ctx context.Context) error {
	manager := col.conn.content.CustomFieldsManager
	if manager == nil {
		return nil
	}
	filter, err := col.watchOne(ctx, *manager, "field")
	if err != nil {
		return err
	}
	col.fields = filter.Value
	return nil
}

// customValues reads a VM's values, by the number of their attribute.
func customValues(v types.AnyType) map[int32]string {
	list, _ := v.(types.ArrayOfCustomFieldValue)
	values := make(map[int32]string, len(list.CustomFieldValue))
	for _, base := range list.CustomFieldValue {
		if s, ok := base.(*types.CustomFieldStringValue); ok && s.Value != "" {
			values[s.Key] = s.Value
		}
	}
	return values
}

// applyFields takes the names of the attributes, and reports whether List may
// answer otherwise.
func (m *memory) applyFields(updates []types.ObjectUpdate) bool {
	names := make(map[int32]string)
	known := false
	for _, u := range updates {
		for _, c := range u.ChangeSet {
			list, ok := c.Val.(types.ArrayOfCustomFieldDef)
			if c.Name != "field" || !ok && c.Val != nil {
				continue
			}
			known = true
			for _, def := range list.CustomFieldDef {
				names[def.Key] = def.Name
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !known || maps.Equal(names, m.attributes) {
		return false
	}
	m.attributes = names
	return true
}

// overrides returns what a VM's values say. mu is held.
func (m *memory) overrides(values map[int32]string) inventory.Overrides {
	if m.prefix == "" || len(values) == 0 {
		return inventory.Overrides{}
	}
	named := make(map[string]string, len(values))
	for key, value := range values {
		if name := m.attributes[key]; name != "" {
			named[name] = value
		}
	}
	return inventory.ParseOverrides(m.prefix, named)
}
