package gateway

import (
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// filled returns the configuration of a vCenter with what its tenants ask of it.
func filled(vc vsphere.Config, tenants []Tenant) vsphere.Config {
	vc.Folders, vc.Tags = wanted(tenants, vc.Name)
	vc.Selectors, vc.Shares, vc.ReadOnly, vc.Hosts = nil, nil, true, false
	for _, t := range tenants {
		vc.Hosts = vc.Hosts || t.Register.at(vc.Name)
		if t.VCenter != vc.Name {
			continue
		}
		vc.Selectors = append(vc.Selectors, t.Select)
		vc.Shares = append(vc.Shares, vsphere.TenantShare{
			Tenant: t.Name, Weight: t.Power.Weight, Rate: t.Power.CommandRate, Burst: t.Power.CommandBurst,
		})
		for _, a := range t.Accounts {
			vc.ReadOnly = vc.ReadOnly && a.Privilege < ipmi.Operator
		}
	}
	return vc
}

// wanted is the union of what the tenants of a vCenter select by.
func wanted(tenants []Tenant, vcenter string) (folders []vsphere.Folder, tags []string) {
	seenFolder, seenTag := make(map[vsphere.Folder]bool), make(map[string]bool)
	for _, t := range tenants {
		if t.VCenter != vcenter {
			continue
		}
		needFolders, needTags := vsphere.Needs(t.needs())
		for _, f := range needFolders {
			if !seenFolder[f] {
				seenFolder[f] = true
				folders = append(folders, f)
			}
		}
		for _, tag := range needTags {
			if !seenTag[tag] {
				seenTag[tag] = true
				tags = append(tags, tag)
			}
		}
	}
	return folders, tags
}
