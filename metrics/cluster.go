package metrics

import "github.com/prometheus/client_golang/prometheus"

// A ClusterState counts a tenant's BMCs whose VMs run in one cluster, by power state.
type ClusterState struct {
	Tenant, VCenter, Cluster string
	On, Off, Unknown         int // On: also those that are suspended
}

var clusterBMCs = described(prometheus.GaugeValue, "cluster_bmcs",
	"Virtual BMCs by the cluster their VM runs in and its power state.", "tenant", "vcenter", "cluster", "power")

func tellClusters(tell tell, all []ClusterState) {
	for _, c := range all {
		tell(clusterBMCs, float64(c.On), c.Tenant, c.VCenter, c.Cluster, "on")
		tell(clusterBMCs, float64(c.Off), c.Tenant, c.VCenter, c.Cluster, "off")
		tell(clusterBMCs, float64(c.Unknown), c.Tenant, c.VCenter, c.Cluster, "unknown")
	}
}
