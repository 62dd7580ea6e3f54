package address

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inNamespace moves the test, and what it opens from now on, into a network
// namespace of its own with a veth pair "gw" and "peer", both up. The namespace
// goes with the test's thread, which is never unlocked.
func inNamespace(t testing.TB) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("new network namespace: %v", err)
		}
		t.Skipf("new network namespace: %v (needs root)", err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "gw"
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "peer"}))
	for _, name := range []string{"lo", "gw", "peer"} {
		must(t, netlink.LinkSetUp(link(t, name)))
	}
	// Until the kernel's link watch has run, which may take a second, a veth drops
	// what is sent without saying so.
	for _, name := range []string{"gw", "peer"} {
		deadline := time.Now().Add(time.Minute)
		for link(t, name).Attrs().OperState != netlink.OperUp {
			if time.Now().After(deadline) {
				t.Fatalf("%s does not come up", name)
			}
			runtime.Gosched()
		}
	}
}

func link(t testing.TB, name string) netlink.Link {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openNetlink(t testing.TB) *Netlink {
	t.Helper()
	n, err := NewNetlink()
	must(t, err)
	t.Cleanup(func() { must(t, n.Close()) })
	return n
}

// addForeign adds an address as an administrator would.
func addForeign(t testing.TB, iface, cidr, label string) {
	t.Helper()
	a, err := netlink.ParseAddr(cidr)
	must(t, err)
	a.Label = label
	must(t, netlink.AddrAdd(link(t, iface), a))
}

// removeForeign removes an address as an administrator would.
func removeForeign(t testing.TB, iface, cidr string) {
	t.Helper()
	a, err := netlink.ParseAddr(cidr)
	must(t, err)
	must(t, netlink.AddrDel(link(t, iface), a))
}

// onHost returns all IPv4 addresses of an interface with their prefix lengths.
func onHost(t testing.TB, iface string) []string {
	t.Helper()
	addrs, err := netlink.AddrList(link(t, iface), netlink.FAMILY_V4)
	must(t, err)
	var out []string
	for _, a := range addrs {
		out = append(out, a.IPNet.String())
	}
	return out
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// wantError fails the test unless err is the sentinel, or nil when that is nil.
func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}
