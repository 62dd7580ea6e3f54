package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// stateCollector turns the snapshot into const metrics at each scrape, so that
// a tenant or a vCenter that is gone needs no series deleted by hand.
type stateCollector struct {
	state *atomic.Pointer[func() Snapshot]
}

// A stateSeries is the description of a const metric.
type stateSeries struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func described(kind prometheus.ValueType, name, help string, labels ...string) stateSeries {
	return stateSeries{prometheus.NewDesc(prefix+name, help, labels, nil), kind}
}

var (
	bmcs          = described(prometheus.GaugeValue, "bmcs", "Virtual BMCs by tenant and state.", "tenant", "state")
	powerHeld     = described(prometheus.GaugeValue, "power_off_held", "Whether power-offs are refused because too many were asked for at once.", "tenant")
	grants        = described(prometheus.GaugeValue, "access_grants", "Accounts that a BMC has for a time.", "tenant")
	hosts         = described(prometheus.GaugeValue, "registration_hosts", "Hosts of the vCenter that the tenant registers its BMCs at, by state.", "tenant", "state")
	hostsFailed   = described(prometheus.CounterValue, "registration_failures_total", "BMCs that a vCenter refused for a host.", "tenant")
	sessions      = described(prometheus.GaugeValue, "ipmi_sessions", "Open IPMI sessions.", "tenant")
	addresses     = described(prometheus.GaugeValue, "pool_addresses", "Usable addresses in the pool.", "pool")
	allocated     = described(prometheus.GaugeValue, "pool_addresses_allocated", "Addresses of the pool bound to a VM, in use or held for it.", "pool")
	byState       = described(prometheus.GaugeValue, "pool_addresses_state", "Addresses of the pool by state.", "pool", "state")
	waiting       = described(prometheus.GaugeValue, "pool_waiting", "VMs that wait for an address of the pool.", "pool")
	reloadGood    = described(prometheus.GaugeValue, "config_last_reload_successful", "Whether the configuration was put in force when it was last read.")
	reloadAt      = described(prometheus.GaugeValue, "config_last_reload_success_timestamp_seconds", "When the configuration in force was put in force.")
	stateBytes    = described(prometheus.GaugeValue, "state_file_bytes", "Size of the state file.")
	stateFailures = described(prometheus.CounterValue, "state_file_failures_total", "Writes of the state file, and copies of it, that failed.")
	auditLines    = described(prometheus.CounterValue, "audit_lines_total", "Lines of the audit file, written and lost.", "result")
	auditFailing  = described(prometheus.GaugeValue, "audit_failing", "Whether the audit file cannot be written now.")
	stateCopied   = described(prometheus.GaugeValue, "state_file_copied_timestamp_seconds", "When the state file was last copied.")
	kept          = described(prometheus.GaugeValue, "addresses_kept", "Addresses that the gateway keeps on the interface, by state.", "pool", "state")
	conflicts     = described(prometheus.GaugeValue, "address_conflicts", "Addresses that another host was heard to have within the last five minutes.", "pool")
	heard         = described(prometheus.CounterValue, "address_conflicts_heard_total", "ARP packets of other hosts that say they have an address of ours.", "pool")
	putBacks      = described(prometheus.CounterValue, "address_put_backs_total", "Addresses that somebody took away and the gateway put back.", "pool")
	resyncs       = described(prometheus.CounterValue, "address_resyncs_total", "Comparisons of the addresses wanted with those the kernel has.", "pool")
	up            = described(prometheus.GaugeValue, "vsphere_up", "Whether the vCenter answers and the gateway is logged in.", "vcenter")
	logins        = described(prometheus.CounterValue, "vsphere_logins_total", "Logins at the vCenter.", "vcenter")
	inventoryVMs  = described(prometheus.GaugeValue, "inventory_vms", "Virtual machines that some tenant selects.", "vcenter")
	lacking       = described(prometheus.GaugeValue, "vsphere_missing_privileges", "VMs and folders on which the role of the gateway's account lacks the privilege.", "vcenter", "privilege")
	circuitOpen   = described(prometheus.GaugeValue, "vsphere_circuit_open", "Whether commands are refused because calls to the vCenter get no answer.", "vcenter")
	inFlight      = described(prometheus.GaugeValue, "vsphere_calls_in_flight", "Calls to the vCenter under way, without the watch.", "vcenter", "kind")
	commandsQueue = described(prometheus.GaugeValue, "vsphere_commands_waiting", "Commands that wait for their turn to call the vCenter.", "vcenter", "tenant")
	inventoryLast = described(prometheus.GaugeValue, "inventory_last_update_timestamp_seconds", "When the inventory of the vCenter was last known complete.", "vcenter")
)

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, s := range []stateSeries{bmcs, clusterBMCs, grants, hosts, hostsFailed, sessions, powerHeld, addresses, allocated, byState, waiting, kept, conflicts, heard, putBacks, resyncs, reloadGood, reloadAt, stateBytes, stateFailures, stateCopied, auditLines, auditFailing, up, logins, inventoryVMs, lacking, inventoryLast, circuitOpen, inFlight, commandsQueue} {
		ch <- s.desc
	}
}

// tell sends one value of a series.
type tell func(s stateSeries, value float64, labels ...string)

// Collect implements prometheus.Collector.
func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	snapshot := c.state.Load()
	if snapshot == nil {
		return
	}
	now := (*snapshot)()
	now.each(func(s stateSeries, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(s.desc, s.kind, value, labels...)
	})
}

func (s Snapshot) each(tell tell) {
	for _, t := range s.Tenants {
		t.each(tell)
	}
	tellClusters(tell, s.Clusters)
	for _, p := range s.Pools {
		p.each(tell)
	}
	for _, v := range s.VCenters {
		v.each(tell)
	}
	if !s.Config.At.IsZero() {
		tell(reloadGood, truth(s.Config.Successful))
		tell(reloadAt, seconds(s.Config.At))
	}
	if a := s.Audit; a != nil {
		tell(auditLines, float64(a.Written), "written")
		tell(auditLines, float64(a.Lost), "lost")
		tell(auditFailing, truth(a.Failing))
	}
	tell(stateBytes, float64(s.State.Bytes))
	tell(stateFailures, float64(s.State.Failures))
	if !s.State.CopiedAt.IsZero() {
		tell(stateCopied, seconds(s.State.CopiedAt))
	}
}

func (t TenantState) each(tell tell) {
	tell(bmcs, float64(t.Pending), t.Name, "pending")
	tell(bmcs, float64(t.Ready), t.Name, "ready")
	tell(bmcs, float64(t.Error), t.Name, "error")
	tell(bmcs, float64(t.Held), t.Name, "held")
	tell(bmcs, float64(t.Maintenance), t.Name, "maintenance")
	tell(grants, float64(t.Grants), t.Name)
	for state, n := range t.Hosts {
		tell(hosts, float64(n), t.Name, state)
	}
	if t.Hosts != nil {
		tell(hostsFailed, float64(t.HostsNotUpdated), t.Name)
	}
	tell(sessions, float64(t.Sessions), t.Name)
	tell(powerHeld, truth(t.PowerHeld), t.Name)
}

func (p PoolState) each(tell tell) {
	tell(addresses, float64(p.Addresses), p.Name)
	tell(allocated, float64(p.Allocated), p.Name)
	tell(byState, float64(p.InUse), p.Name, "in_use")
	tell(byState, float64(p.Held), p.Name, "held")
	tell(byState, float64(p.Quarantined), p.Name, "quarantined")
	tell(byState, float64(p.Reserved), p.Name, "reserved")
	tell(byState, float64(p.Free), p.Name, "free")
	tell(waiting, float64(p.Waiting), p.Name)
	if p.Kept == nil {
		return
	}
	for state, n := range p.Kept {
		tell(kept, float64(n), p.Name, state)
	}
	tell(conflicts, float64(p.Conflicts), p.Name)
	tell(heard, float64(p.ConflictsHeard), p.Name)
	tell(putBacks, float64(p.PutBacks), p.Name)
	tell(resyncs, float64(p.Resyncs), p.Name)
}

func (v VCenterState) each(tell tell) {
	tell(up, truth(v.Up), v.Name)
	tell(logins, float64(v.Logins), v.Name)
	tell(inventoryVMs, float64(v.VMs), v.Name)
	if !v.LastUpdate.IsZero() {
		tell(inventoryLast, seconds(v.LastUpdate), v.Name)
	}
	tell(circuitOpen, truth(v.CircuitOpen), v.Name)
	tell(inFlight, float64(v.Commands), v.Name, "command")
	tell(inFlight, float64(v.Reads), v.Name, "read")
	for tenant, n := range v.Waiting {
		tell(commandsQueue, float64(n), v.Name, tenant)
	}
	for privilege, objects := range v.Missing {
		tell(lacking, float64(objects), v.Name, privilege)
	}
}

// seconds is a time as Prometheus has it.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
