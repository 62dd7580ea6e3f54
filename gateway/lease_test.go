package gateway

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
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
	if now := newClock(stored).at(time.Now()); now.Sub(stored) > time.Minute {
		t.Errorf("a clock that stood at %s says %s", stored, now)
	}
	ahead := time.Now().Add(1000 * time.Hour)
	if now := newClock(ahead).at(time.Now()); now.Before(ahead.Round(0)) {
		t.Errorf("a clock that stood at %s says %s", ahead, now)
	}
	if now := newClock(time.Time{}).at(time.Now()); time.Since(now).Abs() > time.Minute {
		t.Errorf("a new clock says %s", now)
	}
}

// The configuration says which address and which hardware address a VM has, by
// its name or its UUID, and takes an address from nobody.
func TestPins(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.9", "a")
	b.build()
	b.tell(0, virtual(1, "bmc/a"), virtual(2, "bmc/a"))
	b.want("as it comes", "a/vm1 ready 127.7.9.1", "a/vm2 ready 127.7.9.2")
	b.stop()

	mac := address.MAC{2, 0, 0x5e, 0x10, 0, 1}
	b.config.Tenants[0].Pins = []Pin{
		{VM: "vm1", Address: netip.MustParseAddr("127.7.9.7"), MAC: mac},
		{VM: strings.ToUpper(virtual(3).Key.VM), Address: netip.MustParseAddr("127.7.9.2")},
		{VM: "named", Address: netip.MustParseAddr("127.7.9.3")},
	}
	b.build()
	defer b.stop()
	vms := []inventory.VM{virtual(1, "bmc/a"), virtual(2, "bmc/a"), virtual(3, "bmc/a"), virtual(4, "bmc/a")}
	b.tell(0, vms...)
	b.want("pinned", "a/vm1 ready 127.7.9.7", "a/vm2 ready 127.7.9.2", "a/vm3 pending", "a/vm4 ready 127.7.9.4")
	for _, one := range b.gw.BMCs() {
		switch {
		case one.Name == "vm1" && one.MAC != mac.String():
			t.Errorf("hardware address %s", one.MAC)
		case one.Name == "vm3" && !strings.Contains(one.Reason, "in use for vm2"):
			t.Errorf("it waits because %q", one.Reason)
		}
	}
	vms[3].Name = "named"
	b.tell(0, vms...)
	b.want("named as a pin says", "a/named ready 127.7.9.3", "a/vm1 ready 127.7.9.7", "a/vm2 ready 127.7.9.2", "a/vm3 pending")
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
