package address

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// told is what a Keeper has told of so far.
type told struct {
	keeper *Keeper
	all    []EventKind
}

func (t *told) tell(e Event) {
	t.all = append(t.all, e.Kind)
}

func (t *told) count(kind EventKind) int {
	t.keeper.deliver()
	n := 0
	for _, k := range t.all {
		if k == kind {
			n++
		}
	}
	return n
}

// openKeeper makes a Keeper whose loop does not run: a test takes its turns.
func openKeeper(t *testing.T) (*Keeper, *told) {
	t.Helper()
	var heard told
	k, err := NewKeeper(heard.tell)
	must(t, err)
	heard.keeper = k
	t.Cleanup(func() { must(t, k.Close()) })
	return k, &heard
}

// lifetime returns how long the kernel will keep the address, zero when it does
// not have it.
func lifetime(t *testing.T, iface, a string) time.Duration {
	t.Helper()
	all, err := netlink.AddrList(link(t, iface), netlink.FAMILY_ALL)
	must(t, err)
	for _, one := range all {
		if one.IP.Equal(net.ParseIP(a)) {
			return time.Duration(one.ValidLft) * time.Second
		}
	}
	return 0
}

// poll waits until f is true.
func poll(t *testing.T, limit time.Duration, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !f(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

var watchOnly = Policy{Lifetime: time.Hour, Check: CheckWatch}

// Whoever does not refresh loses the addresses, and needs nobody to clean up.
func TestKeeperUnrefreshedAddressesGo(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	s := k.Segment(Policy{Lifetime: 2 * time.Second, Check: CheckNone})
	must(t, s.Add("gw", ip("10.9.0.5")))
	must(t, s.Add("gw", ip("2001:db8::5")))
	forever := k.Segment(Policy{Check: CheckNone})
	must(t, forever.Add("gw", ip("10.9.0.6")))
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5", "10.9.0.6", "2001:db8::5")
	k.sync(time.Now().Add(time.Second), false) // not live: nothing is refreshed
	poll(t, time.Minute, "the addresses go", func() bool {
		left, err := s.List("gw")
		return err == nil && slices.Equal(left, []netip.Addr{ip("10.9.0.6")})
	})
	k.sync(time.Now(), false)
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.6") // and nothing is put back
}

func TestKeeperRefreshes(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	s := k.Segment(watchOnly)
	var addrs []string
	for i := range 2*batchSize + 1 {
		addrs = append(addrs, fmt.Sprintf("10.9.%d.%d", i/200, i%200+1))
		must(t, s.Add("gw", ip(addrs[i])))
	}
	must(t, s.Add("gw", ip("2001:db8::5")))
	addrs = append(addrs, "2001:db8::5")
	// A shorter lifetime than they are given stands for time that has passed.
	var all []netip.Addr
	for _, a := range addrs {
		all = append(all, ip(a))
	}
	must(t, k.kernel.renew(uint32(link(t, "gw").Attrs().Index), all, time.Minute))
	k.sync(time.Now().Add(time.Hour/3-time.Minute), true)
	if got := lifetime(t, "gw", addrs[0]); got > time.Minute {
		t.Errorf("refreshed before its time: %s", got)
	}
	k.sync(time.Now().Add(time.Hour/3), true)
	for _, a := range addrs {
		if got := lifetime(t, "gw", a); got < 59*time.Minute {
			t.Errorf("%s: lifetime %s after the refresh", a, got)
		}
	}
	wantFlags(t, "2001:db8::5", unix.IFA_F_DEPRECATED|unix.IFA_F_NOPREFIXROUTE)
	if got := len(onHost(t, "gw")); got != len(addrs)-1 {
		t.Errorf("%d addresses of IPv4 on gw, want %d", got, len(addrs)-1)
	}
}

// wantFlags fails the test unless the address on "gw" has the flags.
func wantFlags(t *testing.T, a string, flags int) {
	t.Helper()
	all, err := netlink.AddrList(link(t, "gw"), netlink.FAMILY_ALL)
	must(t, err)
	for _, one := range all {
		if one.IP.Equal(net.ParseIP(a)) && one.Flags&flags != flags {
			t.Errorf("%s: flags %#x, want %#x", a, one.Flags, flags)
		}
	}
}

// A restarted daemon takes up what is there: the address is never away, and not
// probed.
func TestKeeperAdopts(t *testing.T) {
	inNamespace(t)
	first, _ := openKeeper(t)
	must(t, first.Segment(Policy{Lifetime: time.Minute, Check: CheckNone}).Add("gw", ip("10.9.0.5")))
	addForeign(t, "gw", "10.9.0.6/32", "")

	k, _ := openKeeper(t)
	removals := watchRemovals(t)
	s := k.Segment(Policy{Lifetime: time.Hour, ProbeTime: time.Hour})
	must(t, s.Adopt("gw", []netip.Addr{ip("10.9.0.5"), ip("10.9.0.6"), ip("10.9.0.7")}))
	must(t, s.Add("gw", ip("10.9.0.5")))
	if got := lifetime(t, "gw", "10.9.0.5"); got < 59*time.Minute {
		t.Errorf("lifetime %s after the adoption", got)
	}
	k.sync(time.Now(), true)
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5")
	if n := removals(); n != 0 {
		t.Errorf("%d addresses were removed meanwhile", n)
	}
}

// watchRemovals counts the removals of addresses from now on.
func watchRemovals(t *testing.T) func() int {
	t.Helper()
	updates, done := make(chan netlink.AddrUpdate, 100), make(chan struct{})
	must(t, netlink.AddrSubscribe(updates, done))
	t.Cleanup(func() { close(done) })
	return func() (n int) {
		for {
			select {
			case u := <-updates:
				if !u.NewAddr {
					n++
				}
			case <-time.After(100 * time.Millisecond):
				return n
			}
		}
	}
}

func TestKeeperPutsBack(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))
	now := time.Now()
	for range putBackLimit {
		removeForeign(t, "gw", "10.9.0.5/32")
		now = now.Add(time.Second)
		k.sync(now, true)
		wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5")
	}
	removeForeign(t, "gw", "10.9.0.5/32")
	k.sync(now, true)
	k.sync(now, true)
	wantList(t, k.kernel.(*Netlink), "gw") // who does it that often means it
	if got := s.Trouble("gw", ip("10.9.0.5"), now); got != "disputed: taken away 5 times within 10m0s" {
		t.Errorf("trouble: %q", got)
	}
	if p, d := heard.count(PutBack), heard.count(TakenTooOften); p != putBackLimit || d != 1 {
		t.Errorf("told of %d put-backs and of %d given up", p, d)
	}
	if c := s.Counts(now); c.PutBacks != putBackLimit || c.Presence[Disputed] != 1 || c.Presence[Present] != 0 {
		t.Errorf("counts: %+v", c)
	}
	k.sync(now.Add(putBackWindow+time.Second), true)
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5")
}

func TestKeeperLeavesForeignAlone(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))
	removeForeign(t, "gw", "10.9.0.5/32")
	addForeign(t, "gw", "10.9.0.5/24", "")
	for range 2 {
		k.sync(time.Now().Add(time.Hour/2), true)
	}
	if diff := cmp.Diff([]string{"10.9.0.5/24"}, onHost(t, "gw")); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if got := lifetime(t, "gw", "10.9.0.5"); got < 24*time.Hour {
		t.Errorf("it got a lifetime of %s", got)
	}
	if n := heard.count(ForeignFound); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestKeeperInterfaceMadeAnew(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))
	must(t, s.Add("gw", ip("2001:db8::5")))
	k.sync(time.Now(), true)
	must(t, netlink.LinkDel(link(t, "gw")))
	k.sync(time.Now(), true)
	if got := s.Trouble("gw", ip("10.9.0.5"), time.Now()); got != "missing: no such interface" {
		t.Errorf("trouble: %q", got)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "gw"
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "peer"}))
	must(t, netlink.LinkSetUp(link(t, "gw")))
	k.sync(time.Now(), true)
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5", "2001:db8::5")
	must(t, netlink.LinkSetDown(link(t, "gw"))) // takes IPv6 away
	must(t, netlink.LinkSetUp(link(t, "gw")))
	k.sync(time.Now(), true)
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5", "2001:db8::5")
}

// While the daemon makes no progress nothing is refreshed; both ends of that are told.
func TestKeeperStalls(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))
	must(t, k.kernel.renew(uint32(link(t, "gw").Attrs().Index), []netip.Addr{ip("10.9.0.5")}, time.Minute))
	stuck := func() error { return errors.New("stuck") }
	k.look(time.Now().Add(time.Hour/2), stuck)
	k.look(time.Now().Add(time.Hour/2), stuck)
	if got := lifetime(t, "gw", "10.9.0.5"); got > time.Minute || s.Stalled() != "stuck" {
		t.Errorf("lifetime %s, stalled %q", got, s.Stalled())
	}
	k.look(time.Now().Add(time.Hour/2), func() error { return nil })
	if got := lifetime(t, "gw", "10.9.0.5"); got < 59*time.Minute || s.Stalled() != "" {
		t.Errorf("lifetime %s, stalled %q", got, s.Stalled())
	}
	if a, b := heard.count(Stalled), heard.count(Resumed); a != 1 || b != 1 {
		t.Errorf("told %d and %d times", a, b)
	}
}
