package vsphere

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// Facts are what a VM is made of. They change when somebody reconfigures it.
type Facts struct {
	Hardware string // hardware version, "vmx-21"
	OS       string // guest operating system as configured, in words
	GuestOS  string // as VMware Tools found it last; empty: they never ran
	CPUs     int
	MemoryMB int

	// NICs are the MAC addresses of its network cards as [VCenter.NICs] has them, as far as
	// they are known: soon, for a VM that is followed. Nobody may change them.
	NICs []string

	// Cluster is the name of the cluster that it runs in, or would run in; empty: its host
	// is in none, or the account may not see it.
	Cluster string

	parent  string // managed object id of its folder
	host    string // managed object id
	version uint64 // of the configuration, see changeVersion
}

// change takes one property. What a VM that cannot be read leaves out stays.
func (f *Facts) change(c types.PropertyChange) {
	switch c.Name {
	case "config.version":
		f.Hardware = word(c.Val)
	case "config.guestFullName":
		f.OS = word(c.Val)
	case "guest.guestFullName":
		f.GuestOS = word(c.Val)
	case "config.hardware.numCPU":
		f.CPUs = whole(c.Val)
	case "config.hardware.memoryMB":
		f.MemoryMB = whole(c.Val)
	case "config.changeVersion":
		f.version = changeVersion(c.Val)
	case "parent":
		if ref, ok := c.Val.(types.ManagedObjectReference); ok {
			f.parent = ref.Value
		}
	case "runtime.host":
		if ref, ok := c.Val.(types.ManagedObjectReference); ok {
			f.host = ref.Value
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
	facts := r.facts
	facts.NICs, facts.Cluster = r.nics.macs, m.clusters[r.facts.host]
	return facts, nil
}

const (
	pathAge   = 10 * time.Minute // the names of folders are asked for again after this
	pathRetry = time.Minute      // and after this when they could not be told
)

// A folderPath is the path of a folder, or why it is not known.
type folderPath struct {
	path  string
	err   error
	until time.Time
}

// Path returns the VM's inventory path, "/Datacenter/vm/Folder/name". It asks
// vCenter, in one call, for a folder that it was not asked for lately.
func (v *VCenter) Path(ctx context.Context, key inventory.Key) (string, error) {
	_, name, err := v.target(key)
	facts, gone := v.memory.factsOf(key)
	if err != nil || gone != nil {
		return "", v.explain(errors.Join(err, gone), "path", name)
	}
	v.pathing.Lock()
	defer v.pathing.Unlock()
	folder := v.paths[facts.parent]
	if time.Now().After(folder.until) {
		now := time.Now() // of folders that are gone nobody asks again
		maps.DeleteFunc(v.paths, func(_ string, p folderPath) bool { return now.After(p.until) })
		folder = v.askPath(ctx, facts.parent)
		v.paths[facts.parent] = folder
	}
	if folder.err != nil {
		return "", v.explain(folder.err, "path", name)
	}
	return folder.path + "/" + name, nil
}

func (v *VCenter) askPath(ctx context.Context, folder string) folderPath {
	names, err := v.ancestors(ctx, types.ManagedObjectReference{Type: "Folder", Value: folder})
	if err != nil {
		return folderPath{err: sentinel(ctx, err), until: time.Now().Add(pathRetry)}
	}
	return folderPath{path: "/" + strings.Join(names, "/"), until: time.Now().Add(pathAge)}
}

// ancestors returns the names from the datacenter's folder down to the object.
func (v *VCenter) ancestors(ctx context.Context, of types.ManagedObjectReference) ([]string, error) {
	objects, root, err := v.readAncestors(ctx, of)
	if err != nil {
		return nil, err
	}
	return climb(of, root, objects), nil
}

// readAncestors reads the names of an object and of all above it, and which is the root.
func (v *VCenter) readAncestors(ctx context.Context, of types.ManagedObjectReference) (objects []types.ObjectContent, root types.ManagedObjectReference, err error) {
	c, err := v.operations.acquire(ctx)
	if err != nil {
		return nil, root, err
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
		return nil, root, err
	}
	if res.Returnval == nil {
		return nil, root, fmt.Errorf("%w: vCenter says nothing of it", ErrFailed)
	}
	return res.Returnval.Objects, c.content.RootFolder, nil
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
