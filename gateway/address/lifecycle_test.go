package address

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// quarantined makes a pool with a hold of an hour and a quarantine of a day.
func quarantined(t *testing.T, in string) *Pool {
	t.Helper()
	p, err := NewPool(PoolConfig{Name: "lab", Ranges: ranges(t, in), Hold: time.Hour, Quarantine: 24 * time.Hour}, NewMACs())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// state fails the test unless the address is in the state, for that long yet.
func state(t *testing.T, p *Pool, a string, now time.Time, want State, yet time.Duration) {
	t.Helper()
	l, ok := p.At(netip.MustParseAddr(a))
	got, until := p.Config().State(l, now)
	if !ok || got != want || until.IsZero() != (yet == 0) || yet > 0 && until.Sub(now) != yet {
		t.Errorf("%s: got %s until %s (%t), want %s for %s", a, got, until, ok, want, yet)
	}
}

func TestLifeOfALease(t *testing.T) {
	p := quarantined(t, "10.0.0.1")
	at := func(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }
	allocate(t, p, 1, start, "10.0.0.1")
	state(t, p, "10.0.0.1", at(100), InUse, 0)
	p.Release(key(1), at(100))
	state(t, p, "10.0.0.1", at(100), Held, time.Hour)
	state(t, p, "10.0.0.1", at(101), Quarantined, 24*time.Hour)
	allocate(t, p, 2, at(124), "")
	state(t, p, "10.0.0.1", at(125), Free, 0)
	allocate(t, p, 1, at(126), "10.0.0.1") // its own, until another has it
	p.Release(key(1), at(200))
	allocate(t, p, 2, at(224), "")
	allocate(t, p, 2, at(225), "10.0.0.1")
}

func TestEndOfAHold(t *testing.T) {
	p := quarantined(t, "10.0.0.1-10.0.0.2")
	allocate(t, p, 1, start, "10.0.0.1")
	a := netip.MustParseAddr("10.0.0.1")
	if err := p.End(a, start); !errors.Is(err, ErrTaken) {
		t.Errorf("a lease in use: %v", err)
	}
	p.Pin(key(1))
	p.Release(key(1), start)
	state(t, p, "10.0.0.1", start.Add(10000*time.Hour), Held, 0) // pinned: for ever
	for _, after := range []time.Duration{0, time.Minute} {      // the first time counts
		if err := p.End(a, start.Add(after)); err != nil {
			t.Error(err)
		}
	}
	state(t, p, "10.0.0.1", start, Quarantined, 24*time.Hour)
	if err := p.End(netip.MustParseAddr("10.0.0.2"), start); err == nil {
		t.Error("an address without a lease has none to end")
	}
}

func TestReserve(t *testing.T) {
	p := quarantined(t, "10.0.0.1-10.0.0.3")
	first, second := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	if err := p.Reserve(first, "acme", start); err != nil {
		t.Fatal(err)
	}
	allocate(t, p, 1, start, "10.0.0.2")
	if err := p.Reserve(second, "acme", start); !errors.Is(err, ErrTaken) {
		t.Errorf("an address in use: %v", err)
	}
	if err := p.Reserve(netip.MustParseAddr("10.0.1.1"), "acme", start); err == nil {
		t.Error("an address that is not in the pool was reserved")
	}
	if err := p.Assign(key(9), first, start); !errors.Is(err, ErrTaken) {
		t.Errorf("a pin to a reserved address: %v", err)
	}
	if err := p.End(first, start); err != nil {
		t.Error(err)
	}
	allocate(t, p, 2, start, "10.0.0.1") // never a VM's, so there is nothing to wait for

	p.Release(key(1), start)
	later := start.Add(2 * time.Hour)
	if err := p.Reserve(second, "acme", later); err != nil { // in quarantine
		t.Error(err)
	}
	state(t, p, "10.0.0.2", later, Reserved, 0)
	if err := p.End(second, later); err != nil {
		t.Error(err)
	}
	state(t, p, "10.0.0.2", later, Quarantined, 24*time.Hour)
}

func TestAssign(t *testing.T) {
	p := quarantined(t, "10.0.0.1-10.0.0.9")
	p.SetAside([]netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.9.9.9")})
	allocate(t, p, 1, start, "10.0.0.2") // the first is somebody's by configuration
	p.SetAside([]netip.Addr{netip.MustParseAddr("10.0.0.3")})
	allocate(t, p, 9, start, "10.0.0.4") // and so is the third, by another configuration
	mac, _ := p.Lease(key(1))
	if err := p.Assign(key(1), netip.MustParseAddr("10.0.0.1"), start); err != nil {
		t.Fatal(err)
	}
	got, _ := p.Lease(key(1))
	if got.Address.String() != "10.0.0.1" || got.MAC != mac.MAC {
		t.Errorf("moved to %+v", got)
	}
	state(t, p, "10.0.0.2", start, Quarantined, 24*time.Hour)
	err := p.Assign(key(2), netip.MustParseAddr("10.0.0.2"), start)
	if !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), "for 24h0m0s yet") {
		t.Errorf("an address in quarantine: %v", err)
	}
	if err := p.Assign(key(2), netip.MustParseAddr("10.0.0.1"), start); !errors.Is(err, ErrTaken) {
		t.Errorf("another's address: %v", err)
	}
	if err := p.Assign(key(2), netip.MustParseAddr("10.9.9.9"), start); err == nil {
		t.Error("an address that is not in the pool was given")
	}
	if _, ok := p.Lease(key(2)); ok {
		t.Error("a pin that failed left a lease")
	}
}

func TestConflict(t *testing.T) {
	p := quarantined(t, "10.0.0.1-10.0.0.9")
	allocate(t, p, 1, start, "10.0.0.1")
	allocate(t, p, 2, start, "10.0.0.2")
	for _, one := range []struct {
		address string
		served  bool
	}{{"10.0.0.1", false}, {"10.0.0.2", true}, {"10.0.0.3", false}} {
		if err := p.Conflict(netip.MustParseAddr(one.address), one.served, start); err != nil {
			t.Error(err)
		}
	}
	allocate(t, p, 1, start, "10.0.0.4") // it was never known by the first
	allocate(t, p, 2, start, "10.0.0.2") // it was: nobody may mistake another for it
	allocate(t, p, 3, start, "10.0.0.5")
	state(t, p, "10.0.0.1", start, Quarantined, 24*time.Hour)
	state(t, p, "10.0.0.3", start, Quarantined, 24*time.Hour)
	// Seen again when the hold is long over.
	p.Release(key(2), start)
	later := start.Add(20 * time.Hour)
	if err := p.Conflict(netip.MustParseAddr("10.0.0.2"), true, later); err != nil {
		t.Error(err)
	}
	state(t, p, "10.0.0.2", later, Quarantined, 24*time.Hour)
	if err := p.Conflict(netip.MustParseAddr("10.0.1.2"), true, later); err == nil {
		t.Error("a conflict outside the pool is none of its business")
	}
}

// TestLongestWaitingFirst: an address that frees goes to who asked first, also
// when others ask again before.
func TestLongestWaitingFirst(t *testing.T) {
	p := newPool(t, 0, "10.0.0.1-10.0.0.2")
	allocate(t, p, 1, start, "10.0.0.1")
	allocate(t, p, 2, start, "10.0.0.2")
	for _, vm := range []int{5, 4, 3} {
		allocate(t, p, vm, start, "")
	}
	if u := p.Usage(start); u.Waiting != 3 {
		t.Errorf("%d wait", u.Waiting)
	}
	p.Release(key(2), start)
	for _, vm := range []int{3, 4, 6} {
		allocate(t, p, vm, start, "")
	}
	allocate(t, p, 5, start, "10.0.0.2")
	p.Release(key(4), start) // gives up
	p.Release(key(1), start)
	allocate(t, p, 6, start, "")
	allocate(t, p, 3, start, "10.0.0.1")
}

// TestLargePool: an IPv6 network is never written down, and a VM finds its
// address in it without its lease.
func TestLargePool(t *testing.T) {
	p := newPool(t, time.Hour, "2001:db8::/64")
	var given []netip.Addr
	for vm := range 1000 {
		a, err := p.Allocate(key(vm), start)
		if err != nil || !netip.MustParsePrefix("2001:db8::/64").Contains(a) || slices.Contains(given, a) {
			t.Fatalf("vm %d: %s, %v", vm, a, err)
		}
		given = append(given, a)
	}
	// Clients know a VM by it when the state file is lost: do not change the derivation.
	if got, want := given[1].String(), "2001:db8::ba37:d55d:bea6:ce64"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	again := newPool(t, time.Hour, "2001:db8::/64")
	for vm := 999; vm >= 0; vm-- {
		allocate(t, again, vm, start, given[vm].String())
	}
	// Somebody has the place already.
	third := newPool(t, time.Hour, "2001:db8::/64")
	third.SetAside(given[1:2])
	allocate(t, third, 1, start, given[1].Next().String())
}

// VMs that come and go do not fill the books of a pool that never runs out.
func TestLargePoolForgets(t *testing.T) {
	p := quarantined(t, "2001:db8::/64")
	now := start
	allocate(t, p, 0, now, func() string { a, _ := p.unused(key(0)); return a.String() }())
	first, _ := p.Lease(key(0))
	p.Release(key(0), now)
	for vm := 1; vm < 1000; vm++ {
		a, _ := p.unused(key(vm))
		allocate(t, p, vm, now, a.String())
		p.Release(key(vm), now)
		now = now.Add(time.Hour) // held for one, and quarantined for a day
		if n := len(p.Leases()); n > 26 {
			t.Fatalf("%d leases after %d VMs", n, vm)
		}
	}
	if put, forget := p.Changes(); len(put) > 26 || len(forget) != 0 {
		t.Errorf("%d leases are to be stored, %d to be forgotten that are not stored", len(put), len(forget))
	}
	p.Settle()
	allocate(t, p, 0, now.Add(48*time.Hour), first.Address.String()) // its own, by its identity
	if _, forget := p.Changes(); len(forget) != pruneAtOnce {
		t.Errorf("%d leases are forgotten on the disk, want %d", len(forget), pruneAtOnce)
	}
}

// TestHardwareAddressesDiffer: of two VMs that would have the same one, the second
// gets another, and keeps it.
func TestHardwareAddressesDiffer(t *testing.T) {
	macs := NewMACs()
	var pools []*Pool
	for _, in := range []string{"10.0.0.0/24", "10.0.1.0/24"} {
		p, err := NewPool(PoolConfig{Name: in, Ranges: ranges(t, in)}, macs)
		if err != nil {
			t.Fatal(err)
		}
		pools = append(pools, p)
	}
	if err := pools[0].Adopt(Lease{Key: key(1), Address: netip.MustParseAddr("10.0.0.1"), MAC: MAC(MACFor(key(2)))}); err != nil {
		t.Fatal(err)
	}
	allocate(t, pools[1], 2, start, "10.0.1.1")
	second, _ := pools[1].Lease(key(2))
	if second.MAC == MAC(MACFor(key(2))) || second.MAC[0] != 2 {
		t.Errorf("got %s", second.MAC)
	}
	// An earlier release stored the same for both.
	if err := pools[1].Adopt(Lease{Key: key(3), Address: netip.MustParseAddr("10.0.1.3"), MAC: second.MAC}); err != nil {
		t.Fatal(err)
	}
	if l, _ := pools[1].Lease(key(3)); l.MAC != MAC(MACFor(key(3))) {
		t.Errorf("got %s", l.MAC)
	}
	// After a restart the second has what it had.
	if err := pools[1].Adopt(second); err != nil {
		t.Fatal(err)
	}
	if l, _ := pools[1].Lease(key(2)); l.MAC != second.MAC {
		t.Errorf("had %s, has %s", second.MAC, l.MAC)
	}
}
