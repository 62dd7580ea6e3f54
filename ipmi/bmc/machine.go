package bmc

import (
	"context"
	"errors"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A PowerState is what a Machine says of itself.
type PowerState uint8

// The power states. Sleeping is ACPI S4: the machine can come back with its old
// memory, so it counts as on, and power off ends it for good.
const (
	_ PowerState = iota
	On
	Off
	Sleeping
)

// String returns the state in one lower-case word.
func (p PowerState) String() string {
	switch p {
	case On:
		return "on"
	case Off:
		return "off"
	case Sleeping:
		return "sleeping"
	default:
		return "unknown"
	}
}

// ErrStale is what Power returns when nobody can vouch for the state. It is
// answered with node busy, which clients retry; never with "off".
var ErrStale = errors.New("power state is stale")

// A Machine is the computer a BMC manages. Power and Boot answer from memory,
// at once, and may be called from many goroutines.
type Machine interface {
	// Power returns the state, or ErrStale.
	Power() (PowerState, error)
	// Control returns when the action was accepted, was refused, or ctx has
	// ended. An ipmi.CompletionCode among the errors is what the client gets;
	// when ctx ended first it gets node busy while the action goes on.
	Control(ctx context.Context, c ipmi.ChassisControl) error
	// Boot returns the boot flags as set; not valid when none are, or no more.
	Boot() ipmi.BootFlags
	// SetBoot remembers the boot flags, durably, before it returns. validFor is
	// how long they wait for a Chassis Control; 0 is for ever.
	SetBoot(ctx context.Context, f ipmi.BootFlags, validFor time.Duration) error
}
