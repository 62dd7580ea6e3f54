package usecases

import (
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// A fencing is one call of an agent for a VM of its own.
type fencing struct {
	name    string
	agent   string // default fence_ipmilan
	isOff   bool   // the VM, before
	options string
	code    int
	says    string
	power   types.VirtualMachinePowerState // in the end
	wasOff  bool                           // in between, but not before and after
}

var fencings = []fencing{
	{name: "status", options: "action=status", says: "Status: ON", power: on},
	{name: "status, VM off", isOff: true, options: "action=status", code: 2, says: "Status: OFF", power: off},
	{name: "monitor", options: "action=monitor", power: on},
	{name: "monitor, VM off", isOff: true, options: "action=monitor", power: off},
	{name: "off", options: "action=off", says: "Success: Powered OFF", power: off},
	{name: "off, already", isOff: true, options: "action=off", says: "Success: Already OFF", power: off},
	{name: "on", isOff: true, options: "action=on", says: "Success: Powered ON", power: on},
	{name: "on, already", options: "action=on", says: "Success: Already ON", power: on},
	{name: "reboot, method onoff", options: "action=reboot method=onoff", says: "Success: Rebooted", power: on, wasOff: true},
	{name: "reboot of a VM that is off, method onoff", isOff: true, options: "action=reboot", says: "Success: Rebooted", power: on},
	{name: "reboot, method cycle", options: "action=reboot method=cycle power_wait=3", says: "Success: Rebooted", power: on, wasOff: true},
	{name: "reboot of a VM that is off, method cycle, fails", isOff: true, options: "action=reboot method=cycle", code: 1, power: off},
	{name: "cipher suite 17", options: "action=off cipher=17", says: "Success: Powered OFF", power: off},
	{name: "cipher suite 3", options: "action=off cipher=3", says: "Success: Powered OFF", power: off},
	{name: "an administrator", options: "action=off username=admin privlvl=administrator", says: "Success: Powered OFF", power: off},
	{name: "an operator who asks for more, fails", options: "action=off privlvl=administrator", code: 1, power: on},
	{name: "a user may look", options: "action=status username=user privlvl=user", says: "Status: ON", power: on},
	// "Timed out waiting to power OFF", or on a busy machine "Connection timed out".
	{name: "a user may not fence, fails", options: "action=off username=user privlvl=user power_timeout=2", code: 1, says: "imed out", power: on},
	{name: "wrong password, fails", options: "action=off password=wrong", code: 1, power: on},
	{name: "IPMI 1.5, which is off, fails", options: "action=off lanplus=0", code: 1, power: on},
	{name: "power_wait, power_timeout, retry_on", options: "action=reboot power_wait=4 power_timeout=30 retry_on=2", says: "Success: Rebooted", power: on, wasOff: true},
	{name: "delay", options: "action=off delay=1", says: "Success: Powered OFF", power: off},
	{name: "fence_ipmilanplus", agent: "fence_ipmilanplus", options: "action=off", says: "Success: Powered OFF", power: off},
	{name: "fence_ilo3", agent: "fence_ilo3", options: "action=off", says: "Success: Powered OFF", power: off},
	{name: "fence_ilo4", agent: "fence_ilo4", options: "action=off", says: "Success: Powered OFF", power: off},
	{name: "fence_ilo5", agent: "fence_ilo5", options: "action=off", says: "Success: Powered OFF", power: off},
	{name: "fence_idrac", agent: "fence_idrac", options: "action=off", says: "Success: Powered OFF", power: off},
	{name: "fence_imm", agent: "fence_imm", options: "action=off", says: "Success: Powered OFF", power: off},
}

// TestFence drives the fence agent as Pacemaker does: options on its standard
// input, and what counts is its exit code and what vCenter has then.
func TestFence(t *testing.T) {
	t.Parallel()
	u := begin(t, "fencing", fenceIPMILAN, ipmitool)
	l := lab.Start(t, lab.Config{Name: "fence", Tenants: []lab.Tenant{{Name: "cluster", VMs: len(fencings) + 1}}})
	u.step(t, "diag is an NMI", func(t *testing.T) {
		vm := l.VM(len(fencings))
		fence(t, l.Bench(t, vm), "fence_ipmilan", "action=diag").want(t, l, vm, 0, "Success: Rebooted", on)
		if got := l.VCenter.NMIs(vm); got != 1 {
			t.Errorf("the VM had %d NMIs, want 1", got)
		}
	})
	for n, f := range fencings {
		u.parallel(t, f.name, func(t *testing.T) {
			f.run(t, l, l.VM(n))
		})
	}
}

func (f fencing) run(t *testing.T, l *lab.Lab, vm string) {
	if f.isOff {
		switchOff(t, l, vm)
	}
	if f.agent == "" {
		f.agent = "fence_ipmilan"
	}
	stop := watchPower(l, vm)
	v := fence(t, l.Bench(t, vm), f.agent, f.options)
	wasOff := stop()
	v.want(t, l, vm, f.code, f.says, f.power)
	if want := f.isOff || f.wasOff || f.power == off; wasOff != want {
		t.Errorf("that the VM was off in between is %t, want %t", wasOff, want)
	}
}
