package gateway

import "time"

// hostPort is where a vCenter looks for the BMC of a host: it cannot be told another.
const hostPort = 623

// A Register is how a tenant's BMCs are made known to a vCenter whose hosts the VMs
// are. The zero value is not at all.
type Register struct {
	VCenter  string // name of one of Config.VCenters; empty: none
	Mode     RegisterMode
	Adopt    bool          // hosts that have another BMC get theirs
	Interval time.Duration // between two looks at hosts that nothing was told of
}

// A RegisterMode is what the gateway does by itself.
type RegisterMode string

// The modes.
const (
	RegisterDisabled RegisterMode = "disabled" // nothing until somebody asks for it
	RegisterDryRun   RegisterMode = "dry-run"  // it says what is wrong
	RegisterApply    RegisterMode = "apply"    // it makes it right
)

// at reports whether a vCenter, by its name, is the one.
func (r Register) at(vcenter string) bool { return r.VCenter != "" && r.VCenter == vcenter }
