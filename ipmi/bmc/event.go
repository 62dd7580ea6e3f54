package bmc

import (
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A HandshakeResult says how a session set-up ended.
type HandshakeResult uint8

// The results.
const (
	// HandshakeCompleted: there is a session now.
	HandshakeCompleted HandshakeResult = iota + 1
	// HandshakeWrongPassword: RAKP message 3 did not verify.
	HandshakeWrongPassword
	// HandshakeUnknownUser: the same, and the name is nobody's. Clients cannot tell the two apart.
	HandshakeUnknownUser
	// HandshakeAbandoned: no further message came. Clients do this when they see
	// from RAKP message 2 that their password is wrong, scanners when they have
	// what they wanted.
	HandshakeAbandoned
	// HandshakeAborted: the console said in RAKP message 3 that it gives up.
	HandshakeAborted
	// HandshakeNoSuite: the proposed algorithms are no suite that is accepted.
	HandshakeNoSuite
	// HandshakeRefused: the role or the name was refused.
	HandshakeRefused
	// HandshakeNoResources: as many sessions as there can be are active.
	HandshakeNoResources
)

// String returns the result as the value of a metric's label.
func (r HandshakeResult) String() string {
	switch r {
	case HandshakeCompleted:
		return "completed"
	case HandshakeWrongPassword:
		return "wrong_password"
	case HandshakeUnknownUser:
		return "unknown_user"
	case HandshakeAbandoned:
		return "abandoned"
	case HandshakeAborted:
		return "aborted"
	case HandshakeNoSuite:
		return "no_suite"
	case HandshakeRefused:
		return "refused"
	case HandshakeNoResources:
		return "no_resources"
	default:
		return "unknown"
	}
}

// Events are called while a packet is handled: they must return at once and
// must not call the BMC. Any may be nil. Names of users come from the network
// as they are; whoever logs them quotes them.
type Events struct {
	// Received is told of every packet.
	Received func()
	// Dropped is told of a packet that earned no answer.
	Dropped func(DropReason)
	// Request is told of every answered command, "other" when it is not in the table.
	Request func(command string, code ipmi.CompletionCode, took time.Duration)
	// Handshake is told how a session set-up ended.
	Handshake func(result HandshakeResult, user string, from netip.AddrPort)
	// Changed is told of every state-changing command that was carried out, once:
	// account, source, command with its argument, and result.
	Changed func(a Audit)
	// LogFailed is told why an entry of the BMC's own is not in the event log.
	LogFailed func(error)
	// Identify is told when a client switches the identify light, not when a timed
	// one goes out.
	Identify func(Identify)
	// Panicked is told of a panic that was caught, with the stack.
	Panicked func(value any, stack []byte)
}

// An Audit says who asked for what, and what came of it.
type Audit struct {
	Account string // empty: the BMC itself, as when the watchdog expires
	Session uint32 // BMC's session ID
	From    netip.AddrPort
	Command string // "Chassis Control off"
	Code    ipmi.CompletionCode
	Err     error // what the Machine said; nil when it accepted
	Took    time.Duration

	// What the Machine has noted in its Trace; empty: nothing.
	Operation, Task string
}

// filled has a function for every event.
func (e Events) filled() Events {
	if e.Received == nil {
		e.Received = func() {}
	}
	if e.Dropped == nil {
		e.Dropped = func(DropReason) {}
	}
	if e.Request == nil {
		e.Request = func(string, ipmi.CompletionCode, time.Duration) {}
	}
	if e.Handshake == nil {
		e.Handshake = func(HandshakeResult, string, netip.AddrPort) {}
	}
	if e.Changed == nil {
		e.Changed = func(Audit) {}
	}
	if e.LogFailed == nil {
		e.LogFailed = func(error) {}
	}
	if e.Identify == nil {
		e.Identify = func(Identify) {}
	}
	if e.Panicked == nil {
		e.Panicked = func(any, []byte) {}
	}
	return e
}
