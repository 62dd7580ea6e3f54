package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Snapshot is the present state of the daemon, as the gauges tell it.
type Snapshot struct {
	Tenants  []TenantState
	Clusters []ClusterState // each tenant and cluster once
	Pools    []PoolState
	VCenters []VCenterState
	State    StateFile
	Config   ConfigState
	Audit    *AuditFile // nil: there is none
}

// An AuditFile is how the file is doing that tells who did what.
type AuditFile struct {
	Written, Lost uint64 // lines, since the daemon started
	Failing       bool   // the last write failed
}

// A ConfigState is how the last reload of the configuration went.
type ConfigState struct {
	Successful bool      // it was put in force; also when there was none since the start
	At         time.Time // when what is in force was put in force; zero: nothing is told
}

// A StateFile is how the file is doing that keeps what must survive.
type StateFile struct {
	Bytes    int64     // its size
	CopiedAt time.Time // when a copy was last made; zero: not in this run
	Failures uint64    // writes and copies that failed since the daemon started
}

// A TenantState counts one tenant's BMCs by state, and its open sessions.
type TenantState struct {
	Name                        string
	Pending, Ready, Error, Held int
	Maintenance, Grants         int
	Sessions                    int
	PowerHeld                   bool // further power-offs are refused, too many were asked for at once
	// Hosts counts those of the vCenter that the tenant registers at, by state; nil: none.
	Hosts           map[string]int
	HostsNotUpdated uint64 // hosts that a vCenter refused the BMC of, since the start
}

// A PoolState counts one pool's addresses: all of it, and those bound to a VM,
// in use or held for it.
type PoolState struct {
	Name                 string
	Addresses, Allocated int
	// Each address is in one of these.
	InUse, Held, Quarantined, Reserved, Free int
	Waiting                                  int // VMs for which there is no address
	// Kept counts the addresses on the interface by what is with them: ready,
	// missing, foreign, disputed. Nil when the host has them anyway.
	Kept map[string]int
	// Conflicts are those another host was heard of within the last minutes.
	Conflicts int
	// Since the start:
	ConflictsHeard, PutBacks, Resyncs int
}

// A VCenterState is the connection to one vCenter.
type VCenterState struct {
	Name       string
	Up         bool
	Logins     int       // since the daemon started
	VMs        int       // selected by some tenant
	LastUpdate time.Time // when the inventory was last known complete; zero: never
	// Missing is on how many VMs and folders the role lacks a privilege, by its id.
	Missing map[string]int
	// CircuitOpen: calls get no answer although the watch goes on.
	CircuitOpen     bool
	Commands, Reads int            // calls under way that change something, and others
	Waiting         map[string]int // commands that wait for their turn, by tenant
}

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

// Collect implements prometheus.Collector.
func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	snapshot := c.state.Load()
	if snapshot == nil {
		return
	}
	tell := func(s stateSeries, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(s.desc, s.kind, value, labels...)
	}
	now := (*snapshot)()
	if !now.Config.At.IsZero() {
		tell(reloadGood, truth(now.Config.Successful))
		tell(reloadAt, float64(now.Config.At.UnixMilli())/1000)
	}
	for _, t := range now.Tenants {
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
	tellClusters(tell, now.Clusters)
	for _, p := range now.Pools {
		tell(addresses, float64(p.Addresses), p.Name)
		tell(allocated, float64(p.Allocated), p.Name)
		tell(byState, float64(p.InUse), p.Name, "in_use")
		tell(byState, float64(p.Held), p.Name, "held")
		tell(byState, float64(p.Quarantined), p.Name, "quarantined")
		tell(byState, float64(p.Reserved), p.Name, "reserved")
		tell(byState, float64(p.Free), p.Name, "free")
		tell(waiting, float64(p.Waiting), p.Name)
		if p.Kept == nil {
			continue
		}
		for state, n := range p.Kept {
			tell(kept, float64(n), p.Name, state)
		}
		tell(conflicts, float64(p.Conflicts), p.Name)
		tell(heard, float64(p.ConflictsHeard), p.Name)
		tell(putBacks, float64(p.PutBacks), p.Name)
		tell(resyncs, float64(p.Resyncs), p.Name)
	}
	if a := now.Audit; a != nil {
		tell(auditLines, float64(a.Written), "written")
		tell(auditLines, float64(a.Lost), "lost")
		tell(auditFailing, truth(a.Failing))
	}
	tell(stateBytes, float64(now.State.Bytes))
	tell(stateFailures, float64(now.State.Failures))
	if !now.State.CopiedAt.IsZero() {
		tell(stateCopied, float64(now.State.CopiedAt.UnixMilli())/1000)
	}
	for _, v := range now.VCenters {
		tell(up, truth(v.Up), v.Name)
		tell(logins, float64(v.Logins), v.Name)
		tell(inventoryVMs, float64(v.VMs), v.Name)
		if !v.LastUpdate.IsZero() {
			tell(inventoryLast, float64(v.LastUpdate.UnixMilli())/1000, v.Name)
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
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
