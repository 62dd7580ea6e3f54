package usecases

import (
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A slowness is a vCenter that takes its time, and what a fence comes to then.
type slowness struct {
	name    string
	fault   vspheretest.Fault
	options string
	fails   bool // it must, in the time the agent has
}

var slownesses = []slowness{
	{name: "every call takes 2 s", fault: vspheretest.Fault{Delay: 2 * time.Second}},
	{name: "every call takes 10 s", fault: vspheretest.Fault{Delay: 10 * time.Second}},
	{name: "every call takes 60 s", fault: vspheretest.Fault{Delay: time.Minute}, options: "power_timeout=5", fails: true},
	{name: "the task takes 2 s", fault: vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Delay: 2 * time.Second}},
	{name: "the task takes 10 s", fault: vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Delay: 10 * time.Second}},
	{name: "the task takes 60 s", fault: vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Delay: time.Minute}, options: "power_timeout=5", fails: true},
}

// TestFenceSlow: while the VM runs the agent waits, and fails when its time is up.
func TestFenceSlow(t *testing.T) {
	t.Parallel()
	u := begin(t, "fencing, vCenter slow", fenceIPMILAN, ipmitool)
	for _, s := range slownesses {
		u.parallel(t, s.name, func(t *testing.T) {
			l, vm := newFenceLab(t, nil)
			l.VCenter.Inject(s.fault)
			began := time.Now()
			v := fence(t, l.Bench(t, vm), "fence_ipmilan", "action=off "+s.options)
			switch power := l.VCenter.Power(vm); {
			case v.code == 0 && power != off:
				t.Errorf("the agent says %q while the VM is %s", v.out, power)
			case s.fails && time.Since(began) < 50*time.Second:
				v.want(t, l, vm, 1, "", on)
			case !s.fails:
				v.want(t, l, vm, 0, "Success: Powered OFF", off)
			}
		})
	}
}
