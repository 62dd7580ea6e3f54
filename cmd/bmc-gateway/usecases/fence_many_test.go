package usecases

import (
	"sync"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// A whole cluster: that many nodes.
const clusterSize = 16

// TestFenceTogether is what happens when a rack loses its network: everybody is
// fenced at once, some by two.
func TestFenceTogether(t *testing.T) {
	t.Parallel()
	u := begin(t, "fencing together", fenceIPMILAN, ipmitool)
	l := lab.Start(t, lab.Config{Name: "together", Tenants: []lab.Tenant{{Name: "cluster", VMs: clusterSize + 3}}})
	u.parallel(t, "16 agents, each fences a VM", func(t *testing.T) {
		var wg sync.WaitGroup
		for n := range clusterSize {
			vm, b := l.VM(n), l.Bench(t, l.VM(n))
			wg.Go(func() { fence(t, b, "fence_ipmilan", "action=off").want(t, l, vm, 0, "Success: Powered OFF", off) })
		}
		wg.Wait()
	})
	for n, race := range []struct{ name, first, second string }{
		{"two agents power one VM off", "off", "off"},
		{"two agents reboot one VM", "reboot", "reboot"},
		{"one agent powers a VM off, one reboots it", "off", "reboot"},
	} {
		u.parallel(t, race.name, func(t *testing.T) {
			raceAgents(t, l, l.VM(clusterSize+n), race.first, race.second)
		})
	}
}

// raceAgents has two agents work on one VM. One may find that the other has
// changed what it had done, and fail; but who says that it was fenced, is right.
func raceAgents(t *testing.T, l *lab.Lab, vm, first, second string) {
	t.Helper()
	stop := watchPower(l, vm)
	var wg sync.WaitGroup
	verdicts := make([]verdict, 2)
	for n, action := range []string{first, second} {
		b := l.Bench(t, vm)
		wg.Go(func() { verdicts[n] = fence(t, b, "fence_ipmilan", "power_timeout=20 action="+action) })
	}
	wg.Wait()
	wasOff := stop()
	for _, v := range verdicts {
		if v.code == 0 && !wasOff {
			t.Errorf("the VM was never off, and an agent said %q", v.out)
		}
	}
	if verdicts[0].code != 0 && verdicts[1].code != 0 {
		t.Errorf("both agents failed: %q, %q", verdicts[0].out, verdicts[1].out)
	}
	if first == "off" && second == "off" && l.VCenter.Power(vm) != off {
		t.Errorf("it is %s", l.VCenter.Power(vm))
	}
}
