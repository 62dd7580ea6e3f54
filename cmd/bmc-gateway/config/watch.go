package config

import (
	"cmp"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// watch tells each vCenter what its tenants select: the union, sorted.
func watch(cfg *gateway.Config) {
	for i := range cfg.VCenters {
		v := &cfg.VCenters[i]
		folders := map[string]bool{} // path to: with all below it
		for _, t := range cfg.Tenants {
			if t.VCenter != v.Name {
				continue
			}
			v.Tags = append(v.Tags, t.Select.Tags...)
			for _, path := range t.Select.Folders {
				folders[path] = folders[path] || t.Select.Recursive
			}
		}
		slices.Sort(v.Tags)
		v.Tags = slices.Compact(v.Tags)
		for path, recursive := range folders {
			v.Folders = append(v.Folders, vsphere.Folder{Path: path, Recursive: recursive})
		}
		slices.SortFunc(v.Folders, func(a, b vsphere.Folder) int { return cmp.Compare(a.Path, b.Path) })
	}
}

// unused warns of vCenters and pools that no tenant names, when all is well
// otherwise: a name that could not be read would be reported as unused too.
func (l *loader) unused(s section, cfg gateway.Config) {
	if len(l.problems) > 0 {
		return
	}
	for i, n := range s.get("vcenters").list() {
		named := func(t gateway.Tenant) bool { return t.VCenter == cfg.VCenters[i].Name }
		if !slices.ContainsFunc(cfg.Tenants, named) {
			n.warn("no tenant uses it")
		}
	}
	for i, n := range s.get("pools").list() {
		named := func(t gateway.Tenant) bool { return t.Pool == cfg.Pools[i].Name }
		if !slices.ContainsFunc(cfg.Tenants, named) {
			n.warn("no tenant uses it")
		}
	}
}
