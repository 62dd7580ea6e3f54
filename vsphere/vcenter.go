package vsphere

import (
	"context"
	"errors"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A VCenter is everything the gateway knows of one vCenter and may ask of it.
// It works between the start and the end of Run; before and after, verbs answer
// ErrUnavailable and reads ErrStale. All methods may be called from any goroutine.
type VCenter struct {
	cfg Config
}

var errNotYet = errors.New("not yet")

// New checks the configuration and returns a VCenter that has spoken to nobody yet.
func New(cfg Config) (*VCenter, error) { return &VCenter{cfg: cfg}, nil }

// Run keeps the VCenter alive until ctx ends. It owns every goroutine and
// session; before it returns nil it has logged out, or given up on it after 3 s.
// It may be called once.
func (v *VCenter) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Name returns the operator's name for this vCenter.
func (v *VCenter) Name() string { return v.cfg.Name }

// List returns all VMs from memory, or an error that names what is missing: word
// from vCenter within the freshness, one of the configured folders or tags.
func (v *VCenter) List(context.Context) ([]inventory.VM, error) { return nil, errNotYet }

// Source returns a source that needs only the folders and tags its selector
// names, so that the missing tag of one tenant is no matter of another.
func (v *VCenter) Source(sel inventory.Selector) inventory.Source { return v }

// Subscribe returns a channel that holds one hint when the answer of List may
// have changed since the last receive, and the function that ends it.
func (v *VCenter) Subscribe() (hints <-chan struct{}, cancel func()) { return nil, func() {} }

// State returns what the watch last said of the VM, from memory, without waiting.
// It fails with ErrStale when nobody can vouch for it, with ErrNotFound when the
// VM is not in the inventory.
func (v *VCenter) State(inventory.Key) (State, error) { return State{}, errNotYet }

// PowerOn starts the VM, or resumes a suspended one.
func (v *VCenter) PowerOn(ctx context.Context, key inventory.Key) error { return errNotYet }

// PowerOff cuts the power of the VM, also of a suspended one.
func (v *VCenter) PowerOff(ctx context.Context, key inventory.Key) error { return errNotYet }

// Reset presses the reset button. ErrState when the VM is off or suspended.
func (v *VCenter) Reset(ctx context.Context, key inventory.Key) error { return errNotYet }

// Shutdown asks the guest's VMware Tools for a shutdown. ErrState without them.
func (v *VCenter) Shutdown(ctx context.Context, key inventory.Key) error { return errNotYet }

// NMI sends the guest a non-maskable interrupt.
func (v *VCenter) NMI(ctx context.Context, key inventory.Key) error { return errNotYet }

// WaitPower returns nil when the watch reports the power state, the context's
// error when that takes too long. It asks vCenter nothing.
func (v *VCenter) WaitPower(ctx context.Context, key inventory.Key, want PowerState) error {
	return errNotYet
}

// Boot returns how the VM boots now.
func (v *VCenter) Boot(ctx context.Context, key inventory.Key) (BootConfig, error) {
	return BootConfig{}, errNotYet
}

// SetBootDevice makes the VM try dev first.
func (v *VCenter) SetBootDevice(ctx context.Context, key inventory.Key, dev BootDevice) error {
	return errNotYet
}

// RestoreBoot puts back what Boot returned.
func (v *VCenter) RestoreBoot(ctx context.Context, key inventory.Key, b BootConfig) error {
	return errNotYet
}

// Status returns how the connection is.
func (v *VCenter) Status() Status { return Status{} }

// Status is how the connection to a vCenter is.
type Status struct {
	Connected    bool      // the watch has everything and its last call did not fail
	Since        time.Time // since when Connected is as it is
	LastAnswer   time.Time // of the watch, complete; ages are counted from here
	LastError    string    // of the last call that failed, also after recovery
	VMs          int       // virtual machines in memory, templates too
	InstanceUUID string    // of the vCenter, lower case; empty before the first login
	Insecure     bool      // the certificate is not checked
	Logins       int       // sessions opened since Run began, of all kinds
}
