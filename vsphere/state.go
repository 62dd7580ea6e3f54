package vsphere

import (
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// PowerState is a VM's power state as vCenter spells it.
type PowerState uint8

// The power states of vSphere. The zero value is no state.
const (
	_ PowerState = iota
	PoweredOn
	PoweredOff
	Suspended
)

// String returns vSphere's own word.
func (p PowerState) String() string {
	switch p {
	case PoweredOn:
		return "poweredOn"
	case PoweredOff:
		return "poweredOff"
	case Suspended:
		return "suspended"
	default:
		return "unknown"
	}
}

// State is what the watch last said of a VM.
type State struct {
	Power     PowerState
	Connected bool      // runtime.connectionState is "connected": its host can vouch for it
	Tools     bool      // VMware Tools run in the guest
	Question  bool      // the VM waits for an answer (runtime.question)
	EFI       bool      // config.firmware is "efi"
	Heartbeat Heartbeat // of the guest, as VMware Tools give it
	BootTime  time.Time // when it was started from off; zero: it is off, or vCenter does not know
	Since     time.Time // when the watch learned the present power state
}

// A Heartbeat is how VMware Tools in a guest are heard (guestHeartbeatStatus).
type Heartbeat uint8

// The heartbeats, by vSphere's colours. The zero value is none: VMware Tools do
// not run or are not installed (gray).
const (
	NoHeartbeat     Heartbeat = iota
	HeartbeatGreen            // the guest responds
	HeartbeatYellow           // it responds now and then
	HeartbeatRed              // it has stopped responding
)

// heartbeat reads vSphere's colour.
func heartbeat(v types.AnyType) Heartbeat {
	switch types.ManagedEntityStatus(word(v)) {
	case types.ManagedEntityStatusGreen:
		return HeartbeatGreen
	case types.ManagedEntityStatusYellow:
		return HeartbeatYellow
	case types.ManagedEntityStatusRed:
		return HeartbeatRed
	default:
		return NoHeartbeat
	}
}
