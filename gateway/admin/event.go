package admin

import (
	"net/netip"
	"time"
)

// An EventKind says what an event is about.
type EventKind string

// The kinds of events.
const (
	EventCommand EventKind = "command" // somebody changed something, or tried to; these are audited
	EventLogin   EventKind = "login"   // a session set-up that ended; audited as configured
	EventBMC     EventKind = "bmc"     // a BMC came, went or cannot answer
	EventAddress EventKind = "address" // something happened to an address on its interface
	EventVCenter EventKind = "vcenter" // a vCenter came or went
	EventTenant  EventKind = "tenant"  // of a tenant as a whole: removals held, the power breaker
	EventConfig  EventKind = "config"  // the configuration was read again
	EventLost    EventKind = "lost"    // so many events before the next one are not remembered any more
)

// A Level says how much an event matters.
type Level string

// The levels.
const (
	Info    Level = "info"
	Warning Level = "warning"
	Failure Level = "error"
)

// A Via is the way somebody asked.
type Via string

// The ways.
const (
	ViaIPMI    Via = "ipmi"    // a session of a BMC; Account, From and Session say whose
	ViaSocket  Via = "socket"  // the admin socket; UID says who
	ViaGateway Via = "gateway" // the BMC itself, as when its watchdog expires
)

// An Event is something that happened. A line of the audit file is one without its
// number. Names and texts may come from the network or from vCenter: whoever
// prints them minds control characters.
type Event struct {
	Seq   uint64    `json:"seq,omitempty"` // counts from 1 at the start of the daemon
	Time  time.Time `json:"time"`
	Kind  EventKind `json:"kind"`
	Level Level     `json:"level"`
	Text  string    `json:"text"` // for people; may change between versions

	Tenant       string     `json:"tenant,omitempty"`
	BMC          string     `json:"bmc,omitempty"` // the VM's name
	InstanceUUID string     `json:"instanceUUID,omitempty"`
	Address      netip.Addr `json:"address,omitzero"`
	VCenter      string     `json:"vcenter,omitempty"`

	// Who.
	Via     Via            `json:"via,omitempty"`
	Account string         `json:"account,omitempty"`
	From    netip.AddrPort `json:"from,omitzero"`
	Session string         `json:"session,omitempty"` // as in Session.ID
	UID     *uint32        `json:"uid,omitempty"`     // of the process at the other end of the socket

	// What, and what came of it.
	Command     string  `json:"command,omitempty"`   // "Chassis Control off"
	Code        string  `json:"code,omitempty"`      // the completion code, "D5h"
	Result      string  `json:"result,omitempty"`    // ok, node_busy, denied, invalid, error …, as in the metrics
	Operation   string  `json:"operation,omitempty"` // what vCenter's log has as operation id of the calls
	Task        string  `json:"task,omitempty"`      // vCenter's task, "task-1234"
	TookSeconds float64 `json:"tookSeconds,omitempty"`
	Error       string  `json:"error,omitempty"`

	Lost uint64 `json:"lost,omitempty"` // with EventLost
}
