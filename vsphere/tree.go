package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"
)

// A tree is how folders lie in each other, as far as vCenter lets the account see.
type tree map[string]string // managed object id → that of its parent

// apply takes updates of folders and datacenters. It reports whether a path may
// lead elsewhere now.
func (t tree) apply(updates []types.ObjectUpdate) (stirred bool) {
	for _, u := range updates {
		if u.Kind == types.ObjectUpdateKindLeave {
			delete(t, u.Obj.Value)
			stirred = true
			continue
		}
		for _, c := range u.ChangeSet {
			stirred = true
			if parent, ok := c.Val.(types.ManagedObjectReference); ok && c.Name == "parent" {
				t[u.Obj.Value] = parent.Value
			}
		}
	}
	return stirred
}

// within reports whether a folder is another or lies below it; known is false
// when the way up is not.
func (t tree) within(folder, ancestor, root string) (in, known bool) {
	for range len(t) + 1 {
		switch folder {
		case ancestor:
			return true, true
		case root:
			return false, true
		}
		parent, ok := t[folder]
		if !ok {
			return false, false
		}
		folder = parent
	}
	return false, false
}

// watchTree adds a filter over names and parents of all folders: a path leads
// elsewhere when a folder is renamed, moved, created or deleted.
func (col *collector) watchTree(ctx context.Context) error {
	no, paths := false, []string{"name", "parent"}
	p, err := col.watch(ctx, col.conn.content.RootFolder, true,
		types.PropertySpec{Type: "Folder", All: &no, PathSet: paths}, types.PropertySpec{Type: "Datacenter", All: &no, PathSet: paths})
	if err != nil {
		return err
	}
	col.tree, col.treeView, col.folderTree = p.filter.Value, p.view, make(tree)
	return nil
}

// contradicted returns the folders whose view says otherwise than the parents of
// VMs do: a view that does not follow moves has to be made anew.
func (col *collector) contradicted(m *memory) []Folder {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var wrong []Folder
	for f, p := range col.placed {
		if member := m.folders[f]; member.ready && col.contradicts(f, p, m.byRef, member.refs) {
			wrong = append(wrong, f)
		}
	}
	return wrong
}

func (col *collector) contradicts(f Folder, p placement, vms map[string]*record, refs map[string]bool) bool {
	for ref, r := range vms {
		if r.facts.parent == "" { // in a vApp, or not readable
			continue
		}
		in, known := r.facts.parent == p.folder.Value, true
		if f.Recursive {
			in, known = col.folderTree.within(r.facts.parent, p.folder.Value, col.conn.content.RootFolder.Value)
		}
		if known && in != refs[ref] {
			return true
		}
	}
	return false
}
