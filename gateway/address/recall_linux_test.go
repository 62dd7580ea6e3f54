package address

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// A pool that is on another interface now leaves nothing on the one it had: what
// is ours goes there, what is another pool's or an administrator's stays.
func TestRecall(t *testing.T) {
	inNamespace(t)
	earlier, _ := openKeeper(t)
	before := earlier.Segment(watchOnly)
	for _, a := range []string{"10.9.0.5", "10.9.0.6", "10.9.0.7", "2001:db8::5"} {
		must(t, before.Add("gw", ip(a)))
	}
	addForeign(t, "gw", "10.9.0.8/32", "")

	k, heard := openKeeper(t)
	other := k.Segment(watchOnly)
	must(t, other.Adopt("gw", []netip.Addr{ip("10.9.0.7")}))
	moved := []netip.Addr{ip("10.9.0.5"), ip("10.9.0.7"), ip("10.9.0.8"), ip("10.9.0.9"), ip("2001:db8::5")}
	must(t, k.Recall("peer", moved))
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.6", "10.9.0.7")
	wantOnHost(t, "gw", "10.9.0.6/32", "10.9.0.7/32", "10.9.0.8/32")
	if n := heard.count(Recalled); n != 2 {
		t.Errorf("%d addresses told of, want 2", n)
	}
	must(t, k.Recall("gw", []netip.Addr{ip("10.9.0.6")})) // it is where it should be
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.6", "10.9.0.7")
	must(t, k.Recall("", []netip.Addr{ip("10.9.0.6")}))
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.7")
}

func wantOnHost(t *testing.T, iface string, want ...string) {
	t.Helper()
	got := onHost(t, iface)
	left := make(map[string]bool)
	for _, a := range got {
		left[a] = true
	}
	for _, a := range want {
		if !left[a] {
			t.Errorf("%s is not on %s: %v", a, iface, got)
		}
	}
	if len(got) != len(want) {
		t.Errorf("on %s: %v, want %v", iface, got, want)
	}
}

// Somebody gives an interface another name and its own to another one: the address
// goes with the name, and never means two.
func TestKeeperFollowsTheName(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))

	rename(t, "gw", "old")
	k.sync(time.Now(), true)
	wantList(t, k.kernel.(*Netlink), "old", "10.9.0.5") // there is nowhere else
	rename(t, "peer", "gw")
	k.sync(time.Now(), true)
	wantList(t, k.kernel.(*Netlink), "old")
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5")
	if n := heard.count(Recalled); n != 1 {
		t.Errorf("%d addresses told of, want 1", n)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	l := link(t, from)
	must(t, netlink.LinkSetDown(l))
	must(t, netlink.LinkSetName(l, to))
	must(t, netlink.LinkSetUp(l))
}
