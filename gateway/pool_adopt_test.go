package gateway

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// booksOf is a pool "lab" of these addresses with a state file that is empty.
func booksOf(t *testing.T, ranges string) (*pool, *store.Store) {
	t.Helper()
	st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	r, err := address.ParseRange(ranges)
	if err != nil {
		t.Fatal(err)
	}
	shared := &sharedState{store: st, clock: newClock(time.Time{}, nil), macs: address.NewMACs(), tags: new(address.Tags)}
	p, err := newPool(Pool{PoolConfig: address.PoolConfig{Name: "lab", Interface: "eth0", Ranges: []address.Range{r}, Hold: time.Hour, Quarantine: time.Hour}}, shared, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, st
}

func ip(text string) netip.Addr { return netip.MustParseAddr(text) }

// Pools that were joined may have two addresses of one VM: it keeps the one in use,
// and the other is nobody's for a while.
func TestTwoAddressesOfOneVM(t *testing.T) {
	vm := virtual(1).Key
	released := time.Now().Add(-time.Minute)
	for name, leases := range map[string][]address.Lease{
		"one in use": {
			{Key: vm, Pool: "old", Address: ip("127.7.31.2"), ReleasedAt: released},
			{Key: vm, Pool: "lab", Address: ip("127.7.31.1")},
		},
		"both in use": {
			{Key: vm, Pool: "lab", Address: ip("127.7.31.1")},
			{Key: vm, Pool: "old", Address: ip("127.7.31.2")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, st := booksOf(t, "127.7.31.1-127.7.31.3")
			if err := p.adopt(leases, []*pool{p}); err != nil {
				t.Fatal(err)
			}
			if l, err := p.lease(virtual(1), "a", netip.Addr{}, time.Now()); err != nil || l.Address != ip("127.7.31.1") {
				t.Errorf("the VM gets %v, %v", l.Address, err)
			}
			if l, err := p.lease(virtual(2), "a", netip.Addr{}, time.Now()); err != nil || l.Address != ip("127.7.31.3") {
				t.Errorf("another VM gets %v, %v", l.Address, err)
			}
			stored, err := st.Leases()
			if err != nil || len(stored) != 3 {
				t.Errorf("stored %+v, %v", stored, err)
			}
			for _, l := range stored {
				if l.Address == ip("127.7.31.2") && (l.Key != (inventory.Key{}) || l.InUse()) {
					t.Errorf("the other address is stored as %+v", l)
				}
			}
		})
	}
}

// An address that the configuration took out of the pool is taken off the interface, and
// one that is in no pool and was in none is left alone.
func TestSweepOfAPoolThatShrank(t *testing.T) {
	p, _ := booksOf(t, "127.7.31.1-127.7.31.3")
	h := &fakeHost{have: map[netip.Addr]bool{ip("127.7.31.1"): true, ip("127.7.31.9"): true, ip("127.7.31.77"): true}}
	p.addresser = h
	err := p.adopt([]address.Lease{
		{Key: virtual(1).Key, VM: "vm1", Pool: "lab", Address: ip("127.7.31.1")},
		{Key: virtual(9).Key, VM: "vm9", Pool: "lab", Address: ip("127.7.31.9")},
	}, []*pool{p})
	if err == nil || !strings.Contains(err.Error(), "127.7.31.9 of vm9 is not in the pool any more") {
		t.Errorf("adopted: %v", err)
	}
	if err := p.sweep(); err != nil {
		t.Fatal(err)
	}
	if !h.have[ip("127.7.31.1")] || h.have[ip("127.7.31.9")] || !h.have[ip("127.7.31.77")] {
		t.Errorf("on the interface: %v", h.have)
	}
}

// Leases that cannot be stored are not given, one or many.
func TestLeaseThatIsNotStored(t *testing.T) {
	p, st := booksOf(t, "127.7.31.1-127.7.31.3")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.leaseTogether([]inventory.VM{virtual(1), virtual(2)}, "a", time.Now()); err == nil {
		t.Error("leased together without a state file")
	}
	if _, err := p.lease(virtual(3), "a", netip.Addr{}, time.Now()); err == nil {
		t.Error("leased without a state file")
	}
	if left := p.books.Leases(); len(left) != 0 || len(p.fresh) != 0 {
		t.Errorf("given are %+v", left)
	}
}
