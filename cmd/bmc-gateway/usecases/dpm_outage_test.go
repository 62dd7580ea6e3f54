package usecases

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest/bmcclient"
)

// insistent asks a busy BMC again for a minute. Whether a real vCenter does so at
// all is not known, so both kinds are tried.
const insistent = 60

// asleepHost has one host registered and in standby.
func asleepHost(t *testing.T, n *nest, host string) {
	t.Helper()
	if err := n.register(t.Context(), host, n.bmc(host)); err != nil {
		t.Fatal(err)
	}
	if err := n.sleep(t.Context(), host); err != nil {
		t.Fatal(err)
	}
	if err := n.is(host, asleep); err != nil {
		t.Fatal(err)
	}
}

// sleepers is a lab whose two VMs are hosts of two vCenters, one that asks once and
// one that asks again.
func sleepers(t *testing.T, name string) (l *lab.Lab, once, again *nest) {
	t.Helper()
	l = lab.Start(t, lab.Config{Name: name, Prefix: "esxi", Tenants: []lab.Tenant{{Name: "nested", VMs: 2}}})
	once = newNest(t, l, name+"-once", 0, 1, bmcclient.Client{})
	again = newNest(t, l, name+"-again", 1, 1, bmcclient.Client{Insist: insistent})
	asleepHost(t, once, l.VM(0))
	asleepHost(t, again, l.VM(1))
	return l, once, again
}

// truthful wakes a host once and fails when success is told of one that sleeps, or
// a failure that is not of the power operation.
func truthful(t *testing.T, n *nest, host string) error {
	t.Helper()
	err := n.wake(t.Context(), host)
	if err == nil {
		if wrong := n.is(host, awake); wrong != nil {
			t.Errorf("a false success: %v", wrong)
		}
	} else if !fault.Is(err, &types.HostPowerOpFailed{}) {
		t.Errorf("%v, want HostPowerOpFailed", err)
	}
	return err
}

// wakesUp wakes a host until it is awake: it may also come by an earlier wake that
// was said to have failed.
func wakesUp(t *testing.T, n *nest, host string) {
	t.Helper()
	lab.Until(t, host+" is awake", func() error {
		if err := n.is(host, awake); err == nil {
			return nil
		}
		if err := n.wake(t.Context(), host); err != nil {
			return err
		}
		return n.is(host, awake)
	})
}

// TestDPMWithASlowVCenter has the outer vCenter take two seconds for each call,
// which is all the time that a BMC has for an answer.
func TestDPMWithASlowVCenter(t *testing.T) {
	t.Parallel()
	u := begin(t, "DPM, a slow vCenter", innerVCenter)
	l, once, again := sleepers(t, "slow")
	l.VCenter.Inject(vspheretest.Fault{Delay: 2 * time.Second})
	u.step(t, "a vCenter that asks again wakes its host", func(t *testing.T) {
		if err := again.wake(t.Context(), l.VM(1)); err != nil {
			t.Fatal(err)
		}
		if err := again.is(l.VM(1), awake); err != nil {
			t.Error(err)
		}
	})
	u.step(t, "one that does not may hear of a failure, never of a false success, and the host comes", func(t *testing.T) {
		t.Logf("it heard %v", truthful(t, once, l.VM(0)))
		wakesUp(t, once, l.VM(0))
	})
	u.step(t, "a BMC is registered as fast as ever", func(t *testing.T) {
		began := time.Now()
		if err := once.register(t.Context(), l.VM(0), once.bmc(l.VM(0))); err != nil {
			t.Error(err)
		}
		t.Logf("in %s", time.Since(began))
	})
}

// TestDPMWithoutAVCenter has the outer vCenter gone when hosts are to be woken.
func TestDPMWithoutAVCenter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, lab string
		gone      func(*vspheretest.VCenter)
		back      func(*vspheretest.VCenter) error
	}{
		{"DPM, a vCenter that is gone", "gone", (*vspheretest.VCenter).Down, (*vspheretest.VCenter).Up},
		{"DPM, a vCenter that hangs", "hangs", func(v *vspheretest.VCenter) { v.Stall(true) }, func(v *vspheretest.VCenter) error {
			v.Stall(false)
			return nil
		}},
	} {
		t.Run(tt.lab, func(t *testing.T) {
			t.Parallel()
			u := begin(t, tt.name, innerVCenter)
			l, once, again := sleepers(t, tt.lab)
			tt.gone(l.VCenter)
			ctx, woken := t.Context(), make(chan error, 1) // the wake outlives the step it begins in
			u.step(t, "waking fails, and the host stays in standby", func(t *testing.T) {
				go func() { woken <- again.wake(ctx, l.VM(1)) }()
				if err := truthful(t, once, l.VM(0)); err == nil {
					t.Error("no failure")
				}
				if err := once.is(l.VM(0), asleep); err != nil {
					t.Error(err)
				}
			})
			u.step(t, "with vCenter back, who asked again has woken its host", func(t *testing.T) {
				if err := tt.back(l.VCenter); err != nil {
					t.Fatal(err)
				}
				if err := <-woken; err != nil {
					t.Errorf("%v", err)
				}
				if err := again.is(l.VM(1), awake); err != nil {
					t.Error(err)
				}
			})
			u.step(t, "and the next wake succeeds", func(t *testing.T) { wakesUp(t, once, l.VM(0)) })
		})
	}
}
