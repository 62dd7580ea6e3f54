package admin

import (
	"net/netip"
	"time"
)

// APIVersion is the version of everything on the socket; it stands in every answer.
const APIVersion = "bmc-gateway/v1"

// State says how far a BMC has come.
type State string

// The states of a BMC.
const (
	Pending State = "pending" // waits for an address or a socket
	Ready   State = "ready"   // answers
	Error   State = "error"   // was given up for now; Reason says why
	// Maintained: it answers, but carries out no command, or, when it is silent, does not answer.
	Maintained State = "maintenance"
	Held       State = "held" // its VM is not selected any more, and the removal is held
)

// Power is the power state as the operator reads it.
type Power string

// The power states. Unknown is told when nobody can vouch for another one.
const (
	PowerOn        Power = "on"
	PowerOff       Power = "off"
	PowerSuspended Power = "suspended"
	PowerUnknown   Power = "unknown"
)

// A BMC is one virtual machine's BMC as the daemon knows it.
type BMC struct {
	Tenant string `json:"tenant"`
	Name   string `json:"name"`
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"` // why it is not ready, or what is wrong with it

	Power    Power `json:"power"`
	PowerAge int64 `json:"powerAgeSeconds"` // since the power state last changed, in seconds
	// PowerSince is when the gateway learned of the power state; zero: nobody knows it.
	PowerSince time.Time `json:"powerSince,omitzero"`

	Address    netip.Addr  `json:"address"` // "" while there is none
	Port       uint16      `json:"port"`    // UDP
	MAC        string      `json:"mac"`
	ExtraPorts []ExtraPort `json:"extraPorts,omitempty"` // where else it answers
	Pool       string      `json:"pool"`
	Interface  string      `json:"interface"`

	VCenter      string    `json:"vcenter"`
	Cluster      string    `json:"cluster,omitempty"` // that its VM runs in, or would; empty: none, or not known
	VM           VM        `json:"vm"`
	SelectedBy   []string  `json:"selectedBy"` // "tag bmc/enabled", "folder /DC0/vm/Lab"
	Accounts     []Account `json:"accounts"`
	CipherSuites []int     `json:"cipherSuites"`
	V15          string    `json:"v15,omitempty"`       // sessions of IPMI 1.5 it has: "md5"; empty: none
	Boot         string    `json:"boot,omitempty"`      // the override in words; empty: none
	BootOrder    string    `json:"bootOrder,omitempty"` // what a change of the VM's boot order waits for; empty: none waits
	Identify     string    `json:"identify,omitempty"`  // the identify light in words; empty: off
	// Maintenance is what keeps the BMC from carrying out commands; nil: nothing.
	Maintenance *Maintenance `json:"maintenance,omitempty"`
	Protected   string       `json:"protected,omitempty"` // by what it must not be powered off; empty: it may be
	Sessions    []Session    `json:"sessions"`

	Since       time.Time `json:"since"`                // of State
	LastRequest time.Time `json:"lastRequest,omitzero"` // zero: none since the daemon started
	Requests    uint64    `json:"requests"`             // commands answered since the daemon started
}

// An ExtraPort is one more place where a BMC answers.
type ExtraPort struct {
	Listen  string `json:"listen"`            // address and UDP port
	Failure string `json:"failure,omitempty"` // why it does not answer there
}

// A VM is the virtual machine behind a BMC.
type VM struct {
	InstanceUUID string `json:"instanceUUID"`
	BIOSUUID     string `json:"biosUUID"`
	Ref          string `json:"ref"` // managed object id, "vm-42"
	Name         string `json:"name"`
	// NICs are the MAC addresses of its network cards, lower case, in the order of the
	// devices. They are read soon after the BMC came; empty: not known yet, or none.
	NICs []string `json:"nics,omitempty"`
	// Firmware is "bios" or "efi"; empty: not known.
	Firmware string `json:"firmware,omitempty"`
}

// An Account is who may log in. Its password never leaves the daemon.
type Account struct {
	Name      string `json:"name"`
	Privilege string `json:"privilege"`
	// Until is when it ends, of one that has access for a time; zero: it is configured.
	Until time.Time `json:"until,omitzero"`
	// VCenter is whom it was made for, that wakes the VM as its host; empty: for nobody alone.
	VCenter string `json:"vcenter,omitempty"`
}

// A Session is one open IPMI session.
type Session struct {
	ID          string         `json:"id"` // the managed system's session ID, "0x8f21c001"
	Account     string         `json:"account"`
	Privilege   string         `json:"privilege"`
	From        netip.AddrPort `json:"from"`
	Suite       int            `json:"cipherSuite"`
	IdleSeconds int64          `json:"idleSeconds"`
	OpenedAt    time.Time      `json:"openedAt"`
	LastSeen    time.Time      `json:"lastSeen"` // when its last packet came
}
