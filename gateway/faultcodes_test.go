package gateway

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A verb is a chassis control, and the method of vSphere that it comes down to.
type verb struct {
	word    string
	command ipmi.ChassisControl
	method  string
	task    bool // it starts a task
}

var verbs = []verb{
	{"on", ipmi.ChassisPowerUp, "PowerOnVM_Task", true},
	{"off", ipmi.ChassisPowerDown, "PowerOffVM_Task", true},
	{"cycle", ipmi.ChassisPowerCycle, "PowerOffVM_Task", true},
	{"reset", ipmi.ChassisHardReset, "ResetVM_Task", true},
	{"soft", ipmi.ChassisSoftOff, "ShutdownGuest", false},
	{"diag", ipmi.ChassisDiagnostic, "SendNMI", false},
}

const (
	everyVerb = "on off cycle reset soft diag"
	exceptNMI = "on off cycle reset soft"
)

// faultCodeRows is what a client is told of each fault of vCenter, by verb.
var faultCodeRows = []struct {
	situation string
	verbs     string
	code      ipmi.CompletionCode
	faults    []types.BaseMethodFault
}{
	{"another task runs on the VM, or somebody else changes it", everyVerb, ipmi.NodeBusy, []types.BaseMethodFault{
		&types.TaskInProgress{}, &types.ResourceInUse{}, &types.ConcurrentAccess{}, &types.VAppTaskInProgress{}}},
	{"a question waits for an answer", everyVerb, ipmi.NodeBusy, []types.BaseMethodFault{&types.QuestionPending{Text: "moved or copied?"}}},
	{"the session is lost and a new login does not help", "off reset", ipmi.NodeBusy, []types.BaseMethodFault{&types.NotAuthenticated{}}},
	{"admission control, no resources, no host that fits", everyVerb, ipmi.NotInPresentState, []types.BaseMethodFault{
		&types.InsufficientResourcesFault{}, &types.InsufficientFailoverResourcesFault{}, &types.InsufficientMemoryResourcesFault{},
		&types.InsufficientHostCapacityFault{}, &types.InsufficientCpuResourcesFault{}, &types.NoCompatibleHost{}}},
	{"a licence is missing or has ended", everyVerb, ipmi.NotInPresentState, []types.BaseMethodFault{
		&types.NotEnoughLicenses{}, &types.ExpiredFeatureLicense{}}},
	{"vCenter has disabled the method, for a backup for instance", everyVerb, ipmi.NotInPresentState, []types.BaseMethodFault{&types.MethodDisabled{}}},
	{"the VM or its host is in a state that forbids it", everyVerb, ipmi.NotInPresentState, []types.BaseMethodFault{
		&types.InvalidState{}, &types.InvalidHostState{}, &types.HostNotConnected{}, &types.HostNotReachable{}}},
	{"the power state forbids it", "cycle reset soft diag", ipmi.NotInPresentState, []types.BaseMethodFault{
		&types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: types.VirtualMachinePowerStateSuspended}}},
	{"the VM is on already", "on", ipmi.Completed, []types.BaseMethodFault{
		&types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: types.VirtualMachinePowerStatePoweredOn}}},
	{"the VM is off already", "off", ipmi.Completed, []types.BaseMethodFault{
		&types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: types.VirtualMachinePowerStatePoweredOff}}},
	{"VMware Tools do not run (and `power.soft_off` is `refuse`)", "soft", ipmi.NotInPresentState, []types.BaseMethodFault{&types.ToolsUnavailable{}}},
	{"the VM is a template", exceptNMI, ipmi.NotInPresentState, []types.BaseMethodFault{&types.NotSupported{}}},
	{"the vCenter account may not do it on this VM", everyVerb, ipmi.InsufficientPrivilege, []types.BaseMethodFault{
		&types.NoPermission{PrivilegeId: "VirtualMachine.Interact.PowerOff"}, &types.RestrictedVersion{}}},
	{"the VM is gone; so is its BMC when the inventory says so", everyVerb, ipmi.NotPresent, []types.BaseMethodFault{&types.ManagedObjectNotFound{}}},
	{"this vCenter sends no NMI", "diag", ipmi.InvalidField, []types.BaseMethodFault{&types.NotSupported{}}},
	{"a disk is locked, a file is missing, the configuration is broken", everyVerb, ipmi.Unspecified, []types.BaseMethodFault{
		&types.FileLocked{}, &types.FileNotFound{}, &types.CannotAccessFile{}, &types.VmConfigFault{}, &types.CannotAccessVmDisk{},
		&types.InvalidVmConfig{}}},
	{"anything else", everyVerb, ipmi.Unspecified, []types.BaseMethodFault{&types.SystemError{}, &types.Timedout{}}},
	// The last, because vCenter is not asked for an NMI again.
	{"this vCenter has no such method", everyVerb, ipmi.InvalidField, []types.BaseMethodFault{&types.MethodNotFound{}, &types.NotImplemented{}}},
}

// TestFaultCodes has a client of IPMI send each command while vCenter answers it
// with each fault, from the call or from its task.
func TestFaultCodes(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	if err := errors.Join(vc.Tag("bmc/enabled", vm), vc.SetTools(vm, true)); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.4.1-127.7.4.9").IPMI.SessionsPerBMC = 63
	upstream := &l.config.VCenters[0] // the limits are tested elsewhere
	upstream.Limits = vsphere.Limits{Rate: 1000, Burst: 1000}
	upstream.Shares = []vsphere.TenantShare{{Rate: 1000, Burst: 1000}}
	l.start(t)
	b := l.ready(t, vm)
	wantStatus(t, login(t, b), "on")
	for _, row := range faultCodeRows {
		for _, fault := range row.faults {
			for _, v := range verbs {
				if strings.Contains(" "+row.verbs+" ", " "+v.word+" ") {
					t.Run(fmt.Sprintf("%s/%s", faultName(fault), v.word), func(t *testing.T) { answers(t, vc, b, v, fault, row.code) })
				}
			}
		}
	}
	if got := status(t, login(t, b)); got != "on" {
		t.Errorf("after all refusals the VM is %s", got)
	}
	if n := vc.Resets(vm) + vc.NMIs(vm); n != 0 {
		t.Errorf("%d resets and NMIs went through", n)
	}
}

func answers(t *testing.T, vc *vspheretest.VCenter, b admin.BMC, v verb, fault types.BaseMethodFault, want ipmi.CompletionCode) {
	t.Helper()
	_, ofTheCall := fault.(*types.NotAuthenticated)
	for _, inTask := range []bool{false, true} {
		if inTask && (!v.task || ofTheCall) {
			continue
		}
		remove := vc.Inject(vspheretest.Fault{Method: v.method, InTask: inTask, Fault: fault})
		// On one session, the same command would be taken for a repeat.
		if code := control(t, login(t, b), v.command); code != want {
			t.Errorf("in the task %t: got %s, want %s", inTask, code, want)
		}
		remove()
	}
}

func faultName(f types.BaseMethodFault) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", f), "*types.")
}
