package vsphere

import (
	"context"
	"fmt"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

var _ inventory.Source = (*VCenter)(nil)

// List returns all VMs from memory, or an error that names what is missing: word
// from vCenter within the freshness, one of the configured folders or tags.
func (v *VCenter) List(context.Context) ([]inventory.VM, error) {
	return v.list(v.wants.now().Folders, v.wants.now().Tags)
}

// Source returns a source that needs only the folders and tags its selector
// names, so that a missing tag of one tenant is no matter of another. It fails
// until they are wanted, by Config or [VCenter.Want], and have been looked at.
func (v *VCenter) Source(sel inventory.Selector) inventory.Source {
	s := source{vcenter: v}
	s.folders, s.tags = Needs(sel)
	return s
}

// Needs returns the folders and tags that a selector names, to select by or to
// exclude by: what [Wanted] must have for it. What is
// excluded is needed as well: without it, more would be selected than was asked for.
func Needs(sel inventory.Selector) (folders []Folder, tags []string) {
	for _, path := range sel.Folders {
		folders = append(folders, Folder{Path: path, Recursive: sel.Recursive})
	}
	for _, path := range sel.ExcludeFolders {
		folders = append(folders, Folder{Path: path, Recursive: true})
	}
	return folders, slices.Concat(sel.Tags, sel.ExcludeTags)
}

type source struct {
	vcenter *VCenter
	folders []Folder
	tags    []string
}

func (s source) List(context.Context) ([]inventory.VM, error) {
	return s.vcenter.list(s.folders, s.tags)
}

func (v *VCenter) list(folders []Folder, tags []string) ([]inventory.VM, error) {
	vms, err := v.memory.list(folders, tags, tagAge(v.cfg))
	if err != nil {
		return nil, fmt.Errorf("vCenter %q: %w", v.cfg.Name, err)
	}
	return vms, nil
}
