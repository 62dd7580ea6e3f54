package usecases

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest/bmcclient"
)

// TestDPM is the life of a nested host under Distributed Power Management: its BMC
// is registered, it goes to standby, it is woken. Once as the one BMC that is known
// to work with vCenter was addressed, once as VMware's documents have it.
func TestDPM(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		v15  bool
	}{{"DPM, IPMI 2.0", false}, {"DPM, IPMI 1.5", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := begin(t, tt.name, innerVCenter)
			c := lab.Config{Name: "outer", Prefix: "esxi", Tenants: []lab.Tenant{{Name: "nested", VMs: 2}}}
			if tt.v15 {
				c.Edit = asProfile(t)
			}
			l := lab.Start(t, c)
			lifeOfAHost(t, u, newNest(t, l, "inner", 0, 2, bmcclient.Client{V15: tt.v15}))
		})
	}
}

func lifeOfAHost(t *testing.T, u *useCase, n *nest) {
	host := n.lab.VM(0)
	u.step(t, "a MAC address of another BMC is refused, both are told", func(t *testing.T) {
		bmc := n.bmc(host)
		bmc.BmcMacAddress = n.bmc(n.lab.VM(1)).BmcMacAddress
		var wrong *types.InvalidIpmiMacAddress
		if _, ok := fault.As(n.register(t.Context(), host, bmc), &wrong); !ok ||
			wrong.UserProvidedMacAddress != bmc.BmcMacAddress || !strings.EqualFold(wrong.ObservedMacAddress, n.lab.BMC(host).MAC) {
			t.Errorf("got %+v, want InvalidIpmiMacAddress with %s and %s", wrong, bmc.BmcMacAddress, n.lab.BMC(host).MAC)
		}
	})
	u.step(t, "a wrong password is refused", func(t *testing.T) {
		bmc := n.bmc(host)
		bmc.Password = "not-the-password"
		if err := n.register(t.Context(), host, bmc); !fault.Is(err, &types.InvalidIpmiLoginInfo{}) {
			t.Errorf("%v, want InvalidIpmiLoginInfo", err)
		}
	})
	u.step(t, "an account that may only read is refused", func(t *testing.T) {
		bmc := n.bmc(host)
		bmc.Login = "user"
		if err := n.register(t.Context(), host, bmc); !fault.Is(err, &types.InvalidBmcRole{}) {
			t.Errorf("%v, want InvalidBmcRole", err)
		}
	})
	u.step(t, "the BMC is registered", func(t *testing.T) {
		if err := n.register(t.Context(), host, n.bmc(host)); err != nil {
			t.Error(err)
		}
	})
	u.step(t, "standby: the host is evacuated, its VM goes off", func(t *testing.T) {
		if err := n.sleep(t.Context(), host); err != nil {
			t.Fatal(err)
		}
		if err := n.is(host, asleep); err != nil {
			t.Error(err)
		}
		if on := n.inner.HostOf("guest-01"); on == host || on == "" {
			t.Errorf("the VM that ran on the host is on %q", on)
		}
		lab.Until(t, "the BMC says off", func() error {
			if power := n.lab.BMC(host).Power; power != admin.PowerOff {
				return fmt.Errorf("it says %s", power)
			}
			return nil
		})
	})
	u.step(t, "wake: the VM is powered on, the host leaves standby", func(t *testing.T) {
		if err := n.wake(t.Context(), host); err != nil {
			t.Fatal(err)
		}
		if err := n.is(host, awake); err != nil {
			t.Error(err)
		}
	})
}

// TestDPMCluster wakes a whole cluster at once, at the pace that the gateway lets
// commands through to a vCenter by default.
func TestDPMCluster(t *testing.T) {
	t.Parallel()
	const hosts = 32
	u := begin(t, "DPM, a cluster", innerVCenter)
	l := lab.Start(t, lab.Config{Name: "outer32", Prefix: "esxi", Tenants: []lab.Tenant{{Name: "nested", VMs: hosts}}})
	n := newNest(t, l, "inner32", 0, hosts, bmcclient.Client{})
	// A vCenter takes some time to begin a task.
	for _, method := range []string{"PowerOnVM_Task", "PowerOnMultiVM_Task"} {
		l.VCenter.Inject(vspheretest.Fault{Method: method, Delay: 100 * time.Millisecond})
	}
	u.step(t, "32 hosts are registered and go to standby, all at once", func(t *testing.T) {
		n.each(t, hosts, func(host string) error { return n.register(t.Context(), host, n.bmc(host)) })
		n.each(t, hosts, func(host string) error { return n.sleep(t.Context(), host) })
		n.each(t, hosts, func(host string) error { return n.is(host, asleep) })
	})
	const woken = "all are woken at once, and leave standby"
	u.step(t, woken, func(t *testing.T) {
		l.VCenter.ResetCalls()
		began := time.Now()
		var again atomic.Int64
		n.each(t, hosts, func(host string) error { return n.wakes(t.Context(), host, &again) })
		took := time.Since(began)
		t.Logf("%d had to be woken again", again.Load())
		if again.Load() > hosts/2 {
			t.Errorf("%d of %d had to be woken again", again.Load(), hosts)
		}
		n.each(t, hosts, func(host string) error { return n.is(host, awake) })
		calls := l.VCenter.Calls()
		single, batches, sum := calls["PowerOnVM_Task"], calls["PowerOnMultiVM_Task"], 0
		for _, times := range calls {
			sum += times
		}
		journal.measure(u.name, woken, fmt.Sprintf("%d hosts within %.1f s: %d power-ons one by one, %d batches, %d calls of vCenter in all",
			hosts, took.Seconds(), single, batches, sum))
		if single+batches == 0 || single+batches > hosts+int(again.Load()) {
			t.Errorf("%d power-ons one by one and %d batches for %d hosts", single, batches, hosts)
		}
	})
}
