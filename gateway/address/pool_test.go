package address

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func key(n int) inventory.Key {
	return inventory.Key{VCenter: "c0ffee00-0000-0000-0000-000000000000", VM: fmt.Sprintf("5000%04d-0000-0000-0000-000000000000", n)}
}

func newPool(t testing.TB, hold time.Duration, in string) *Pool {
	t.Helper()
	r, err := ParseRange(in)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPool(PoolConfig{Name: "lab", Ranges: []Range{r}, Hold: hold}, NewMACs())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// allocate fails the test unless the VM gets the address; "" wants ErrExhausted.
func allocate(t *testing.T, p *Pool, vm int, now time.Time, want string) {
	t.Helper()
	a, err := p.Allocate(key(vm), now)
	switch {
	case want == "":
		if !errors.Is(err, ErrExhausted) {
			t.Errorf("vm %d: got %s, %v, want ErrExhausted", vm, a, err)
		}
	case err != nil || a.String() != want:
		t.Errorf("vm %d: got %s, %v, want %s", vm, a, err, want)
	}
}

func TestAllocateOrder(t *testing.T) {
	p := newPool(t, time.Hour, "10.0.0.1-10.0.0.3")
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

	allocate(t, p, 1, at(0), "10.0.0.1")
	allocate(t, p, 2, at(0), "10.0.0.2")
	allocate(t, p, 1, at(1), "10.0.0.1") // its own
	p.Release(key(1), at(2))
	allocate(t, p, 3, at(3), "10.0.0.3") // never leased before held
	p.Release(key(2), at(4))
	allocate(t, p, 4, at(61), "")         // both are held
	allocate(t, p, 4, at(62), "10.0.0.1") // the hold of the first has passed
	allocate(t, p, 5, at(63), "")         // that of the second has not
	allocate(t, p, 2, at(63), "10.0.0.2") // but it is still its owner's
	allocate(t, p, 1, at(500), "")        // all in use again, and 1 has lost its own
	p.Release(key(3), at(501))
	p.Release(key(3), at(560))             // the first time counts
	allocate(t, p, 3, at(561), "10.0.0.3") // own, although the hold has passed
	p.Release(key(1), at(600))             // gives up, as 5 does
	p.Release(key(5), at(600))
	p.Release(key(4), at(600))
	p.Release(key(2), at(600))
	allocate(t, p, 6, at(660), "10.0.0.1") // released together: the lower one
}

func TestAllocatedLease(t *testing.T) {
	p := newPool(t, time.Hour, "10.0.0.1-10.0.0.3")
	allocate(t, p, 1, start, "10.0.0.1")
	want := Lease{
		Key: key(1), Tenant: "acme", VM: "web1", BIOSUUID: "4221-1", Pool: "lab", Address: netip.MustParseAddr("10.0.0.1"),
		MAC: MAC(MACFor(key(1))), Since: start,
	}
	described, ok := p.Describe(inventory.VM{Key: key(1), Name: "web1", BIOSUUID: "4221-1"}, "acme")
	if diff := cmp.Diff(want, described, leaseCmp); diff != "" || !ok {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	want.ReleasedAt = start.Add(time.Minute)
	released, ok := p.Release(key(1), start.Add(time.Minute))
	if diff := cmp.Diff(want, released, leaseCmp); diff != "" || !ok {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	allocate(t, p, 1, start.Add(time.Hour), "10.0.0.1")
	want.Since, want.ReleasedAt = start.Add(time.Hour), time.Time{}
	again, ok := p.Lease(key(1))
	if diff := cmp.Diff(want, again, leaseCmp); diff != "" || !ok {
		t.Errorf("used again (-want +got):\n%s", diff)
	}

	for name, verb := range map[string]func() (Lease, bool){
		"Lease":    func() (Lease, bool) { return p.Lease(key(2)) },
		"Release":  func() (Lease, bool) { return p.Release(key(2), start) },
		"Describe": func() (Lease, bool) { return p.Describe(inventory.VM{Key: key(2), Name: "web2"}, "acme") },
	} {
		if l, ok := verb(); ok {
			t.Errorf("%s of a VM without a lease: got %v", name, l)
		}
	}
}

func TestExhaustedNamesTheCounts(t *testing.T) {
	p := newPool(t, time.Hour, "10.0.0.1-10.0.0.3")
	for vm := range 3 {
		if _, err := p.Allocate(key(vm), start); err != nil {
			t.Fatal(err)
		}
	}
	p.Release(key(0), start)
	_, err := p.Allocate(key(3), start)
	want := `pool "lab", vm ` + key(3).String() + `: address pool exhausted: 3 addresses, 2 in use, 1 held for their VMs, 0 in quarantine, 0 reserved`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAdopt(t *testing.T) {
	lease := func(vm int, a string) Lease {
		return Lease{Key: key(vm), Pool: "old name", VM: "web", Address: netip.MustParseAddr(a), MAC: MAC(MACFor(key(vm))), Since: start}
	}
	released := lease(3, "10.0.0.3")
	released.ReleasedAt = start
	tests := []struct {
		name  string
		lease Lease
		want  string // error, empty: none
	}{
		{"in use", lease(2, "10.0.0.2"), ""},
		{"released", released, ""},
		{"again", lease(1, "10.0.0.1"), ""},
		{"outside", lease(2, "10.0.1.1"), `pool "lab", address 10.0.1.1, vm ` + key(2).String() + `: the address is not in the pool or excluded`},
		{"excluded", lease(2, "10.0.0.5"), `pool "lab", address 10.0.0.5, vm ` + key(2).String() + `: the address is not in the pool or excluded`},
		{"IPv6", lease(2, "2001:db8::1"), `pool "lab", address 2001:db8::1, vm ` + key(2).String() + `: the address is not in the pool or excluded`},
		{"owned", lease(2, "10.0.0.1"), `pool "lab", address 10.0.0.1, vm ` + key(2).String() + `: the address is leased to vm ` + key(1).String()},
		{"owner has another", lease(1, "10.0.0.2"), `pool "lab", address 10.0.0.2, vm ` + key(1).String() + `: the vm has address 10.0.0.1 already`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := NewPool(PoolConfig{Name: "lab", Ranges: ranges(t, "10.0.0.1-10.0.0.9"), Exclude: ranges(t, "10.0.0.5")}, NewMACs())
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Adopt(lease(1, "10.0.0.1")); err != nil {
				t.Fatal(err)
			}
			before := p.Leases()
			err = p.Adopt(tt.lease)
			if tt.want != "" {
				if err == nil || err.Error() != tt.want {
					t.Errorf("got  %v\nwant %s", err, tt.want)
				}
				if diff := cmp.Diff(before, p.Leases(), leaseCmp); diff != "" {
					t.Errorf("the books changed:\n%s", diff)
				}
				return
			}
			want := tt.lease
			want.Pool = "lab"
			got, ok := p.Lease(tt.lease.Key)
			if diff := cmp.Diff(want, got, leaseCmp); diff != "" || err != nil || !ok {
				t.Errorf("error %v, lease (-want +got):\n%s", err, diff)
			}
			// The next VM gets the lowest address that nobody has ever had.
			next := "10.0.0.2"
			if tt.lease.Address.String() == next {
				next = "10.0.0.3"
			}
			allocate(t, p, 9, start, next)
		})
	}
}

// restart makes a new pool from the leases of the old one.
func restart(t *testing.T, old *Pool) *Pool {
	t.Helper()
	p, err := NewPool(old.Config(), NewMACs())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range old.Leases() {
		if err := p.Adopt(l); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(old.Leases(), p.Leases(), leaseCmp); diff != "" {
		t.Errorf("leases after a restart (-before +after):\n%s", diff)
	}
	return p
}

func TestPoolIsDeterministic(t *testing.T) {
	run := func() []Lease {
		rnd := rand.New(rand.NewPCG(7, 7))
		p := newPool(t, time.Minute, "10.0.0.0/27")
		for i := range 5000 {
			now, k := start.Add(time.Duration(i)*time.Second), key(rnd.IntN(60))
			if rnd.IntN(2) == 0 {
				p.Release(k, now)
			} else if _, err := p.Allocate(k, now); err != nil && !errors.Is(err, ErrExhausted) {
				t.Fatal(err)
			}
		}
		return p.Leases()
	}
	if diff := cmp.Diff(run(), run(), leaseCmp); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
}

func TestMAC(t *testing.T) {
	hw := MACFor(inventory.Key{VCenter: "c0ffee00-0000-0000-0000-000000000000", VM: "50000001-0000-0000-0000-000000000000"})
	// Leases and inventories of customers hold it: do not change the derivation.
	if got, want := hw.String(), "02:ee:5d:72:4e:18"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if hw[0]&1 != 0 || hw[0]&2 == 0 {
		t.Errorf("%s is not a locally administered unicast address", hw)
	}
	m := MAC(hw)
	text, err := m.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var back MAC
	if err := back.UnmarshalText(text); err != nil || back != m || m.String() != hw.String() {
		t.Errorf("%s came back as %s, %v", text, back, err)
	}
	for _, bad := range []string{"", "02:00", "02:00:00:00:00:00:00:01", "zz:00:00:00:00:00"} {
		if err := back.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is no MAC but was read as %s", bad, back)
		}
	}
}

var leaseCmp = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
