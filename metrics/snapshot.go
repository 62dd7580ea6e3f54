package metrics

import "time"

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
