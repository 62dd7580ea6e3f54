package address

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func prefixes(all ...string) (out []netip.Prefix) {
	for _, s := range all {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// wantRoutes compares the routes of ours on "gw".
func wantRoutes(t *testing.T, k *Keeper, want ...string) {
	t.Helper()
	got, err := k.kernel.(*Netlink).Routes("gw")
	must(t, err)
	if d := cmp.Diff(prefixes(want...), got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
		t.Errorf("routes on gw (-want +got):\n%s", d)
	}
}

// foreignRoute is a local route as an administrator would have it.
func foreignRoute(t *testing.T, prefix string, proto int) *netlink.Route {
	t.Helper()
	_, dst, err := net.ParseCIDR(prefix)
	must(t, err)
	return &netlink.Route{LinkIndex: link(t, "gw").Attrs().Index, Dst: dst, Table: unix.RT_TABLE_LOCAL,
		Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST, Protocol: netlink.RouteProtocol(proto)}
}

// The routes come, are put back, survive the interface, and go; each mark but ours stays.
func TestRoutesAreKept(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	must(t, netlink.RouteAdd(foreignRoute(t, "10.3.0.0/24", unix.RTPROT_STATIC)))
	r := k.Routes("gw", prefixes("10.1.0.0/20", "2001:db8:1::/64"))
	if err := r.Add("gw", ip("10.1.2.3")); err == nil {
		t.Error("an address without a route can be used")
	}
	must(t, r.TakeUp())
	wantRoutes(t, k, "10.1.0.0/20", "2001:db8:1::/64")
	for _, a := range []string{"10.1.2.3", "2001:db8:1::7"} {
		must(t, r.Add("gw", ip(a)))
		if local, err := k.kernel.(*Netlink).isLocal(ip(a)); err != nil || !local {
			t.Errorf("%s is not local: %v", a, err)
		}
	}
	if r.Add("gw", ip("10.1.16.1")) == nil {
		t.Error("an address of no route can be used")
	}

	now := time.Now()
	must(t, netlink.RouteDel(foreignRoute(t, "10.1.0.0/20", ourRouteProto)))
	poll(t, time.Minute, "the removal is heard", func() bool { return len(k.kick) > 0 })
	k.sync(now, false)
	wantRoutes(t, k, "2001:db8:1::/64") // not live: nothing is put back
	k.sync(now, true)
	wantRoutes(t, k, "10.1.0.0/20", "2001:db8:1::/64")
	for range putBackLimit {
		must(t, netlink.RouteDel(foreignRoute(t, "10.1.0.0/20", ourRouteProto)))
		k.sync(now, true)
	}
	wantRoutes(t, k, "2001:db8:1::/64")
	if got := r.Trouble(ip("10.1.2.3")); !strings.Contains(got, "10.1.0.0/20 disputed: taken away 5 times") {
		t.Errorf("trouble: %q", got)
	}
	k.sync(now.Add(putBackWindow+time.Second), true)
	if b, l := heard.count(RouteBack), heard.count(RouteLost); b != putBackLimit+1 || l != 1 || len(r.Troubles()) != 0 {
		t.Errorf("told of %d put back and %d given up; troubles %q", b, l, r.Troubles())
	}

	must(t, netlink.LinkSetDown(link(t, "gw")))
	must(t, netlink.LinkSetUp(link(t, "gw")))
	k.sync(now, true)
	wantRoutes(t, k, "10.1.0.0/20", "2001:db8:1::/64")
	must(t, netlink.LinkDel(link(t, "gw")))
	if k.sync(now, true) {
		t.Error("all is well without the interface")
	}
	addVeth(t)
	k.sync(now, true)
	wantRoutes(t, k, "10.1.0.0/20", "2001:db8:1::/64")

	must(t, netlink.RouteAdd(foreignRoute(t, "10.3.0.0/24", unix.RTPROT_STATIC)))
	must(t, r.Withdraw())
	k.sync(now, true)
	wantRoutes(t, k)
	must(t, netlink.RouteDel(foreignRoute(t, "10.3.0.0/24", unix.RTPROT_STATIC))) // still there
}

// addVeth makes the pair of inNamespace anew.
func addVeth(t *testing.T) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "gw"
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "peer"}))
	must(t, netlink.LinkSetUp(link(t, "gw")))
}

// A dead daemon leaves its routes: the next takes up what it wants and removes
// what another configuration has left.
func TestRoutesAreTakenUp(t *testing.T) {
	inNamespace(t)
	first, _ := openKeeper(t)
	must(t, first.Routes("gw", prefixes("10.1.0.0/20", "10.2.0.0/24", "10.9.0.0/24")).TakeUp())
	wantRoutes(t, first, "10.1.0.0/20", "10.2.0.0/24", "10.9.0.0/24")

	k, heard := openKeeper(t)
	a := k.Routes("gw", prefixes("10.1.0.0/20"))
	b := k.Routes("gw", prefixes("10.2.0.0/25"))
	must(t, a.TakeUp())
	must(t, b.TakeUp())
	k.sync(time.Now(), true)
	wantRoutes(t, k, "10.1.0.0/20", "10.2.0.0/25")
	if n := heard.count(RouteBack); n != 0 {
		t.Errorf("%d routes were away meanwhile", n)
	}
}

// What somebody else has is never touched: neither his route nor his address.
func TestRoutesOfOthers(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	must(t, netlink.RouteAdd(foreignRoute(t, "10.1.0.0/20", unix.RTPROT_STATIC)))
	addForeign(t, "gw", "10.2.0.7/16", "")
	r := k.Routes("gw", prefixes("10.1.0.0/20", "10.2.0.0/24"))
	if err := r.TakeUp(); err == nil || !strings.Contains(err.Error(), "somebody else's local route to 10.1.0.0/20") {
		t.Errorf("taken up: %v", err)
	}
	if r.Add("gw", ip("10.1.0.5")) == nil || heard.count(RouteLost) != 1 {
		t.Error("somebody else's route is used")
	}
	if got := r.Trouble(ip("10.2.0.7")); !strings.Contains(got, ErrForeign.Error()) {
		t.Errorf("the host's own address: %q", got)
	}
	must(t, r.Add("gw", ip("10.2.0.8")))
	must(t, r.Withdraw())
	must(t, netlink.RouteDel(foreignRoute(t, "10.1.0.0/20", unix.RTPROT_STATIC))) // still there
}
