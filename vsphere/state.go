package vsphere

import "time"

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
	Since     time.Time // when the watch learned the present power state
}
