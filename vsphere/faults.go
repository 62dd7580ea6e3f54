package vsphere

import (
	"context"
	"errors"
	"fmt"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// A faultRow says which sentinel a fault of vCenter becomes. The first row that
// matches counts, so a fault stands above the one it is derived from.
type faultRow struct {
	name  string
	match func(types.BaseMethodFault) bool
	err   error
}

var faultRows = []faultRow{
	{"NotAuthenticated", is[*types.NotAuthenticated], ErrUnavailable}, // a NoPermission; still there after a new login
	{"InvalidLogin", is[types.BaseInvalidLogin], ErrUnavailable},
	{"TaskInProgress", is[types.BaseTaskInProgress], ErrBusy},
	{"ResourceInUse", is[types.BaseResourceInUse], ErrBusy},
	{"ConcurrentAccess", is[*types.ConcurrentAccess], ErrBusy},
	{"QuestionPending", is[*types.QuestionPending], ErrBusy}, // an InvalidState
	{"InvalidPowerState", is[*types.InvalidPowerState], ErrState},
	{"InvalidState", is[types.BaseInvalidState], ErrState},
	{"ToolsUnavailable", is[*types.ToolsUnavailable], ErrNoTools},
	{"InsufficientResourcesFault", is[types.BaseInsufficientResourcesFault], ErrState},
	{"NoCompatibleHost", is[types.BaseNoCompatibleHost], ErrState},
	{"NotEnoughLicenses", is[types.BaseNotEnoughLicenses], ErrState},
	{"MethodDisabled", is[*types.MethodDisabled], ErrState},
	{"HostCommunication", is[types.BaseHostCommunication], ErrState}, // the VM's host is not connected
	{"NoPermission", is[types.BaseNoPermission], ErrDenied},
	{"RestrictedVersion", is[*types.RestrictedVersion], ErrDenied}, // an ESXi host whose licence makes the API read-only
	{"ManagedObjectNotFound", is[*types.ManagedObjectNotFound], ErrNotFound},
	{"MethodNotFound", is[*types.MethodNotFound], ErrUnsupported},
	{"NotImplemented", is[*types.NotImplemented], ErrUnsupported},
	{"NotSupported", is[types.BaseNotSupported], ErrState}, // the VM is a template
	{"VmConfigFault", is[types.BaseVmConfigFault], ErrFailed},
	{"FileFault", is[types.BaseFileFault], ErrFailed},
}

// nmiRows come before faultRows for SendNMI, which a vCenter may know and yet
// not support for any VM.
var nmiRows = []faultRow{{"NotSupported", is[types.BaseNotSupported], ErrUnsupported}}

func is[T any](f types.BaseMethodFault) bool {
	_, ok := f.(T)
	return ok
}

// faultOf returns the outermost fault in err, a pointer, or nil.
func faultOf(err error) types.BaseMethodFault {
	var f types.BaseMethodFault
	if err != nil {
		fault.As(err, &f)
	}
	return f
}

// answered reports whether vCenter said err itself.
func answered(err error) bool {
	_, token := refusedToken(err)
	return faultOf(err) != nil || soap.IsSoapFault(err) || isRefusal(err) || token
}

// sentinel returns err as one of the sentinels with vCenter's words behind it.
// Where vCenter said nothing and ctx has ended, its error is kept: nobody knows
// what vCenter did.
func sentinel(ctx context.Context, err error, extra ...faultRow) error {
	if err == nil || isSentinel(err) {
		return err
	}
	f := faultOf(err)
	switch {
	case f != nil:
	case ctx.Err() != nil:
		return fmt.Errorf("%w (%v)", ctx.Err(), err)
	case soap.IsSoapFault(err):
		return fmt.Errorf("%w: %v", ErrFailed, err)
	default:
		return fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	for _, rows := range [][]faultRow{extra, faultRows} {
		for _, row := range rows {
			if row.match(f) {
				return fmt.Errorf("%w: %s: %v", row.err, row.name, err)
			}
		}
	}
	return fmt.Errorf("%w: %v", ErrFailed, err)
}

func isSentinel(err error) bool {
	for _, s := range []error{ErrStale, ErrUnavailable, ErrBusy, ErrState, ErrDenied, ErrNotFound, ErrUnsupported, ErrFailed} {
		if errors.Is(err, s) {
			return true
		}
	}
	return false
}

// limitError is what a call gets that its rate would hold back for longer than
// the caller can wait.
func limitError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: too many calls to vCenter: %v", ErrBusy, err)
}
