package admin

import "time"

// A Status is the daemon in one screen.
type Status struct {
	Version  string    `json:"version"`
	Started  time.Time `json:"started"`
	VCenters []VCenter `json:"vcenters"`
	Pools    []Pool    `json:"pools"`
	Tenants  []Tenant  `json:"tenants"`
	State    StateFile `json:"stateFile"`
	Config   Reload    `json:"config"`          // the last that was not a dry run; of none, At is zero
	Audit    *Audit    `json:"audit,omitempty"` // nil: there is no audit file
}

// An Audit is how the audit file is doing.
type Audit struct {
	File    string `json:"file"`
	Written uint64 `json:"written"` // lines, since the daemon started
	Lost    uint64 `json:"lost"`
	Failing bool   `json:"failing"` // it cannot be written now
}

// A StateFile is how the file is doing that keeps what must survive.
type StateFile struct {
	Bytes    int64     `json:"bytes"`
	CopiedAt time.Time `json:"copiedAt,omitzero"` // when a copy was last made in this run
	Failure  string    `json:"failure,omitempty"` // why it, or its copy, cannot be written
}

// Link says whether a vCenter answers.
type Link string

// The states of a Link.
const (
	Up   Link = "up"
	Down Link = "down"
)

// A VCenter is the daemon's connection to one vCenter.
type VCenter struct {
	Name        string    `json:"name"`
	Host        string    `json:"host"` // of its URL
	State       Link      `json:"state"`
	Since       time.Time `json:"since"` // of State
	LastAnswer  time.Time `json:"lastAnswer,omitzero"`
	LastError   string    `json:"lastError,omitempty"`
	VMs         int       `json:"vms"`               // selected by some tenant
	InsecureTLS bool      `json:"insecureTLS"`       // its certificate is not checked
	Notices     []string  `json:"notices,omitempty"` // what does not work all the same; a sentence each

	CircuitOpen bool `json:"circuitOpen,omitempty"` // calls get no answer: commands are refused
	Commands    int  `json:"commands"`              // calls under way that change something
	Waiting     int  `json:"waiting"`               // commands that wait for their turn

	PrivilegesChecked time.Time          `json:"privilegesChecked,omitzero"`
	MissingPrivileges []MissingPrivilege `json:"missingPrivileges,omitempty"`
}

// A MissingPrivilege is one that the role of the gateway's account lacks.
type MissingPrivilege struct {
	Privilege string   `json:"privilege"` // its id, "VirtualMachine.Interact.PowerOn"
	Without   string   `json:"without"`   // what does not work, in words
	Objects   []string `json:"objects"`   // names of VMs and paths of folders
	Optional  bool     `json:"optional,omitempty"`
}

// A Pool is an address pool and how full it is.
type Pool struct {
	Name      string `json:"name"`
	Interface string `json:"interface"`
	Addresses int    `json:"addresses"` // all of the pool
	InUse     int    `json:"inUse"`
	Held      int    `json:"held"` // kept for a VM that is gone
	// Quarantined were a VM's too lately to be another's, Reserved are nobody's.
	Quarantined int `json:"quarantined"`
	Reserved    int `json:"reserved"`
	Waiting     int `json:"waiting"` // VMs for which there is no address

	Notices []string `json:"notices,omitempty"` // what is wrong with addresses on the interface; a sentence each
}

// A Tenant is one tenant's BMCs, counted.
type Tenant struct {
	Name    string   `json:"name"`
	VCenter string   `json:"vcenter"`
	Pools   []string `json:"pools"`
	BMCs    int      `json:"bmcs"`
	Ready   int      `json:"ready"`
	Waiting int      `json:"waiting"`
	Error   int      `json:"error"`
	// Maintenance are those that would be ready and are in maintenance.
	Maintenance int `json:"maintenance"`
	Held        int `json:"held"` // removals that are held: they serve on until somebody confirms

	PowerHeldSince     time.Time `json:"powerHeldSince,omitzero"`     // power-offs are refused, too many were asked for at once
	PowerReleasedUntil time.Time `json:"powerReleasedUntil,omitzero"` // an operator lets all of them pass
}
