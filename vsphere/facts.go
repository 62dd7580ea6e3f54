package vsphere

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// Facts are what a VM is made of. They change when somebody reconfigures it.
type Facts struct {
	Hardware string // hardware version, "vmx-21"
	OS       string // guest operating system as configured, in words
	CPUs     int
	MemoryMB int

	parent string // managed object id of its folder
}

// change takes one property. What a VM that cannot be read leaves out stays.
func (f *Facts) change(c types.PropertyChange) {
	switch c.Name {
	case "config.version":
		f.Hardware = word(c.Val)
	case "config.guestFullName":
		f.OS = word(c.Val)
	case "config.hardware.numCPU":
		f.CPUs = whole(c.Val)
	case "config.hardware.memoryMB":
		f.MemoryMB = whole(c.Val)
	case "parent":
		if ref, ok := c.Val.(types.ManagedObjectReference); ok {
			f.parent = ref.Value
		}
	}
}

func whole(v types.AnyType) int {
	n, _ := v.(int32)
	return int(n)
}

// Facts returns what the watch said of the VM's configuration, from memory. It
// fails with ErrNotFound when the VM is not in the inventory.
func (v *VCenter) Facts(key inventory.Key) (Facts, error) { return v.memory.factsOf(key) }

func (m *memory) factsOf(key inventory.Key) (Facts, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := m.byKey[key]
	if r == nil {
		return Facts{}, ErrNotFound
	}
	return r.facts, nil
}

// Path returns the VM's inventory path, "/Datacenter/vm/Folder/name". It asks
// vCenter for the names of its folders, in one call.
func (v *VCenter) Path(ctx context.Context, key inventory.Key) (string, error) {
	vm, name, err := v.target(key)
	if err != nil {
		return "", v.explain(err, "path", name)
	}
	names, err := v.ancestors(ctx, vm)
	if err != nil {
		return "", v.explain(sentinel(ctx, err), "path", name)
	}
	return "/" + strings.Join(names, "/"), nil
}

// ancestors returns the names from the datacenter's folder down to the object.
func (v *VCenter) ancestors(ctx context.Context, of types.ManagedObjectReference) ([]string, error) {
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return nil, err
	}
	no, all := false, false
	up := &types.TraversalSpec{
		SelectionSpec: types.SelectionSpec{Name: "up"}, Type: "ManagedEntity", Path: "parent", Skip: &no,
		SelectSet: []types.BaseSelectionSpec{&types.SelectionSpec{Name: "up"}},
	}
	spec := types.PropertyFilterSpec{
		ObjectSet: []types.ObjectSpec{{Obj: of, Skip: &no, SelectSet: []types.BaseSelectionSpec{up}}},
		PropSet:   []types.PropertySpec{{Type: "ManagedEntity", All: &all, PathSet: []string{"name", "parent"}}},
	}
	res, err := methods.RetrievePropertiesEx(ctx, v.operations, &types.RetrievePropertiesEx{
		This: c.content.PropertyCollector, SpecSet: []types.PropertyFilterSpec{spec},
	})
	if err != nil {
		return nil, err
	}
	if res.Returnval == nil {
		return nil, fmt.Errorf("%w: vCenter says nothing of it", ErrFailed)
	}
	return climb(of, c.content.RootFolder, res.Returnval.Objects), nil
}

// climb goes from an object up to the root, which has no place in a path.
func climb(from, root types.ManagedObjectReference, objects []types.ObjectContent) []string {
	names := make(map[types.ManagedObjectReference]string, len(objects))
	parents := make(map[types.ManagedObjectReference]types.ManagedObjectReference, len(objects))
	for _, o := range objects {
		for _, p := range o.PropSet {
			switch p.Name {
			case "name":
				names[o.Obj] = displayName(word(p.Val))
			case "parent":
				parents[o.Obj], _ = p.Val.(types.ManagedObjectReference)
			}
		}
	}
	var path []string
	for at := from; at != root && names[at] != "" && len(path) <= len(objects); at = parents[at] {
		path = append(path, names[at])
	}
	slices.Reverse(path)
	return path
}
