package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A VM that two tenants select has one BMC, and the other tenant says why not.
func TestVMOfTwoTenants(t *testing.T) {
	both := virtual(1, "bmc/a", "bmc/b")
	for _, tt := range []struct{ name, pool string }{{"of one pool", "lab"}, {"of two pools", "other"}} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, "127.7.8.1-127.7.8.9", "a", "b")
			b.addPool("other", "127.7.9.1-127.7.9.9")
			b.config.Tenants[1].Pools = []string{tt.pool}
			b.build()
			b.tell(0, both)
			b.tell(1, both)
			b.tell(0, both)
			served := []string{"a/vm1 ready 127.7.8.1", "b/vm1 pending"}
			b.want("both select it", served...)
			if why := b.gw.BMCs()[1].Reason; !strings.Contains(why, `tenant "a"`) {
				t.Errorf("b's reason is %q", why)
			}
			if got := b.gw.pools[0].leased("a"); len(got) != 1 {
				t.Errorf("a has the leases %v", got)
			}

			b.stop()
			b.build()
			b.tell(1, both) // the other tenant comes first this time
			b.tell(0, both)
			b.want("after a restart", served...)

			b.tell(0, virtual(1, "bmc/b"))
			b.tell(1, virtual(1, "bmc/b"))
			if got := b.served(); len(got) != 1 || !strings.HasPrefix(got[0], "b/vm1 ready") {
				t.Errorf("a has given it up: %v", got)
			}
			b.tell(1)
			if a, o := b.gw.pools[0].inUse(), b.gw.pools[1].inUse(); len(a)+len(o) != 0 {
				t.Errorf("nobody selects it, and leased are %v and %v", a, o)
			}
			b.stop()
		})
	}
}

// What waits has its lease, and gives it up when it is not wanted any more.
func TestWaitingVMKeepsItsLease(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.1", "a")
	b.build()
	defer b.stop()
	taken, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(fmt.Sprintf("127.7.8.1:%d", testPort+1))))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	one, two := virtual(1, "bmc/a"), virtual(2, "bmc/a")
	for range 3 {
		b.tell(0, one, two)
	}
	b.want("the port is taken", "a/vm1 pending", "a/vm2 pending")
	if l := b.gw.pools[0].leased("a"); len(l) != 1 || l[0].Key != one.Key {
		t.Errorf("leased: %v", l)
	}
	if n := strings.Count(b.log.String(), "BMC cannot start"); n != 2 {
		t.Errorf("%d lines about two VMs:\n%s", n, b.log.String())
	}
	taken.Close()
	b.tell(0, one, two)
	b.want("the port is free", "a/vm1 ready 127.7.8.1", "a/vm2 pending")
	b.tell(0, two)
	b.want("the first is gone; no hold is configured", "a/vm2 ready 127.7.8.1")
}

// Without a hold, and with a pool that is full, a restart still takes nobody's
// address: not selected any more is something else than not served just now.
func TestStopKeepsLeases(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.1", "a")
	b.build()
	b.tell(0, virtual(2, "bmc/a"))
	b.stop()
	b.build()
	defer b.stop()
	b.tell(0, virtual(1, "bmc/a"), virtual(2, "bmc/a"))
	b.want("after a restart", "a/vm1 pending", "a/vm2 ready 127.7.8.1")
}

// An inventory that is not known takes nothing away, and what broke meanwhile is
// repaired all the same.
func TestRepairWithoutInventory(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.9", "a")
	b.build()
	defer b.stop()
	gone := errors.New("vCenter is gone")
	b.fail(0, gone)
	b.want("nothing known yet")
	b.tell(0, virtual(1, "bmc/a"))
	broken := errors.New("socket is gone")
	b.gw.tenants[0].endpoints[virtual(1).Key].failure.Store(&broken)
	b.want("broken", "a/vm1 error 127.7.8.1")
	b.fail(0, gone)
	b.want("repaired", "a/vm1 ready 127.7.8.1")
}

// Before the first answer the log says why there is none, and nothing twice.
func TestWhyNothingIsKnownYet(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.9", "a")
	b.build()
	defer b.stop()
	for _, why := range []string{"no answer yet", "login failure (next in 9m55s)", "login failure (next in 9m50s)", "no such host"} {
		b.fail(0, fmt.Errorf("%w: %s", vsphere.ErrStale, why))
	}
	if n := strings.Count(b.log.String(), "not known yet"); n != 3 {
		t.Errorf("%d lines, want 3:\n%s", n, b.log.String())
	}
}

// An outage is logged when it begins and when it ends, though every error of the
// source tells another age.
func TestOutageIsLoggedOnce(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.9", "a")
	b.build()
	defer b.stop()
	b.tell(0)
	for seconds := range 5 {
		b.fail(0, fmt.Errorf("%w: last answer %d s ago", vsphere.ErrStale, seconds))
	}
	b.tell(0)
	if n := strings.Count(b.log.String(), "inventory unknown"); n != 1 || !strings.Contains(b.log.String(), "known again") {
		t.Errorf("%d lines:\n%s", n, b.log.String())
	}
}

// The BMC's goroutine logs the VM's name while the loop changes it.
func TestRenameWhileLogging(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.9", "a")
	b.build()
	defer b.stop()
	vm := virtual(1, "bmc/a")
	b.tell(0, vm)
	ep := b.gw.tenants[0].endpoints[vm.Key]
	logged := make(chan string)
	go func() {
		for range 100 {
			_ = ep.LogValue()
		}
		logged <- ep.LogValue().String()
	}()
	for n := range 10 {
		vm.Name = fmt.Sprint("renamed", n)
		b.tell(0, vm)
	}
	if got := <-logged; !strings.Contains(got, vm.Key.VM) {
		t.Errorf("logged as %s", got)
	}
	b.want("renamed", "a/renamed9 ready 127.7.8.1")
}

// Whoever can send a packet cannot fill the log with it.
func TestLinesThatPacketsCauseAreLimited(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.9", "a")
	b.build()
	defer b.stop()
	vm := virtual(1, "bmc/a")
	b.tell(0, vm)
	events := b.gw.tenants[0].events(b.gw.tenants[0].endpoints[vm.Key])
	from := netip.MustParseAddrPort("192.0.2.1:5000")
	for range 10 * packetLines {
		events.Panicked("a bug", []byte("stack"))
		events.Handshake(bmc.HandshakeWrongPassword, "root", from)
	}
	if n := strings.Count(b.log.String(), "level=") - 2; n < packetLines || n > 2*packetLines {
		t.Errorf("%d lines of %d", n, 20*packetLines)
	}
}
