package gateway

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

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

// A VM that names its address has it, also when another one comes with it that
// would get it by turn.
func TestNamedAddressGoesFirst(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.3", "a")
	b.build()
	defer b.stop()
	named := virtual(2, "bmc/a")
	named.Overrides.Address = netip.MustParseAddr("127.7.9.1")
	b.tell(0, virtual(1, "bmc/a"), named, virtual(3, "bmc/a"))
	b.want("together", "a/vm1 ready 127.7.9.2", "a/vm2 ready 127.7.9.1", "a/vm3 ready 127.7.9.3")
}

// A pin may be to an address of another of the tenant's pools. The lease that
// ended in the first one does not bring the BMC back.
func TestPinToAnotherPool(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.4", "a")
	b.addPool("more", "127.7.9.7-127.7.9.8")
	b.config.Pools[0].Hold, b.config.Pools[0].Quarantine = time.Hour, 24*time.Hour
	b.config.Tenants[0].Pools = []string{"lab", "more"}
	b.build()
	b.tell(0, virtual(1, "bmc/a"))
	b.want("as it comes", "a/vm1 ready 127.7.9.1")
	_, err := b.gw.ChangeLease(admin.LeaseChange{Verb: admin.PinLease, Tenant: "a", Target: "vm1", Address: netip.MustParseAddr("127.7.9.8")}, admin.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"pinned", "and again"} {
		b.tell(0, virtual(1, "bmc/a"))
		b.want(when, "a/vm1 ready 127.7.9.8")
	}
	b.tell(0)
	b.stop()

	b.build()
	defer b.stop()
	b.tell(0, virtual(1, "bmc/a"))
	b.want("after it was away, and a restart", "a/vm1 ready 127.7.9.8")
	if l, _ := b.gw.pools[1].of(virtual(1).Key); !l.Pinned {
		t.Error("the pin is lost")
	}
}

// An operator pins while the inventory is compared; neither waits for the other for
// ever.
func TestPinWhileReconciling(t *testing.T) {
	const each = 20
	b := newBench(t, "127.7.9.1-127.7.9.20", "a")
	b.addPool("more", "127.7.9.101-127.7.9.140")
	b.config.Tenants[0].Pools = []string{"lab", "more"}
	b.build()
	var vms []inventory.VM
	for n := range 2 * each {
		vms = append(vms, virtual(n, "bmc/a"))
	}
	b.tell(0, vms...)
	tenant := b.gw.tenants[0]
	var comparing, pinning sync.WaitGroup
	end, pinned := make(chan struct{}), make(chan struct{})
	comparing.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
				tenant.dropMoved()
			}
		}
	})
	pinning.Go(func() {
		defer close(pinned)
		for n := range each {
			at := netip.AddrFrom4([4]byte{127, 7, 9, byte(121 + n)})
			if _, err := tenant.pin(vms[n].Name, at); err != nil {
				t.Error(err)
			}
		}
	})
	select {
	case <-pinned:
	case <-time.After(time.Minute):
		t.Fatal("they wait for each other")
	}
	close(end)
	comparing.Wait()
	pinning.Wait()
	b.stop()
}
