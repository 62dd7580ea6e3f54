package gateway

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A VM that is gone leaves its address to nobody within the quarantine, also over
// a restart, and the one that waits gets it when that is over.
func TestQuarantineSurvivesRestart(t *testing.T) {
	b := newBench(t, "127.7.9.1", "a")
	b.config.Pools[0].Quarantine = 24 * time.Hour
	b.build()
	b.tell(0, virtual(1, "bmc/a"))
	b.tell(0, virtual(2, "bmc/a"))
	b.want("another VM", "a/vm2 pending")
	b.stop()
	b.build()
	b.tell(0, virtual(2, "bmc/a"))
	b.want("after a restart", "a/vm2 pending")
	if why := b.gw.BMCs()[0].Reason; !strings.Contains(why, "1 in quarantine") {
		t.Errorf("it waits because %q", why)
	}
	b.gw.clock.base = b.gw.clock.base.Add(24 * time.Hour)
	b.tell(0, virtual(2, "bmc/a"))
	b.want("a day later", "a/vm2 ready 127.7.9.1")
	b.stop()
}

// A wall clock that is wrong at the start shortens no quarantine.
func TestClockGoesOn(t *testing.T) {
	stored := time.Now().Add(-1000 * time.Hour)
	if now := newClock(stored, nil).at(time.Now()); now.Sub(stored) > time.Minute {
		t.Errorf("a clock that stood at %s says %s", stored, now)
	}
	ahead := time.Now().Add(1000 * time.Hour)
	if now := newClock(ahead, nil).at(time.Now()); now.Before(ahead.Round(0)) {
		t.Errorf("a clock that stood at %s says %s", ahead, now)
	}
	lagging := []address.Lease{{Since: stored.Add(-time.Hour), ReleasedAt: stored}, {Since: stored.Add(-2 * time.Hour)}}
	if now := newClock(time.Time{}, lagging).at(time.Now()); now.Sub(stored) > time.Minute {
		t.Errorf("a clock that is lost, of a lease of %s, says %s", stored, now)
	}
	if now := newClock(time.Time{}, nil).at(time.Now()); time.Since(now).Abs() > time.Minute {
		t.Errorf("a new clock says %s", now)
	}
}

// An address that carries our mark and that no lease explains was some VM's.
func TestLostLeaseIsQuarantined(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.3", "a")
	b.config.Pools[0].Quarantine = 24 * time.Hour
	b.build()
	defer b.stop()
	h := &fakeHost{have: map[netip.Addr]bool{netip.MustParseAddr("127.7.9.1"): true}}
	b.gw.pools[0].addresser = h
	if err := b.gw.pools[0].sweep(); err != nil {
		t.Fatal(err)
	}
	b.tell(0, virtual(1, "bmc/a"))
	b.want("a lost lease", "a/vm1 ready 127.7.9.2")
	if u := b.gw.pools[0].usage(time.Now()); u.Quarantined != 1 || h.have[netip.MustParseAddr("127.7.9.1")] {
		t.Errorf("usage %+v, on the interface %v", u, h.have)
	}
}

// tagging is a host whose kernel keeps tags.
type tagging struct {
	*fakeHost
	tags map[netip.Addr]uint32
}

func (h *tagging) Tagged(string) (map[netip.Addr]uint32, error) { return h.tags, nil }

// With the state file and its copy lost, a VM finds its address by what the kernel
// kept, also when others come first.
func TestLostLeaseIsFoundByItsTag(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.3", "a")
	b.config.Pools[0].Quarantine = 24 * time.Hour
	b.build()
	defer b.stop()
	old := netip.MustParseAddr("127.7.9.1")
	b.gw.pools[0].addresser = &tagging{
		fakeHost: &fakeHost{have: map[netip.Addr]bool{old: true}},
		tags:     map[netip.Addr]uint32{old: address.Tag(virtual(2).Key)},
	}
	if err := b.gw.pools[0].sweep(); err != nil {
		t.Fatal(err)
	}
	b.tell(0, virtual(1, "bmc/a"), virtual(2, "bmc/a"))
	b.want("found again", "a/vm1 ready 127.7.9.2", "a/vm2 ready 127.7.9.1")
	if got := b.gw.tags.Of(old); got != address.Tag(virtual(2).Key) {
		t.Errorf("the kernel is given the tag %x", got)
	}
}

// A tenant's second pool gives when the first has nothing left, and a VM stays
// where it is when the first has something again.
func TestSeveralPools(t *testing.T) {
	b := newBench(t, "127.7.9.1", "a")
	b.addPool("more", "127.7.9.7-127.7.9.8")
	b.config.Tenants[0].Pools = []string{"lab", "more"}
	b.build()
	b.tell(0, virtual(1, "bmc/a"), virtual(2, "bmc/a"))
	b.want("two pools", "a/vm1 ready 127.7.9.1", "a/vm2 ready 127.7.9.7")
	if bmcs := b.gw.BMCs(); bmcs[0].Pool != "lab" || bmcs[1].Pool != "more" {
		t.Errorf("pools %s, %s", bmcs[0].Pool, bmcs[1].Pool)
	}
	if u := b.gw.pools[0].usage(time.Now()); u.Waiting != 0 {
		t.Errorf("%d wait for an address they have", u.Waiting)
	}
	b.tell(0, virtual(2, "bmc/a"))
	b.want("the first is gone", "a/vm2 ready 127.7.9.7")
	b.stop()

	b.config.Tenants[0].Pins = []Pin{{VM: "vm2", Address: netip.MustParseAddr("127.7.9.1")}}
	b.build()
	b.tell(0, virtual(2, "bmc/a"))
	b.want("moved by a pin", "a/vm2 ready 127.7.9.1")
	b.stop()
	b.config.Tenants[0].Pins = nil
	b.build()
	defer b.stop()
	b.tell(0, virtual(2, "bmc/a"))
	b.want("and without it", "a/vm2 ready 127.7.9.1")
}

// A tenant with a quota leaves the others their share of a pool, also when it makes
// and deletes VMs all the time.
func TestQuota(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.4", "a", "b")
	b.config.Pools[0].Quarantine = 24 * time.Hour
	b.config.Tenants[0].MaxAddresses = 2
	b.build()
	defer b.stop()
	for n := range 5 {
		b.tell(0, virtual(n, "bmc/a"))
	}
	b.want("turnover", "a/vm4 pending")
	if why := b.gw.BMCs()[0].Reason; why != "the tenant has 2 addresses in use, held or in quarantine, of 2 that it may have" {
		t.Errorf("it waits because %q", why)
	}
	b.tell(1, virtual(8, "bmc/b"), virtual(9, "bmc/b"))
	b.want("the other tenant", "a/vm4 pending", "b/vm8 ready 127.7.9.3", "b/vm9 ready 127.7.9.4")
	b.tell(0, virtual(1, "bmc/a"))
	b.want("one that has its address", "a/vm1 ready 127.7.9.2", "b/vm8 ready 127.7.9.3", "b/vm9 ready 127.7.9.4")
}

// The address that frees goes to who waited longest, whichever tenant it is of.
func TestLongestWaitingOfTwoTenants(t *testing.T) {
	b := newBench(t, "127.7.9.1", "a", "b")
	b.build()
	defer b.stop()
	b.tell(0, virtual(1, "bmc/a"))
	b.tell(1, virtual(9, "bmc/b"))
	b.tell(0, virtual(2, "bmc/a"), virtual(1, "bmc/a"))
	b.tell(0, virtual(2, "bmc/a"))
	b.want("the other tenant's is first", "a/vm2 pending", "b/vm9 pending")
	b.tell(1, virtual(9, "bmc/b"))
	b.want("in its turn", "a/vm2 pending", "b/vm9 ready 127.7.9.1")
}

// A VM's own attribute moves its BMC, and takes it from nobody.
func TestAttributeMovesTheBMC(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.9", "a")
	b.build()
	defer b.stop()
	asking := func(n int, address string) inventory.VM {
		vm := virtual(n, "bmc/a")
		vm.Overrides.Address = netip.MustParseAddr(address)
		return vm
	}
	b.tell(0, virtual(1, "bmc/a"), virtual(2, "bmc/a"))
	b.tell(0, asking(1, "127.7.9.5"), asking(2, "127.7.9.5"))
	b.want("both want one", "a/vm1 ready 127.7.9.5", "a/vm2 ready 127.7.9.2")
	b.tell(0, asking(1, "192.0.2.1"), virtual(2, "bmc/a"))
	b.want("one that is not in the pool", "a/vm1 ready 127.7.9.5", "a/vm2 ready 127.7.9.2")
}

// Without room for the state file nothing new is given, and what is served goes on.
func TestStateThatCannotBeWritten(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.9", "a")
	b.build()
	defer b.stop()
	b.tell(0, virtual(1, "bmc/a"))
	if err := b.store.Close(); err != nil { // from now on nothing can be written
		t.Fatal(err)
	}
	b.tell(0, virtual(1, "bmc/a"), virtual(2, "bmc/a"))
	b.want("not written", "a/vm1 ready 127.7.9.1", "a/vm2 pending")
	if why := b.gw.BMCs()[1].Reason; !strings.Contains(why, "storing the lease") {
		t.Errorf("it waits because %q", why)
	}
	if u := b.gw.pools[0].usage(time.Now()); u.InUse != 1 {
		t.Errorf("usage %+v: what is not on disk is not given", u)
	}
}

// What an operator does to leases, and what he may not do.
func TestOperatorsLeases(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.9", "a")
	b.config.Pools[0].Hold, b.config.Pools[0].Quarantine = time.Hour, 24*time.Hour
	b.build()
	vms := []inventory.VM{virtual(1, "bmc/a"), virtual(2, "bmc/a")}
	change := func(verb admin.LeaseVerb, target, at, want string) {
		t.Helper()
		a, _ := netip.ParseAddr(at)
		l, err := b.gw.ChangeLease(admin.LeaseChange{Verb: verb, Tenant: "a", Target: target, Address: a}, admin.Caller{})
		got := l.State
		if err != nil {
			got = err.Error()
		}
		if l.Pinned {
			got += " pinned"
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s %s %s: got %q, want %q", verb, target, at, got, want)
		}
	}
	change(admin.ReserveLease, "", "127.7.9.1", "reserved")
	b.tell(0, vms...)
	b.want("one is reserved", "a/vm1 ready 127.7.9.2", "a/vm2 ready 127.7.9.3")
	change(admin.ReserveLease, "", "127.7.9.2", "refused: pool \"lab\": 127.7.9.2: the address is taken: in use for vm1")
	change(admin.ReserveLease, "", "192.0.2.1", "in no pool")
	change(admin.ReleaseLease, "vm1", "", "deselect the VM first")
	change(admin.ReleaseLease, "127.7.9.1", "", "free")
	change(admin.ReleaseLease, "nobody", "", "no such BMC")
	change(admin.PinLease, "vm1", "127.7.9.3", "refused")
	change(admin.PinLease, "vm1", "127.7.9.8", "in use pinned")
	b.tell(0, vms...)
	b.want("moved", "a/vm1 ready 127.7.9.8", "a/vm2 ready 127.7.9.3")
	b.tell(0)
	change(admin.PinLease, vms[1].Key.VM, "127.7.9.3", "held pinned")
	b.stop()

	b.build()
	defer b.stop()
	states := make(map[string]string)
	for _, l := range b.gw.Leases() {
		states[l.Address.String()] = l.State
		if l.Pinned == l.Until.IsZero() {
			continue
		}
		t.Errorf("%+v ends, or not", l)
	}
	want := map[string]string{"127.7.9.2": "quarantined", "127.7.9.3": "held", "127.7.9.8": "held"}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	change(admin.ReleaseLease, "vm1", "", "quarantined")
	if _, err := b.gw.ChangeLease(admin.LeaseChange{Verb: admin.ReleaseLease, Tenant: "z", Target: "vm1"}, admin.Caller{}); !errors.Is(err, admin.ErrNoTenant) {
		t.Errorf("a tenant that is not there: %v", err)
	}
}

// A fleet that is new gets its addresses together: who is pinned keeps its own, and
// who cannot have one waits, as one by one.
func TestLeasesTogether(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.4", "a")
	b.config.Tenants[0].Pins = []Pin{{VM: "vm3", Address: netip.MustParseAddr("127.7.9.1")}}
	b.build()
	defer b.stop()
	b.tell(0, virtual(1, "bmc/a"), virtual(2, "bmc/a"), virtual(3, "bmc/a"), virtual(4, "bmc/a"), virtual(5, "bmc/a"))
	b.want("all at once", "a/vm1 ready 127.7.9.2", "a/vm2 ready 127.7.9.3", "a/vm3 ready 127.7.9.1", "a/vm4 ready 127.7.9.4", "a/vm5 pending")
}
