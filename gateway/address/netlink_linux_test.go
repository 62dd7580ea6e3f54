package address

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// wantList fails the test unless exactly these addresses are ours on "gw".
func wantList(t *testing.T, n *Netlink, iface string, want ...string) {
	t.Helper()
	got, err := n.List(iface)
	must(t, err)
	var text []string
	for _, a := range got {
		text = append(text, a.String())
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("ours on %s (-want +got):\n%s", iface, diff)
	}
}

func TestNetlinkAddListRemove(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	wantList(t, n, "gw")
	for _, a := range []string{"10.9.0.7", "10.9.0.5", "10.9.0.5"} {
		must(t, n.Add("gw", ip(a)))
	}
	wantList(t, n, "gw", "10.9.0.5", "10.9.0.7")
	wantList(t, n, "peer")

	addrs, err := netlink.AddrList(link(t, "gw"), netlink.FAMILY_V4)
	must(t, err)
	for _, a := range addrs {
		if ones, _ := a.Mask.Size(); ones != 32 || a.Label != "gw:bmc" || a.Flags&unix.IFA_F_NOPREFIXROUTE == 0 {
			t.Errorf("%s: label %q, flags %#x, want a /32 labelled gw:bmc without prefix route", a.IPNet, a.Label, a.Flags)
		}
	}

	must(t, n.Remove("gw", ip("10.9.0.5")))
	must(t, n.Remove("gw", ip("10.9.0.5"))) // not there is fine
	must(t, n.Remove("gw", ip("10.9.0.99")))
	wantList(t, n, "gw", "10.9.0.7")
}

// A new process knows nothing of the old one but the marks in the kernel.
func TestNetlinkAfterRestart(t *testing.T) {
	inNamespace(t)
	old, err := NewNetlink()
	must(t, err)
	must(t, old.Add("gw", ip("10.9.0.5")))
	must(t, old.Add("gw", ip("10.9.0.6")))
	must(t, old.Close())
	if err := old.Add("gw", ip("10.9.0.7")); err == nil {
		t.Error("adding through a closed socket worked")
	}
	must(t, old.Close())

	n := openNetlink(t)
	must(t, n.Add("gw", ip("10.9.0.5")))
	must(t, n.Remove("gw", ip("10.9.0.6")))
	wantList(t, n, "gw", "10.9.0.5")
}

func TestNetlinkLeavesForeignAddressesAlone(t *testing.T) {
	tests := []struct {
		name        string
		iface, cidr string
		label       string
		add, remove error // of 10.9.0.5 on gw
		alsoOurs    bool  // the address can be added in spite of it
	}{
		{name: "another address", iface: "gw", cidr: "10.9.0.6/32", alsoOurs: true},
		{name: "the subnet's primary", iface: "gw", cidr: "10.9.0.1/16", alsoOurs: true},
		{name: "same address as a /32", iface: "gw", cidr: "10.9.0.5/32", add: ErrForeign, remove: ErrForeign},
		{name: "same address with a prefix", iface: "gw", cidr: "10.9.0.5/16", add: ErrForeign, remove: ErrForeign},
		{name: "same address with our label", iface: "gw", cidr: "10.9.0.5/32", label: "gw:bmc", add: ErrForeign, remove: ErrForeign},
		{name: "same address on another interface", iface: "peer", cidr: "10.9.0.5/24", add: ErrForeign},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNamespace(t)
			n := openNetlink(t)
			addForeign(t, tt.iface, tt.cidr, tt.label)
			a := ip("10.9.0.5")
			wantList(t, n, "gw")
			wantError(t, "add", n.Add("gw", a), tt.add)
			if tt.alsoOurs {
				wantList(t, n, "gw", "10.9.0.5")
			} else {
				wantList(t, n, "gw")
			}
			wantError(t, "remove", n.Remove("gw", a), tt.remove)
			wantError(t, "remove again", n.Remove("gw", a), tt.remove)
			want := []string{tt.cidr}
			if diff := cmp.Diff(want, onHost(t, tt.iface)); diff != "" {
				t.Errorf("left on %s (-want +got):\n%s", tt.iface, diff)
			}
		})
	}
}

// An administrator puts an address of his own in the place of ours, behind our
// back.
func TestNetlinkReplacedBehindOurBack(t *testing.T) {
	for _, cidr := range []string{"10.9.0.5/32", "10.9.0.5/24"} {
		t.Run(cidr, func(t *testing.T) {
			inNamespace(t)
			n := openNetlink(t)
			must(t, n.Add("gw", ip("10.9.0.5")))
			removeForeign(t, "gw", "10.9.0.5/32")
			addForeign(t, "gw", cidr, "")
			wantError(t, "remove", n.Remove("gw", ip("10.9.0.5")), ErrForeign)
			if diff := cmp.Diff([]string{cidr}, onHost(t, "gw")); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

// An address that somebody took away just before it was refreshed comes back
// without our label, and is ours to remove all the same.
func TestNetlinkRemovesOursWithoutLabel(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	must(t, n.Add("gw", ip("10.9.0.5")))
	removeForeign(t, "gw", "10.9.0.5/32")
	must(t, n.renew(uint32(link(t, "gw").Attrs().Index), []netip.Addr{ip("10.9.0.5")}, time.Minute))
	wantList(t, n, "gw", "10.9.0.5")
	n.marked[placed{uint32(link(t, "gw").Attrs().Index), ip("10.9.0.5")}] = struct{}{}
	must(t, n.Remove("gw", ip("10.9.0.5")))
	wantList(t, n, "gw")
}

// Foreign and ours can be on one interface when ours came first.
func TestNetlinkRemovesOursBesideForeign(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	must(t, n.Add("gw", ip("10.9.0.5")))
	addForeign(t, "gw", "10.9.0.5/24", "")
	must(t, n.Add("gw", ip("10.9.0.5")))
	must(t, n.Remove("gw", ip("10.9.0.5")))
	if diff := cmp.Diff([]string{"10.9.0.5/24"}, onHost(t, "gw")); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// A pool moves to another interface: what is left of ours on the old one does not
// stand in the way.
func TestNetlinkOursOnAnotherInterface(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	must(t, n.Add("peer", ip("10.9.0.5")))
	must(t, n.Add("gw", ip("10.9.0.5")))
	wantList(t, n, "gw", "10.9.0.5")
	must(t, n.Remove("peer", ip("10.9.0.5")))
	wantList(t, n, "peer")
	wantList(t, n, "gw", "10.9.0.5")
}

// Without promote_secondaries the kernel removes the secondaries of a subnet
// with its primary. Ours must not be among them, nor become primary themselves.
func TestNetlinkOutlivesThePrimary(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	must(t, n.Add("gw", ip("10.9.0.4"))) // before the primary
	addForeign(t, "gw", "10.9.0.1/16", "")
	must(t, n.Add("gw", ip("10.9.0.5"))) // and after it
	addForeign(t, "gw", "10.9.0.2/16", "")
	removeForeign(t, "gw", "10.9.0.1/16")
	wantList(t, n, "gw", "10.9.0.4", "10.9.0.5")
	must(t, n.Remove("gw", ip("10.9.0.4")))
	wantList(t, n, "gw", "10.9.0.5")
}

// A whole prefix can be local without an address: no reason not to add one.
func TestNetlinkOnLocalPrefix(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	must(t, n.Add("lo", ip("127.0.0.5")))
	wantList(t, n, "lo", "127.0.0.5")
	must(t, n.Remove("lo", ip("127.0.0.5")))
	if diff := cmp.Diff([]string{"127.0.0.1/8"}, onHost(t, "lo")); diff != "" {
		t.Errorf("left on lo (-want +got):\n%s", diff)
	}
	wantError(t, "add the address of lo", n.Add("lo", ip("127.0.0.1")), ErrForeign)
}

// A name of more than 11 bytes leaves no room for our label.
func TestNetlinkLongInterfaceName(t *testing.T) {
	inNamespace(t)
	must(t, netlink.LinkSetDown(link(t, "gw")))
	must(t, netlink.LinkSetName(link(t, "gw"), "fifteen-bytes-x"))
	n := openNetlink(t)
	must(t, n.Add("fifteen-bytes-x", ip("10.9.0.5")))
	wantList(t, n, "fifteen-bytes-x", "10.9.0.5")
	removeForeign(t, "fifteen-bytes-x", "10.9.0.5/32")
	addForeign(t, "fifteen-bytes-x", "10.9.0.5/32", "")
	wantError(t, "remove", n.Remove("fifteen-bytes-x", ip("10.9.0.5")), ErrForeign)
	removeForeign(t, "fifteen-bytes-x", "10.9.0.5/32")
	must(t, n.Add("fifteen-bytes-x", ip("10.9.0.5")))
	must(t, n.Remove("fifteen-bytes-x", ip("10.9.0.5")))
	wantList(t, n, "fifteen-bytes-x")
}

// An interface that is made anew has another index and none of the addresses.
func TestNetlinkInterfaceMadeAnew(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	must(t, n.Add("gw", ip("10.9.0.5")))
	must(t, netlink.LinkDel(link(t, "gw")))
	for what, err := range map[string]error{
		"add":    n.Add("gw", ip("10.9.0.5")),
		"remove": n.Remove("gw", ip("10.9.0.5")),
	} {
		wantError(t, what, err, ErrNoInterface)
		if want := `interface "gw", address 10.9.0.5: no such interface`; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", what, err, want)
		}
	}
	if _, err := n.List("gw"); err == nil || err.Error() != `interface "gw": list addresses: no such interface` {
		t.Errorf("list: got %v", err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "gw"
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "peer"}))
	wantList(t, n, "gw")
	must(t, n.Add("gw", ip("10.9.0.5")))
	wantList(t, n, "gw", "10.9.0.5")
}

func TestNetlinkRefusesWhatIsNoAddress(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	for _, a := range []netip.Addr{{}, ip("::ffff:10.9.0.5"), ip("fe80::1%gw")} {
		if err := n.Add("gw", a); err == nil || !strings.Contains(err.Error(), "not an address of IPv4 or IPv6") {
			t.Errorf("add %s: got %v", a, err)
		}
	}
	for _, name := range []string{"", "none", "a-name-of-16-byte"} {
		wantError(t, "interface "+name, n.Add(name, ip("10.9.0.5")), ErrNoInterface)
	}
}

func TestWithoutCapabilities(t *testing.T) {
	inNamespace(t)
	n := openNetlink(t)
	must(t, n.Add("gw", ip("10.9.0.5")))
	dropCapabilities(t)

	wantList(t, n, "gw", "10.9.0.5")
	for what, err := range map[string]error{
		"add":    n.Add("gw", ip("10.9.0.6")),
		"remove": n.Remove("gw", ip("10.9.0.5")),
	} {
		wantError(t, what, err, ErrPermission)
		if err == nil || !strings.Contains(err.Error(), "needs CAP_NET_ADMIN") {
			t.Errorf("%s: got %v, want the capability by name", what, err)
		}
	}
	_, err := NewAnnouncer()
	wantError(t, "announcer", err, ErrPermission)
	if err == nil || !strings.Contains(err.Error(), "needs CAP_NET_RAW") {
		t.Errorf("announcer: got %v, want the capability by name", err)
	}
}

// dropCapabilities takes all capabilities from the thread of the test, which
// ends with the test.
func dropCapabilities(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	must(t, unix.Capset(&header, &none[0]))
}

func BenchmarkNetlink1000(b *testing.B) {
	inNamespace(b)
	n := openNetlink(b)
	var addrs []netip.Addr
	for i := range 1000 {
		addrs = append(addrs, ip(fmt.Sprintf("10.9.%d.%d", i/250, i%250+1)))
	}
	b.Run("add", func(b *testing.B) { benchEach(b, addrs, n.Remove, n.Add) })
	b.Run("add again", func(b *testing.B) { benchEach(b, addrs[:10], nil, n.Add) })
	b.Run("remove", func(b *testing.B) { benchEach(b, addrs, n.Add, n.Remove) })
	for _, a := range addrs {
		must(b, n.Add("gw", a))
	}
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if _, err := n.List("gw"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// benchEach measures one pass of verb over the addresses, after one of before
// that is not measured.
func benchEach(b *testing.B, addrs []netip.Addr, before, verb func(string, netip.Addr) error) {
	for b.Loop() {
		if before != nil {
			b.StopTimer()
			for _, a := range addrs {
				must(b, before("gw", a))
			}
			b.StartTimer()
		}
		for _, a := range addrs {
			must(b, verb("gw", a))
		}
	}
}
