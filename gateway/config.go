package gateway

import (
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A Config is the whole configuration, checked and with every default in place.
// It is handed out by value; nobody changes it after Parse.
type Config struct {
	AdminSocket string // unix socket of the command line tool
	HTTPListen  string // host:port of metrics, health and discovery; empty: none
	// HTTPWebConfig is a web configuration file of the Prometheus exporters, for TLS
	// and basic authentication; empty: neither.
	HTTPWebConfig string
	HTTPHosts     []string // names by which the HTTP server is asked where neither TLS nor a password guards it
	HTTPAdmins    []string // users of that file who see everything; empty, with no tenant's WebUsers: all of them
	StatePath     string   // the state file
	LogLevel      string   // debug, info, warn, error
	LogFormat     string   // auto, text, json
	Audit         Audit

	VCenters []vsphere.Config // Folders and Tags are filled in from the tenants
	Pools    []Pool
	Tenants  []Tenant
}

// Audit is where it is written who did what.
type Audit struct {
	File   string // of JSON lines, "-" for standard output; empty: none
	Logins Logins
}

// Logins are the session set-ups that are audited.
type Logins string

// The choices. A fleet of pollers logs in all the time.
const (
	FailedLogins Logins = "failed"
	AllLogins    Logins = "all"
	NoLogins     Logins = "none"
)

// A Pool is an address pool and how its addresses come to be on the host.
type Pool struct {
	address.PoolConfig
	// Existing: the host answers these addresses already (127.0.0.0/8, a local
	// route); none is added or removed.
	Existing bool
	// Routed: local routes lead to them over the interface, which has none of them.
	Routed bool
	VLAN   address.VLAN   // the interface, made when it is missing; the zero value: not by us
	Policy address.Policy // how they are kept, unless Existing or Routed
	// KeepAtStop leaves the addresses on the interface when the daemon stops, until
	// their lifetime ends: one that starts again before finds them. Routes, which have
	// no lifetime, and a VLAN interface stay, too.
	KeepAtStop bool
}

// A Tenant is one group of users: which VMs are theirs, which addresses they
// get, who may log in and from where.
type Tenant struct {
	Name    string
	VCenter string // name of one of Config.VCenters
	Select  inventory.Selector
	Pools   []string // names of some of Config.Pools; the second is for when the first has no address left
	// MaxAddresses is how many addresses of these pools the tenant may have in use,
	// held and in quarantine; 0: as many as there are.
	MaxAddresses int
	Pins         []Pin
	LegacyPorts  []LegacyPort
	Accounts     []bmc.Account
	WebUsers     []string       // users of the HTTP server who see this tenant and nothing else
	AllowFrom    []netip.Prefix // sources that are answered at all; empty: all
	IPMI         IPMI
	Power        Power
	Quota        Quota
	Access       Access
	Protect      Protect
	Fuse         Fuse            // against powering off too many at once
	Guard        inventory.Guard // of its BMCs against answers of vCenter that are complete and wrong
	Register     Register        // its BMCs at the vCenter whose hosts the VMs are
}

// IPMI is how a tenant's BMCs behave on the wire.
type IPMI struct {
	Port               uint16               // UDP port, 623
	CipherSuites       []ipmi.CipherSuiteID // accepted, in order of preference
	SessionIdleTimeout time.Duration        // 60 s, section 6.12.15 of the specification
	SessionsPerBMC     int                  // active sessions one BMC keeps
	PacketsPerSecond   int                  // that a BMC hears from one source, after a burst of twice as many; 0: any number
	V15                bmc.V15              // sessions of IPMI 1.5
	Kg                 bmc.Password         // channel key of two-key logins; empty: none
	GUID               GUIDOrder            // of the bytes that Get System GUID returns
	BootFlagsValidFor  time.Duration        // how long a next-boot override waits for its Chassis Control; 0: for ever
}

// A GUIDOrder is an order of the bytes of a VM's BIOS UUID on the wire.
type GUIDOrder uint8

// The orders.
const (
	GUIDAsIPMI   GUIDOrder = iota // the specification's: the text from its end, ipmi.GUID
	GUIDAsSMBIOS                  // its errata's: as in the SMBIOS, ipmi.SMBIOSGUID
)

// A Quota is what a tenant may have of the gateway and of vCenter; 0 is without a
// limit everywhere.
type Quota struct {
	BMCs                     int // further VMs wait
	Sessions                 int // active ones of all its BMCs together
	RequestsPerSecond        int // packets that all its BMCs together hear; twice as many at once
	PowerOperationsPerMinute int // others are answered with node busy
}

// Access is what may be granted of accounts for a time.
type Access struct {
	MaxTTL       time.Duration
	MaxPrivilege ipmi.Privilege
	MaxPerBMC    int // at a time; 0: none
	MaxPerTenant int // the same
}

// Power is how a tenant's power commands are carried out.
type Power struct {
	// What the tenant may ask of vCenter: commands a second, at once after a pause, and
	// its weight beside other tenants that wait.
	CommandRate  float64
	CommandBurst int
	Weight       float64

	CycleOffTime time.Duration // how long a power cycle leaves the VM off
	// BootRestoreAfter is how long after a start the VM's own boot order is put
	// back when the override was for one boot; the firmware must have read it by then.
	BootRestoreAfter time.Duration
	// FinishCycleWithin is how long after a power cycle began that an outage of vCenter
	// interrupted it is ended, and by the next start one that the gateway did not live
	// to end; 0: only an outage that is over within the time for the power off.
	FinishCycleWithin time.Duration
	SoftOff           SoftOff
	// CycleWhenOff: a power cycle of a VM that is off starts it, for clients that
	// count on that. Section 28.3 wants it refused.
	CycleWhenOff bool
}

// A SoftOff is how a soft off ends that VMware Tools cannot carry out. The zero
// value refuses it.
type SoftOff struct {
	Hard bool // the power is cut at once when VMware Tools do not run
	// HardAfter is how long after the command the power is cut of a VM that is still
	// on, whether VMware Tools run or not; 0: never.
	HardAfter time.Duration
}
