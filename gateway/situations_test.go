package gateway

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A situation is what a VM, or its vCenter, is like, and what a client is told of
// it by no fault. A verb without a code is left out.
type situation struct {
	words  string
	enter  func(*vspheretest.VCenter) error
	known  func(vsphere.State, error, bool) bool // what the gateway knows then: the state, and whether vCenter is there
	status string                                // of Get Chassis Status
	codes  map[string]ipmi.CompletionCode
}

var situations = []situation{
	{"off", powered(types.VirtualMachinePowerStatePoweredOff), in(vsphere.PoweredOff), "off", map[string]ipmi.CompletionCode{
		"off": ipmi.Completed, "cycle": ipmi.NotInPresentState, "reset": ipmi.NotInPresentState,
		"soft": ipmi.Completed, "diag": ipmi.NotInPresentState}},
	{"suspended", powered(types.VirtualMachinePowerStateSuspended), in(vsphere.Suspended), "on", map[string]ipmi.CompletionCode{
		"cycle": ipmi.NotInPresentState, "reset": ipmi.NotInPresentState,
		"soft": ipmi.NotInPresentState, "diag": ipmi.NotInPresentState}},
	{"disconnected", connected(types.VirtualMachineConnectionStateDisconnected), unknown, "C0h", every(ipmi.NotInPresentState)},
	{"orphaned", connected(types.VirtualMachineConnectionStateOrphaned), unknown, "C0h", every(ipmi.NotInPresentState)},
	{"inaccessible", connected(types.VirtualMachineConnectionStateInaccessible), unknown, "C0h", every(ipmi.NotInPresentState)},
	{"invalid", connected(types.VirtualMachineConnectionStateInvalid), unknown, "C0h", every(ipmi.NotInPresentState)},
	{"stopped by a question, and the task with it", asked, asks, "on", map[string]ipmi.CompletionCode{"reset": ipmi.NodeBusy}},
	{"on in a vCenter that is gone, for less than `freshness`", gone, down, "on", every(ipmi.NodeBusy)},
	{"off in a vCenter that is gone", gone, down, "C0h", every(ipmi.NodeBusy)},
}

func powered(to types.VirtualMachinePowerState) func(*vspheretest.VCenter) error {
	return func(vc *vspheretest.VCenter) error { return vc.SetPower(vm, to) }
}

func connected(to types.VirtualMachineConnectionState) func(*vspheretest.VCenter) error {
	return func(vc *vspheretest.VCenter) error { return vc.SetConnection(vm, to) }
}

func asked(vc *vspheretest.VCenter) error {
	vc.Inject(vspheretest.Fault{Method: "ResetVM_Task", InTask: true, Delay: 3 * time.Second})
	return vc.SetQuestion(vm, true)
}

func gone(vc *vspheretest.VCenter) error {
	vc.Down()
	return nil
}

func in(want vsphere.PowerState) func(vsphere.State, error, bool) bool {
	return func(s vsphere.State, _ error, _ bool) bool { return s.Power == want }
}

func unknown(_ vsphere.State, err error, _ bool) bool { return errors.Is(err, vsphere.ErrDisconnected) }
func asks(s vsphere.State, _ error, _ bool) bool      { return s.Question }
func down(_ vsphere.State, _ error, there bool) bool  { return !there }

func every(code ipmi.CompletionCode) map[string]ipmi.CompletionCode {
	codes := make(map[string]ipmi.CompletionCode)
	for _, v := range verbs {
		codes[v.word] = code
	}
	return codes
}

// TestSituations has a client send the commands to a VM in each of them.
func TestSituations(t *testing.T) {
	for _, tt := range situations {
		t.Run(tt.words, func(t *testing.T) {
			vc, l, b, s := oneVM(t)
			if err := vc.SetTools(vm, true); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, s, "on")
			if strings.HasPrefix(tt.words, "off in ") { // and that is known
				turnOff(t, s)
			}
			if err := tt.enter(vc); err != nil {
				t.Fatal(err)
			}
			key := inventory.Key{VCenter: vc.InstanceUUID(), VM: b.VM.InstanceUUID}
			eventually(t, "the gateway knows", func() error {
				upstream := l.gw.vcenters[0].vc
				if s, err := upstream.State(key); !tt.known(s, err, upstream.Connected()) {
					return fmt.Errorf("%+v, %v", s, err)
				}
				return nil
			})
			want := strings.Replace(tt.status, "C0h", ipmi.NodeBusy.String(), 1)
			if got := status(t, s); got != want {
				t.Errorf("status: got %s, want %s", got, want)
			}
			for _, v := range verbs {
				code, ok := tt.codes[v.word]
				if !ok {
					continue
				}
				if got := control(t, login(t, b), v.command); got != code {
					t.Errorf("%s: got %s, want %s", v.word, got, code)
				}
			}
		})
	}
}

// A VM that vCenter does not know any more is "not present", and then its BMC is
// not there either.
func TestVMThatIsGone(t *testing.T) {
	vc, l, _, s := oneVM(t)
	defer vc.Inject(vspheretest.Fault{Method: "ResetVM_Task", Fault: &types.ManagedObjectNotFound{}})()
	if code := control(t, s, ipmi.ChassisHardReset); code != ipmi.NotPresent {
		t.Errorf("got %s, want %s", code, ipmi.NotPresent)
	}
	if err := vc.RemoveVM(vm); err != nil {
		t.Fatal(err)
	}
	l.gone(t, vm)
}
