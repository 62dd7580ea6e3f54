package bmc

import (
	"io"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A Password is a secret that never prints itself.
type Password string

// String hides the password.
func (Password) String() string { return "REDACTED" }

// GoString hides the password from %#v.
func (Password) GoString() string { return "REDACTED" }

// MarshalText hides the password from JSON, YAML and structured logs.
func (Password) MarshalText() ([]byte, error) { return []byte("REDACTED"), nil }

// An Account is a user of the BMC: a name of 1 to 16 bytes, a password of 1 to
// 20 bytes (sections 22.28 and 22.30) and the highest level its sessions reach.
type Account struct {
	Name      string
	Password  Password
	Privilege ipmi.Privilege
}

// LAN is what Get LAN Configuration Parameters tells of the BMC's address.
type LAN struct {
	Address      netip.Addr
	PrefixLength int        // of the subnet clients see, for the subnet mask
	Gateway      netip.Addr // may be invalid: none
	MAC          [6]byte
	Port         uint16
}

// Config is all a BMC needs besides its Machine. It is copied by New.
type Config struct {
	Accounts []Account
	Suites   []ipmi.CipherSuite // accepted, in order of preference
	GUID     [16]byte           // in wire order, see ipmi.GUID
	LAN      LAN
	Firmware [2]uint8 // major (0–127) and minor (0–99) of Get Device ID

	AllowFrom         []netip.Prefix // sources that are answered; empty: all
	IdleTimeout       time.Duration  // of a session, section 6.12.15; default 60 s
	MaxSessions       int            // active ones; default 8
	BootFlagsValidFor time.Duration  // section 28.12's 60 s; 0: for ever
	Rand              io.Reader      // nil: crypto/rand

	Events Events
}

// Events are called while a packet is handled and must return at once. Any may be nil.
type Events struct {
	Received func()
	// Dropped is told of a packet that earned no answer.
	Dropped func(DropReason)
	// Request is told of every answered command, "unknown" when it is not in the table.
	Request func(command string, code ipmi.CompletionCode, took time.Duration)
	// Handshake is told how a session set-up ended.
	Handshake func(result HandshakeResult, user string, from netip.AddrPort)
	// Changed is told of every state-changing command that was carried out, once:
	// account, source, command with its argument, and result.
	Changed func(a Audit)
}

// An Audit says who asked for what, and what came of it.
type Audit struct {
	Account string
	Session uint32 // BMC's session ID
	From    netip.AddrPort
	Command string // "Chassis Control off"
	Code    ipmi.CompletionCode
	Took    time.Duration
}
