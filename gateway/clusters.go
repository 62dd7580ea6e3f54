package gateway

import (
	"cmp"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	// mostClusters is how many pairs of a tenant and a cluster have series of their own.
	// Clusters come from vCenter, so their number is not ours to know.
	mostClusters = 200
	noCluster    = "-"     // of VMs that run in none, or nobody knows in which
	others       = "other" // of VMs that run in one of those that are too many
)

// clusters counts all BMCs by tenant and cluster.
func (g *Gateway) clusters() (all []metrics.ClusterState) {
	for _, t := range g.served() {
		all = append(all, t.clusters()...)
	}
	return largest(all, mostClusters)
}

// clusters counts the tenant's BMCs, also those that wait, by cluster.
func (t *tenant) clusters() []metrics.ClusterState {
	found := make(map[string]*metrics.ClusterState)
	tenant, vcenter, vc := t.config().Name, t.config().VCenter, t.vc()
	for _, key := range t.keys() {
		name := noCluster
		if facts, err := vc.Facts(key); err == nil {
			name = cmp.Or(facts.Cluster, noCluster)
		}
		c := found[name]
		if c == nil {
			c = &metrics.ClusterState{Tenant: tenant, VCenter: vcenter, Cluster: name}
			found[name] = c
		}
		switch s, err := vc.State(key); {
		case err != nil:
			c.Unknown++
		case s.Power == vsphere.PoweredOff:
			c.Off++
		default:
			c.On++
		}
	}
	var all []metrics.ClusterState
	for _, c := range found {
		all = append(all, *c)
	}
	return all
}

// keys are the VMs of all the tenant's BMCs.
func (t *tenant) keys() []inventory.Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := make([]inventory.Key, 0, len(t.endpoints)+len(t.waiting))
	for key := range t.endpoints {
		keys = append(keys, key)
	}
	for key := range t.waiting {
		keys = append(keys, key)
	}
	return keys
}

// largest keeps so many with the most BMCs, sorted, and adds the rest of each tenant up.
func largest(all []metrics.ClusterState, most int) []metrics.ClusterState {
	size := func(c metrics.ClusterState) int { return c.On + c.Off + c.Unknown }
	slices.SortFunc(all, func(a, b metrics.ClusterState) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Cluster, b.Cluster))
	})
	if len(all) <= most {
		return all
	}
	kept := slices.Clone(all[:most])
	for _, c := range all[most:] {
		at := slices.IndexFunc(kept, func(k metrics.ClusterState) bool { return k.Tenant == c.Tenant && k.Cluster == others })
		if at < 0 {
			at = len(kept)
			kept = append(kept, metrics.ClusterState{Tenant: c.Tenant, VCenter: c.VCenter, Cluster: others})
		}
		kept[at].On, kept[at].Off, kept[at].Unknown = kept[at].On+c.On, kept[at].Off+c.Off, kept[at].Unknown+c.Unknown
	}
	return kept
}
