package vsphere

import (
	"errors"
	"fmt"
)

// What a verb or a read may fail with. Callers branch on these with errors.Is;
// the text behind them says what vCenter said.
var (
	// ErrStale: nobody can vouch for the answer: the watch has been silent for
	// longer than the freshness, or has failed since it said that the VM is off, or
	// the VM's host is disconnected.
	ErrStale = errors.New("state is stale")
	// ErrDoubted is the ErrStale of a VM that was off when the watch failed a moment
	// ago. vCenter takes verbs.
	ErrDoubted = fmt.Errorf("%w: the watch has failed since vCenter said that it is off", ErrStale)
	// ErrUnavailable: the vCenter is known to be unreachable or refuses to log us in.
	ErrUnavailable = errors.New("vCenter unavailable")
	// ErrBusy: another task runs on the VM, or a question waits for an answer. Retryable.
	ErrBusy = errors.New("virtual machine is busy")
	// ErrState: not possible in the present state (powered off, no VMware Tools, no resources).
	ErrState = errors.New("not possible in the present state")
	// ErrNoTools is the ErrState of a VM in which VMware Tools do not run.
	ErrNoTools = fmt.Errorf("%w: VMware Tools do not run", ErrState)
	// ErrNoDevice is the ErrState of a VM that lacks the device to boot from. Its boot
	// order is as it was.
	ErrNoDevice = fmt.Errorf("%w: no such device", ErrState)
	// ErrDisconnected is the ErrStale of a VM whose host cannot vouch for it: it is
	// disconnected, orphaned, inaccessible or invalid. No verb is possible.
	ErrDisconnected = fmt.Errorf("%w: virtual machine is not connected", ErrStale)
	// ErrDenied: the account's role lacks the privilege.
	ErrDenied = errors.New("permission denied by vCenter")
	// ErrNotFound: the VM is gone.
	ErrNotFound = errors.New("virtual machine not found")
	// ErrUnsupported: this vCenter does not implement the verb.
	ErrUnsupported = errors.New("not supported by this vCenter")
	// ErrFailed: vCenter tried and failed (locked disk, missing file, configuration fault).
	ErrFailed = errors.New("operation failed")
)
