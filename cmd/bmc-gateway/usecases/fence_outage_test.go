package usecases

import (
	"fmt"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// An outage is what may happen to a vCenter while somebody is fenced.
type outage struct {
	name   string
	begin  func(*vspheretest.VCenter)
	passes bool // by itself, so that the fence succeeds
}

var outages = []outage{
	{name: "refuses connections", begin: (*vspheretest.VCenter).Down},
	{name: "hangs", begin: func(v *vspheretest.VCenter) { v.Stall(true) }},
	{name: "answers 503", begin: func(v *vspheretest.VCenter) { v.Refuse(503) }},
	{name: "forgets its sessions", begin: (*vspheretest.VCenter).KillSessions, passes: true},
}

// An accident is when the outage begins, and what vCenter makes of an order that
// it has got before.
type accident struct {
	name   string
	moment string
	task   vspheretest.Fault // of PowerOffVM_Task
	got    bool              // vCenter has got the order
}

var accidents = []accident{
	{name: "before the agent", moment: beforeStatus},
	{name: "before the order", moment: beforeOrder},
	{name: "after the order", moment: afterOrder, got: true},
	{name: "while the task runs", moment: afterOrder, got: true, task: vspheretest.Fault{InTask: true, Delay: 4 * time.Second}},
	{name: "while a task runs that fails", moment: afterOrder, got: true, task: vspheretest.Fault{InTask: true, Delay: 4 * time.Second, Fault: &types.GenericVmConfigFault{Reason: "the host says no"}}},
}

// TestFenceOutage: a vCenter that goes away during a fence makes the fence fail.
// What must never be is an agent that says "off" of a VM that runs.
func TestFenceOutage(t *testing.T) {
	t.Parallel()
	u := begin(t, "fencing without vCenter", fenceIPMILAN, ipmitool)
	for _, o := range outages {
		for _, a := range accidents {
			u.parallel(t, "vCenter "+o.name+" "+a.name, func(t *testing.T) {
				fenceThrough(t, o, a)
			})
		}
	}
	u.parallel(t, "vCenter comes back in time", func(t *testing.T) {
		fenceAfterReturn(t)
	})
	u.parallel(t, "the power off of a cycle fails, then method onoff", func(t *testing.T) {
		fenceAfterFailedCycle(t)
	})
	u.parallel(t, "vCenter goes between off and on of a reboot", func(t *testing.T) {
		fenceHalf(t)
	})
	u.parallel(t, "a VM that was off is started while vCenter is gone", func(t *testing.T) {
		fenceStale(t)
	})
}

// newFenceLab has one VM behind a vCenter of its own. At the end vCenter closes
// first, so that the gateway waits for nothing it has asked.
func newFenceLab(t *testing.T, edit func(*gateway.Config)) (l *lab.Lab, vm string) {
	t.Helper()
	l = lab.Start(t, lab.Config{Name: "outage", Tenants: []lab.Tenant{{Name: "cluster", VMs: 1}}, Edit: edit})
	t.Cleanup(l.VCenter.Close)
	return l, l.VM(0)
}

func fenceThrough(t *testing.T, o outage, a accident) {
	l, vm := newFenceLab(t, nil)
	b := l.Bench(t, vm)
	if a.task.InTask {
		a.task.Method, a.task.VM = "PowerOffVM_Task", vm
		l.VCenter.Inject(a.task)
	}
	options := "action=off power_timeout=10 " // each ipmitool has as long, on a busy machine too
	if o.passes && a.task.Fault == nil {
		options = "action=off "
	}
	options += holdAt(t, b, a.moment)
	said := startFence(t, b, options)
	await(t, b, a.moment)
	o.begin(l.VCenter)
	release(t, b)
	v := <-said
	power := l.VCenter.Power(vm)
	switch {
	case v.code == 0 && power != off:
		t.Errorf("the agent says %q while the VM is %s", v.out, power)
	case v.code == 0 && !a.got && !o.passes:
		t.Errorf("the agent says %q without a vCenter", v.out)
	case v.code != 0 && o.passes && a.task.Fault == nil:
		t.Errorf("exit code %d and %q: another login would have done", v.code, v.out)
	case v.code > 1 || v.code < 0:
		t.Errorf("exit code %d is none of a fence", v.code)
	}
}

// startFence has an agent run beside the test.
func startFence(t *testing.T, b *lab.Bench, options string) <-chan verdict {
	t.Helper()
	said, ended := make(chan verdict, 1), make(chan struct{})
	go func() {
		defer close(ended)
		said <- fence(t, b, "fence_ipmilan", options)
	}()
	t.Cleanup(func() { <-ended })
	return said
}

// fenceAfterReturn: the agent asks long enough for a vCenter that was restarted.
func fenceAfterReturn(t *testing.T) {
	l, vm := newFenceLab(t, nil)
	b := l.Bench(t, vm)
	l.VCenter.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", VM: vm, InTask: true, Delay: 3 * time.Second})
	options := "action=off " + holdAt(t, b, afterOrder)
	said := startFence(t, b, options)
	await(t, b, afterOrder)
	l.VCenter.Down()
	release(t, b)
	lab.Until(t, vm+" is off", func() error {
		if l.VCenter.Power(vm) != off {
			return errNotYet
		}
		return nil
	})
	if err := l.VCenter.Up(); err != nil {
		t.Error(err)
	}
	v := <-said
	v.want(t, l, vm, 0, "Success: Powered OFF", off)
}

// fenceAfterFailedCycle: the agent believes method cycle, which looks at nothing.
// What it left behind must not keep a fence waiting that does look.
func fenceAfterFailedCycle(t *testing.T) {
	l, vm := newFenceLab(t, nil)
	b := l.Bench(t, vm)
	l.VCenter.Inject(vspheretest.Fault{
		Method: "PowerOffVM_Task", VM: vm, InTask: true, Delay: 3 * time.Second, Times: 1, Fault: &types.GenericVmConfigFault{Reason: "the host says no"},
	})
	fence(t, b, "fence_ipmilan", "action=reboot method=cycle").want(t, l, vm, 0, "Success: Rebooted", on)
	lab.Until(t, "the next fence succeeds", func() error {
		if v := fence(t, b, "fence_ipmilan", "action=off power_timeout=10"); v.code != 0 {
			return fmt.Errorf("%q", v.out)
		}
		return nil
	})
	if got := l.VCenter.Power(vm); got != off {
		t.Errorf("the agent says off, and the VM is %s", got)
	}
}

// fenceHalf: the VM is off and stays so. The agent calls that a success, for the
// cluster may go on.
func fenceHalf(t *testing.T) {
	l, vm := newFenceLab(t, nil)
	b := l.Bench(t, vm)
	said := startFence(t, b, "action=reboot power_timeout=15 "+holdAt(t, b, beforeStart))
	await(t, b, beforeStart)
	l.VCenter.Down()
	release(t, b)
	v := <-said
	v.want(t, l, vm, 0, "Timed out waiting to power ON", off)
}

// fenceStale: what vCenter said before it went is not the truth any more, however
// long it is fresh. The VM was off then; its host has started it since, as HA does.
func fenceStale(t *testing.T) {
	l, vm := newFenceLab(t, func(c *gateway.Config) { c.VCenters[0].Freshness = 10 * time.Minute })
	b := l.Bench(t, vm)
	switchOff(t, l, vm)
	fence(t, b, "fence_ipmilan", "action=status").want(t, l, vm, 2, "Status: OFF", off)
	l.VCenter.Down()
	if err := l.VCenter.SetPower(vm, on); err != nil {
		t.Fatal(err)
	}
	lab.Until(t, "off is not told any more", func() error {
		if l.BMC(vm).Power == "off" {
			return errNotYet
		}
		return nil
	})
	fence(t, b, "fence_ipmilan", "action=off").want(t, l, vm, 1, "Unable to obtain correct plug status", on)
	fence(t, b, "fence_ipmilan", "action=status").want(t, l, vm, 1, "Unable to obtain correct plug status", on)
}
