package vsphere

import (
	"context"
	"maps"

	"github.com/vmware/govmomi/vim25/types"
)

// clusters are the clusters that the account sees, as one collector tells of them.
type clusters struct {
	names   map[string]string   // managed object id → name
	hosts   map[string][]string // the same → managed object ids of its hosts
	changed bool                // since the memory was told
}

// watchClusters adds a filter over the names and hosts of all clusters, which change
// seldom. Without it, or without the privilege to see clusters, VMs have none.
func (col *collector) watchClusters(ctx context.Context) error {
	no := false
	p, err := col.watch(ctx, col.conn.content.RootFolder, true,
		types.PropertySpec{Type: "ClusterComputeResource", All: &no, PathSet: []string{"name", "host"}})
	if err != nil {
		return err
	}
	col.clusterFilter, col.clusterView = p.filter.Value, p.view
	col.clusters = clusters{names: make(map[string]string), hosts: make(map[string][]string)}
	return nil
}

// apply takes updates of clusters.
func (c *clusters) apply(updates []types.ObjectUpdate) {
	for _, u := range updates {
		c.changed = true
		if u.Kind == types.ObjectUpdateKindLeave {
			delete(c.names, u.Obj.Value)
			delete(c.hosts, u.Obj.Value)
			continue
		}
		for _, p := range u.ChangeSet {
			switch p.Name {
			case "name":
				c.names[u.Obj.Value] = displayName(word(p.Val))
			case "host":
				list, _ := p.Val.(types.ArrayOfManagedObjectReference)
				var hosts []string
				for _, ref := range list.ManagedObjectReference {
					hosts = append(hosts, ref.Value)
				}
				c.hosts[u.Obj.Value] = hosts
			}
		}
	}
}

// byHost returns the name of each host's cluster.
func (c *clusters) byHost() map[string]string {
	all := make(map[string]string)
	for cluster, hosts := range c.hosts {
		for _, host := range hosts {
			all[host] = c.names[cluster]
		}
	}
	return all
}

// setClusters replaces what is known of clusters. What was known stays until a
// complete answer tells otherwise, so that no VM is without its cluster meanwhile.
func (m *memory) setClusters(byHost map[string]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !maps.Equal(m.clusters, byHost) {
		m.clusters = byHost
	}
}
