package vsphere

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/task"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// faultCases has at least one fault for each row of faultRows, by the row's name.
var faultCases = []struct {
	row   string
	fault types.BaseMethodFault
	want  error
}{
	{"NotAuthenticated", &types.NotAuthenticated{}, ErrUnavailable},
	{"InvalidLogin", &types.InvalidLogin{}, ErrUnavailable},
	{"TaskInProgress", &types.TaskInProgress{}, ErrBusy},
	{"ResourceInUse", &types.ResourceInUse{}, ErrBusy},
	{"ConcurrentAccess", &types.ConcurrentAccess{}, ErrBusy},
	{"QuestionPending", &types.QuestionPending{Text: "moved or copied?"}, ErrBusy},
	{"InvalidPowerState", &types.InvalidPowerState{ExistingState: "poweredOff"}, ErrState},
	{"InvalidState", &types.InvalidState{}, ErrState},
	{"InvalidState", &types.InvalidHostState{}, ErrState},
	{"ToolsUnavailable", &types.ToolsUnavailable{}, ErrState},
	{"InsufficientResourcesFault", &types.InsufficientResourcesFault{}, ErrState},
	{"InsufficientResourcesFault", &types.InsufficientFailoverResourcesFault{}, ErrState},
	{"InsufficientResourcesFault", &types.InsufficientMemoryResourcesFault{}, ErrState},
	{"NoCompatibleHost", &types.NoCompatibleHost{}, ErrState},
	{"NotEnoughLicenses", &types.NotEnoughLicenses{}, ErrState},
	{"MethodDisabled", &types.MethodDisabled{}, ErrState},
	{"HostCommunication", &types.HostNotConnected{}, ErrState},
	{"NoPermission", &types.NoPermission{PrivilegeId: "VirtualMachine.Interact.Reset"}, ErrDenied},
	{"RestrictedVersion", &types.RestrictedVersion{}, ErrDenied},
	{"ManagedObjectNotFound", &types.ManagedObjectNotFound{}, ErrNotFound},
	{"MethodNotFound", &types.MethodNotFound{}, ErrUnsupported},
	{"NotImplemented", &types.NotImplemented{}, ErrUnsupported},
	{"NotSupported", &types.NotSupported{}, ErrState},
	{"VmConfigFault", &types.VmConfigFault{}, ErrFailed},
	{"VmConfigFault", &types.VirtualHardwareVersionNotSupported{}, ErrFailed},
	{"FileFault", &types.FileLocked{}, ErrFailed},
	{"", &types.SystemError{Reason: "something else"}, ErrFailed},
}

// TestFaultTable gives every fault in each of its three shapes: of a call, of a
// task and hidden in a property read.
func TestFaultTable(t *testing.T) {
	covered := make(map[string]bool)
	for _, tt := range faultCases {
		covered[tt.row] = true
		localized := &types.LocalizedMethodFault{Fault: tt.fault, LocalizedMessage: "said vCenter"}
		shapes := map[string]error{
			"call":   soapError(tt.fault),
			"task":   task.Error{LocalizedMethodFault: localized},
			"hidden": soap.WrapVimFault(tt.fault),
		}
		for shape, err := range shapes {
			t.Run(fmt.Sprintf("%T/%s", tt.fault, shape), func(t *testing.T) {
				got := sentinel(t.Context(), err)
				if diff := cmp.Diff(sentinelsOf(tt.want), sentinelsOf(got)); diff != "" {
					t.Errorf("%v: -want +got:\n%s", got, diff)
				}
				if !strings.Contains(got.Error(), tt.row) {
					t.Errorf("%q does not name the row %s", got, tt.row)
				}
			})
		}
	}
	for _, row := range faultRows {
		if !covered[row.name] {
			t.Errorf("row %s has no case", row.name)
		}
	}
}

func TestSentinelOfOtherErrors(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	broken := errors.New("connection reset by peer")
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want error
	}{
		{"success", t.Context(), nil, nil},
		{"transport", t.Context(), broken, ErrUnavailable},
		{"our own timeout", t.Context(), &timeoutError{method: "PowerOffVM_Task"}, ErrUnavailable},
		{"the caller gave up", ended, broken, context.Canceled},
		{"a fault just before the caller gave up", ended, soapError(&types.NoPermission{}), ErrDenied},
		{"fault without detail", t.Context(), soap.WrapSoapFault(&soap.Fault{Code: "ServerFaultCode"}), ErrFailed},
		{"a sentinel already", t.Context(), fmt.Errorf("x: %w", ErrBusy), ErrBusy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sentinel(tt.ctx, tt.err); !errors.Is(got, tt.want) || tt.want == nil && got != nil {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestFaultsOfVCenter sends every fault over the wire, from the call and from the
// task.
func TestFaultsOfVCenter(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready(func(c *Config) { c.Rate, c.Burst = 1000, 1000 })
	key := l.key("lab-01")
	l.sees("lab-01", PoweredOn)
	for _, tt := range faultCases {
		for _, inTask := range []bool{false, true} {
			if tt.row == "NotAuthenticated" && inTask {
				continue // the session is about calls
			}
			t.Run(fmt.Sprintf("%T/task=%v", tt.fault, inTask), func(t *testing.T) {
				remove := l.Inject(vspheretest.Fault{Method: "ResetVM_Task", InTask: inTask, Fault: tt.fault})
				defer remove()
				err := l.v.Reset(t.Context(), key)
				for try := 0; err == nil && inTask && try < 20; try++ { // nobody looked at the task within a second
					err = l.v.Reset(t.Context(), key)
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
				if err != nil && !strings.HasPrefix(err.Error(), `vCenter "lab": reset of "lab-01": `) {
					t.Errorf("%q does not begin with the place", err)
				}
			})
		}
	}
	if n := l.Resets("lab-01"); n != 0 {
		t.Errorf("%d resets went through", n)
	}
}

func TestNMINotSupported(t *testing.T) {
	l := newLab(t, 1).ready()
	for _, f := range []types.BaseMethodFault{&types.NotSupported{}, &types.NotImplemented{}, &types.MethodNotFound{}} {
		l.Inject(vspheretest.Fault{Method: "SendNMI", Fault: f, Times: 1})
		if err := l.v.NMI(t.Context(), l.key("lab-01")); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%T: %v, want ErrUnsupported", f, err)
		}
	}
}

func soapError(f types.BaseMethodFault) error {
	s := &soap.Fault{Code: "ServerFaultCode", String: "said vCenter"}
	s.Detail.Fault = f
	return soap.WrapSoapFault(s)
}

func sentinelsOf(err error) (is []string) {
	for _, s := range []error{ErrStale, ErrUnavailable, ErrBusy, ErrState, ErrDenied, ErrNotFound, ErrUnsupported, ErrFailed} {
		if errors.Is(err, s) {
			is = append(is, s.Error())
		}
	}
	return is
}
