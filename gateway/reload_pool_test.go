package gateway

import (
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// An address keeps its lease, and with it its quarantine, when it goes from one
// pool to another in one reload, and when a pool loses it and gets it back.
func TestReloadMovesAnAddress(t *testing.T) {
	l := newReloadLab(t)
	first, second := l.ready(t, "vc-a-vm-01"), l.ready(t, "vc-a-vm-02")
	late := l.late(t)
	l.reload(t, func(c *Config) {
		late(c)
		for i := range c.Pools {
			c.Pools[i].Hold, c.Pools[i].Quarantine = time.Hour, 24*time.Hour
		}
	})
	l.ready(t, "vc-a-vm-03")
	wantLease := func(when, pool string, b address.Range, vm string) {
		t.Helper()
		for _, lease := range l.gw.Leases() {
			if lease.Address == b.First {
				if lease.Pool != pool || lease.VM != vm || lease.State == "free" {
					t.Errorf("%s: %+v, want %s of pool %s", when, lease, vm, pool)
				}
				return
			}
		}
		t.Errorf("%s: nothing is known of %s any more", when, b)
	}
	one := address.Range{First: first.Address, Last: first.Address}
	two := address.Range{First: second.Address, Last: second.Address}
	whole := l.config.Pools[0].Ranges
	without := append([]address.Range{}, parse(t, "127.7.1.5-127.7.1.9"))

	l.reload(t, func(c *Config) { // both go, and one of them to the other pool
		c.Pools[0].Ranges = without
		c.Pools[1].Ranges = append(c.Pools[1].Ranges[:1:1], one)
	})
	wantLease("moved", "late", one, "vc-a-vm-01")
	if b := l.ready(t, "vc-a-vm-03"); b.Address == one.First {
		t.Errorf("another VM has %s", b.Address)
	}
	l.reload(t, func(c *Config) { // the other comes back, in the other pool
		c.Pools[1].Ranges = append(c.Pools[1].Ranges[:2:2], two)
	})
	wantLease("back", "late", two, "vc-a-vm-02")
	l.reload(t, func(c *Config) { // and home
		c.Pools[0].Ranges, c.Pools[1].Ranges = whole, c.Pools[1].Ranges[:1:1]
	})
	wantLease("home", l.config.Pools[0].Name, one, "vc-a-vm-01")
	wantLease("home", l.config.Pools[0].Name, two, "vc-a-vm-02")
}

func parse(t *testing.T, s string) address.Range {
	t.Helper()
	r, err := address.ParseRange(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
