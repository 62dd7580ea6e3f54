package config

import (
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// unused warns of vCenters and pools that no tenant names, when all is well
// otherwise: a name that could not be read would be reported as unused too.
func (l *loader) unused(s section, cfg gateway.Config) {
	if len(l.problems) > 0 {
		return
	}
	for i, n := range l.all(s, "vcenters", "") {
		named := func(t gateway.Tenant) bool {
			return t.VCenter == cfg.VCenters[i].Name || t.Register.VCenter == cfg.VCenters[i].Name
		}
		if !slices.ContainsFunc(cfg.Tenants, named) {
			n.warn("no tenant uses it")
		}
	}
	for i, n := range l.all(s, "pools", "") {
		named := func(t gateway.Tenant) bool { return slices.Contains(t.Pools, cfg.Pools[i].Name) }
		if !slices.ContainsFunc(cfg.Tenants, named) {
			n.warn("no tenant uses it")
		}
	}
}
