package gateway

import (
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

func TestThrottle(t *testing.T) {
	var h throttle
	now := time.Now()
	for _, step := range []struct {
		name  string
		after time.Duration
		n     int
		leave int
		tries int
		want  int
	}{
		{"no limit", 0, 0, 10, 1000, 1000},
		{"all but what is to be left", 0, 10, 15, 100, 5},
		{"a burst of two periods", time.Hour, 10, 0, 100, 20},
		{"nothing is left", 0, 10, 0, 10, 0},
		{"half a period later", 500 * time.Millisecond, 10, 0, 100, 5},
		{"another configuration", 0, 20, 0, 100, 40},
		{"a long time later", time.Hour, 20, 0, 100, 40},
		{"none any more", 0, 0, 0, 100, 100},
	} {
		now = now.Add(step.after)
		got := 0
		for range step.tries {
			if h.take(now, step.n, time.Second, 2, step.leave) {
				got++
			}
		}
		if got != step.want {
			t.Errorf("%s: %d were let through, want %d", step.name, got, step.want)
		}
	}
}

// TestQuotaOfBMCs: VMs beyond it wait with a reason, a restart takes nobody's BMC,
// and who waits for longest gets the place of one that goes.
func TestQuotaOfBMCs(t *testing.T) {
	b := newBench(t, "127.7.21.1-127.7.21.9", "a")
	b.config.Tenants[0].Quota.BMCs = 2
	b.config.Tenants[0].Guard = inventory.Guard{Answers: 1, Share: 100}
	b.build()
	b.tell(0, virtual(3, "bmc/a"), virtual(4, "bmc/a"))
	b.tell(0, virtual(2, "bmc/a"), virtual(3, "bmc/a"), virtual(4, "bmc/a"))
	all := []inventory.VM{virtual(1, "bmc/a"), virtual(2, "bmc/a"), virtual(3, "bmc/a"), virtual(4, "bmc/a")}
	b.tell(0, all...)
	full := []string{"a/vm1 pending", "a/vm2 pending", "a/vm3 ready 127.7.21.1", "a/vm4 ready 127.7.21.2"}
	b.want("the quota is used up", full...)
	if why := b.gw.BMCs()[0].Reason; why != "the tenant has 2 BMCs, which is its quota" {
		t.Errorf("vm1 waits because %q", why)
	}
	b.stop()
	b.build()
	defer b.stop()
	b.tell(0, all...)
	b.want("after a restart", full...)
	b.tell(0, all[1:]...) // vm2 has waited for longer from here on
	b.tell(0, all...)
	b.tell(0, all[:3]...)
	b.want("vm4 has gone", "a/vm1 pending", "a/vm2 ready 127.7.21.3", "a/vm3 ready 127.7.21.1")
}

// TestQuotaOfPowerOperations: more in a minute are refused with what clients
// repeat, for all BMCs of the tenant together, and reads go on.
func TestQuotaOfPowerOperations(t *testing.T) {
	vc, _, _, s := oneVM(t, func(c *Tenant) { c.Quota.PowerOperationsPerMinute = 2 })
	for i, want := range []ipmi.CompletionCode{ipmi.Completed, ipmi.Completed, ipmi.NodeBusy, ipmi.NodeBusy} {
		action := []ipmi.ChassisControl{ipmi.ChassisPowerDown, ipmi.ChassisPowerUp, ipmi.ChassisPowerDown, ipmi.ChassisHardReset}[i]
		if got := control(t, s, action); got != want {
			t.Errorf("action %d, %s: %s, want %s", i+1, action, got, want)
		}
	}
	wantStatus(t, s, "on")
	if got := string(vc.Power(vm)); got != "poweredOn" {
		t.Errorf("the VM is %s", got)
	}
}

// TestFloodUnderAQuota: whoever floods costs nobody else's session a packet, at no BMC of
// the tenant, and no login at another one.
func TestFloodUnderAQuota(t *testing.T) {
	const perSecond = 100
	tests := []struct {
		name  string
		flood func(hears func(*endpoint, bmc.Standing, string) bool, flooded, quiet *endpoint) (heard int)
		most  int // packets of it in ten seconds
	}{
		{"strangers at one BMC", func(hears func(*endpoint, bmc.Standing, string) bool, flooded, _ *endpoint) int {
			return truths(hears(flooded, bmc.Stranger, ""))
		}, 550},
		{"logins at one BMC", func(hears func(*endpoint, bmc.Standing, string) bool, flooded, _ *endpoint) int {
			return truths(hears(flooded, bmc.Stranger, ""), hears(flooded, bmc.Begun, ""))
		}, 550},
		{"sessions of one account", func(hears func(*endpoint, bmc.Standing, string) bool, flooded, quiet *endpoint) int {
			return truths(hears(flooded, bmc.Member, "loud"), hears(quiet, bmc.Member, "loud"))
		}, 1100},
		{"sessions of accounts for a time", func(hears func(*endpoint, bmc.Standing, string) bool, flooded, quiet *endpoint) int {
			return truths(hears(flooded, bmc.Member, "today"), hears(quiet, bmc.Member, "vc-1"), hears(quiet, bmc.Member, "vc-2"))
		}, 1100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tn := new(tenant)
			tn.conf.Store(&Tenant{Quota: Quota{RequestsPerSecond: perSecond}, Accounts: []bmc.Account{{Name: "loud"}, {Name: "quiet"}}})
			var flooded, quiet endpoint
			begun := time.Now()
			now, heard := begun, 0
			hears := func(ep *endpoint, s bmc.Standing, account string) bool { return tn.hears(ep, now, s, account) }
			for step := range 10_000 { // milliseconds
				now = begun.Add(time.Duration(step) * time.Millisecond)
				for range 10 {
					heard += tt.flood(hears, &flooded, &quiet)
				}
				if step%100 == 0 && !(hears(&flooded, bmc.Member, "quiet") && hears(&quiet, bmc.Member, "quiet")) {
					t.Fatalf("%v: a session is not heard", now.Sub(begun))
				}
				if step%200 == 0 && !(hears(&quiet, bmc.Stranger, "") && hears(&quiet, bmc.Begun, "") && hears(&quiet, bmc.Begun, "")) {
					t.Fatalf("%v: a login at another BMC is not heard", now.Sub(begun))
				}
			}
			if heard > tt.most || heard < tt.most/3 {
				t.Errorf("%d packets of the flood were heard in 10 s, want at most %d", heard, tt.most)
			}
		})
	}
}

func truths(all ...bool) (n int) {
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}

// TestOneAccountHasTheWholeQuota, where there is no other, or no other asks.
func TestOneAccountHasTheWholeQuota(t *testing.T) {
	all := []bmc.Account{{Name: "one"}, {Name: "two"}, {Name: "three"}}
	for accounts := range len(all) + 1 { // none is there in a tenant that is not made yet
		const want = 1050 // of 10 s; a part of what may be had at once is kept for others
		tn := new(tenant)
		tn.conf.Store(&Tenant{Quota: Quota{RequestsPerSecond: 100}, Accounts: all[:accounts]})
		heard := 0
		for begun, step := time.Now(), 0; step <= 10_000; step++ {
			for range 3 {
				heard += truths(tn.hears(new(endpoint), begun.Add(time.Duration(step)*time.Millisecond), bmc.Member, "one"))
			}
		}
		if heard < want-10 || heard > 1200 {
			t.Errorf("with %d accounts one is heard %d times, want %d", accounts, heard, want)
		}
	}
}

// TestLoginsBesideSessions: the only account of a tenant and others for a time may ask
// without a pause, and still log in at another BMC.
func TestLoginsBesideSessions(t *testing.T) {
	tn := new(tenant)
	tn.conf.Store(&Tenant{Quota: Quota{RequestsPerSecond: 100}, Accounts: []bmc.Account{{Name: "one"}}})
	var busy, other endpoint
	begun := time.Now()
	for step := range 20_000 { // milliseconds
		now := begun.Add(time.Duration(step) * time.Millisecond)
		for range 10 {
			tn.hears(&busy, now, bmc.Member, "one")
			tn.hears(&busy, now, bmc.Member, "today")
			tn.hears(&busy, now, bmc.Member, "vc-1")
		}
		if step < 10_000 || step%500 != 0 {
			continue // what may be had at once is used up at first
		}
		for range 4 {
			if !tn.hears(&other, now, bmc.Stranger, "") {
				t.Fatalf("%v: a stranger is not heard", now.Sub(begun))
			}
		}
		for range 2 {
			if !tn.hears(&other, now, bmc.Begun, "") {
				t.Fatalf("%v: a login is not heard", now.Sub(begun))
			}
		}
	}
}

// TestQuotaOfRequests: what is more is not answered.
func TestQuotaOfRequests(t *testing.T) {
	_, _, b, s := oneVM(t, func(c *Tenant) { c.Quota.RequestsPerSecond = 20 })
	console := dial(t, b)
	console.Timeout = 20 * time.Millisecond
	answered, silent := 0, 0
	for range 100 {
		if console.Ping(t.Context()) == nil {
			answered++
		} else if silent++; silent == 3 {
			break
		}
	}
	if answered > 2*20 || silent < 3 {
		t.Errorf("%d answers, %d times silence; want 40 answers at most and then silence", answered, silent)
	}
	eventually(t, "the session goes on", func() error {
		_, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisStatus, nil)
		return err
	})
}
