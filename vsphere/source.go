package vsphere

import (
	"context"
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

var _ inventory.Source = (*VCenter)(nil)

// List returns all VMs from memory, or an error that names what is missing: word
// from vCenter within the freshness, one of the configured folders or tags.
func (v *VCenter) List(context.Context) ([]inventory.VM, error) {
	return v.list(v.cfg.Folders, v.cfg.Tags)
}

// Source returns a source that needs only the folders and tags its selector
// names, so that a missing tag of one tenant is no matter of another. They must
// be among the configured ones.
func (v *VCenter) Source(sel inventory.Selector) inventory.Source {
	s := source{vcenter: v, tags: sel.Tags}
	for _, path := range sel.Folders {
		s.folders = append(s.folders, Folder{Path: path, Recursive: sel.Recursive})
	}
	return s
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
