package address

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// answering are neighbours of which one has some addresses, and says so when asked.
type answering struct {
	neighbours
	keeper *Keeper
	taken  map[netip.Addr]bool
	asked  map[netip.Addr]int
}

func (n *answering) probe(iface string, a netip.Addr) error {
	n.asked[a]++
	if n.taken[a] {
		n.keeper.heard(iface, neighbourSeen{sender: a, mac: string(stranger)})
	}
	return nil
}

// openLate makes a Keeper that keeps 10.9.0.5 and 10.9.0.6. Nobody has either yet.
func openLate(t *testing.T, lifetime time.Duration) (*Keeper, *told, *answering) {
	t.Helper()
	inNamespace(t)
	k, heard := openKeeper(t)
	n := &answering{neighbours: k.neighbours, keeper: k, taken: make(map[netip.Addr]bool), asked: make(map[netip.Addr]int)}
	k.neighbours = n
	s := k.Segment(Policy{Lifetime: lifetime, ProbeTime: 4 * time.Millisecond})
	must(t, s.Add("gw", ip("10.9.0.5")))
	must(t, s.Add("gw", ip("10.9.0.6")))
	clear(k.asked) // long ago
	clear(n.asked)
	return k, heard, n
}

// wantVetted fails the test unless both addresses were asked for, and only the one
// that another host has meanwhile stays away.
func wantVetted(t *testing.T, k *Keeper, heard *told, n *answering) {
	t.Helper()
	if n.asked[ip("10.9.0.5")] != probes || n.asked[ip("10.9.0.6")] != probes {
		t.Errorf("asked for %v, want each %d times", n.asked, probes)
	}
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.6")
	k.giveUp()
	if lost := heard.count(ConflictLost); lost != 1 {
		t.Errorf("given up %d times, want once", lost)
	}
}

// A process that was stopped for longer than the lifetime asks before it puts its
// addresses back: somebody may have been given them.
func TestStoppedForLong(t *testing.T) {
	k, heard, n := openLate(t, time.Hour)
	removeForeign(t, "gw", "10.9.0.5/32") // as the kernel does in the end
	removeForeign(t, "gw", "10.9.0.6/32")
	n.taken[ip("10.9.0.5")] = true
	k.sync(time.Now().Add(2*time.Hour), true)
	wantVetted(t, k, heard, n)
}

// So does one whose interface was gone for as long, though it went on all the time.
func TestInterfaceGoneForLong(t *testing.T) {
	k, heard, n := openLate(t, time.Hour)
	now := time.Now()
	k.sync(now, true)
	must(t, netlink.LinkDel(link(t, "gw")))
	for _, after := range []time.Duration{20, 40, 65} {
		k.sync(now.Add(after*time.Minute), true)
	}
	if len(n.asked) != 0 {
		t.Errorf("asked without an interface: %v", n.asked)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "gw"
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "peer"}))
	must(t, netlink.LinkSetUp(link(t, "gw")))
	n.taken[ip("10.9.0.5")] = true
	k.sync(now.Add(66*time.Minute), true)
	wantVetted(t, k, heard, n)
}

// A lateKernel answers when a lifetime is over: as if the process was stopped
// between its decision and the look.
type lateKernel struct {
	kernel
	over func()
}

func (l *lateKernel) look() (view, error) {
	l.over()
	return l.kernel.look()
}

// Whoever is stopped in the middle of a look does not act on what was true before.
func TestStoppedInTheMiddle(t *testing.T) {
	k, heard, n := openLate(t, time.Second)
	n.taken[ip("10.9.0.5")] = true
	s, real, now := k.segments[0], k.kernel, time.Now()
	s.renewed = now
	for _, w := range k.wanted {
		w.seen = now
	}
	k.kernel = &lateKernel{real, func() {
		poll(t, 30*time.Second, "the lifetime ends", func() bool { return len(onHost(t, "gw")) == 0 && time.Since(now) > time.Second })
	}}
	k.sync(now, true)
	k.kernel = real
	wantList(t, k.kernel.(*Netlink), "gw")
	if len(n.asked) != 0 {
		t.Errorf("asked already: %v", n.asked)
	}
	s.policy.Lifetime = time.Hour // for what is put back to stay as long as the test
	k.sync(now.Add(2*time.Hour), true)
	wantVetted(t, k, heard, n)
}
