package vsphere

import (
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/types"
)

// An EventKind is what happened to a VM.
type EventKind uint8

// The kinds. The zero value is none.
const (
	_ EventKind = iota
	EventPoweredOn
	EventPoweredOff
	EventSuspended
	EventReset
	EventGuestShutdown // VMware Tools were asked to shut the guest down
	EventGuestReboot   // or to restart it
	EventGuestCrashed  // the guest reported a crash
	EventPowerOnFailed
	EventPowerOffFailed
	EventResetFailed
	EventHAReset   // vSphere HA reset it, because its heartbeat was lost
	EventHARestart // vSphere HA started it on another host, because its own failed
	EventMigrated
	EventReconfigured
	EventQuestion // it waits for an answer
)

// eventKinds says which kind an event of vCenter is. The names are also what
// vCenter is asked for, which leaves out everything else.
var eventKinds = map[string]EventKind{
	"VmPoweredOnEvent":                   EventPoweredOn,
	"DrsVmPoweredOnEvent":                EventPoweredOn,
	"VmPoweredOffEvent":                  EventPoweredOff,
	"VmSuspendedEvent":                   EventSuspended,
	"VmResettingEvent":                   EventReset,
	"VmGuestShutdownEvent":               EventGuestShutdown,
	"VmGuestRebootEvent":                 EventGuestReboot,
	"VmGuestOSCrashedEvent":              EventGuestCrashed,
	"VmFailedToPowerOnEvent":             EventPowerOnFailed,
	"VmFailedToPowerOffEvent":            EventPowerOffFailed,
	"VmFailedToResetEvent":               EventResetFailed,
	"VmDasBeingResetEvent":               EventHAReset,
	"VmDasBeingResetWithScreenshotEvent": EventHAReset,
	"VmRestartedOnAlternateHostEvent":    EventHARestart,
	"VmMigratedEvent":                    EventMigrated,
	"DrsVmMigratedEvent":                 EventMigrated,
	"VmReconfiguredEvent":                EventReconfigured,
	"VmMessageEvent":                     EventQuestion,
}

// String returns the kind in a few lower-case words.
func (k EventKind) String() string {
	switch k {
	case EventPoweredOn:
		return "powered on"
	case EventPoweredOff:
		return "powered off"
	case EventSuspended:
		return "suspended"
	case EventReset:
		return "reset"
	case EventGuestShutdown:
		return "guest shutdown"
	case EventGuestReboot:
		return "guest reboot"
	case EventGuestCrashed:
		return "guest crashed"
	case EventPowerOnFailed:
		return "power on failed"
	case EventPowerOffFailed:
		return "power off failed"
	case EventResetFailed:
		return "reset failed"
	case EventHAReset:
		return "HA reset"
	case EventHARestart:
		return "HA restart"
	case EventMigrated:
		return "migrated"
	case EventReconfigured:
		return "reconfigured"
	case EventQuestion:
		return "question"
	default:
		return fmt.Sprintf("EventKind(%d)", uint8(k))
	}
}

// An Event is something that happened to one VM.
type Event struct {
	Mark EventMark // which event of its vCenter it is
	VM   inventory.Key
	Kind EventKind
	User string // who did it, as vCenter spells the name; empty: vCenter itself
	Text string // vCenter's own words
}

// An EventMark is a place in the events of a vCenter.
type EventMark struct {
	Key  int32     `json:"key"`  // vCenter counts its events; 0 is before the first
	Time time.Time `json:"time"` // by vCenter's clock
}

// eventLate is how much later than its time an event may turn up: a host that was
// cut off tells its own when it is back.
const eventLate = 10 * time.Minute

// Covers reports whether the event at e is one of those up to m. Keys decide, but
// one that is lower although the event is much later comes from a vCenter whose
// events were begun anew.
func (m EventMark) Covers(e EventMark) bool {
	if m.Key == 0 {
		return e.Time.Before(m.Time)
	}
	return e.Key <= m.Key && !e.Time.After(m.Time.Add(eventLate))
}

// Next returns the mark after an event that m does not cover. Its time never goes
// back: an event that turned up late must not make earlier ones look like those of
// a vCenter that counts anew.
func (m EventMark) Next(e EventMark) EventMark {
	if e.Key < m.Key && !e.Time.After(m.Time.Add(eventLate)) {
		e.Key = m.Key // told out of order
	}
	if e.Time.Before(m.Time) {
		e.Time = m.Time
	}
	return e
}

// An EventSink takes the events of a vCenter. Its methods are called by one
// goroutine for each vCenter. vcenter is the instance UUID.
type EventSink interface {
	// EventMark returns where the last run ended; false when there was none.
	EventMark(vcenter string) (EventMark, bool, error)
	// TakeEvents keeps the events, oldest first, and the mark they end at, which
	// is a later run's EventMark. After an error the same events come again.
	// There may be none: then only the mark is new.
	TakeEvents(vcenter string, events []Event, mark EventMark) error
}

// kindOf returns the kind of a vCenter's event; 0 for one that nobody asked for.
func kindOf(e types.BaseEvent) EventKind {
	return eventKinds[eventName(e)]
}
