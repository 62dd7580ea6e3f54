package address

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/mdlayher/arp"
	"github.com/mdlayher/ethernet"
	"golang.org/x/sys/unix"
)

// stranger is another host on the link.
var stranger = net.HardwareAddr{0x02, 0, 0, 0, 0, 0x99}

// say sends one ARP packet of the stranger's into the interface.
func say(t *testing.T, fd int, op arp.Operation, sender, target string) {
	t.Helper()
	must(t, unix.Send(fd, frameOf(t, op, sender, target), 0))
}

// frameOf is what say sends.
func frameOf(t *testing.T, op arp.Operation, sender, target string) []byte {
	t.Helper()
	p, err := arp.NewPacket(op, stranger, ip(sender), make(net.HardwareAddr, 6), ip(target))
	must(t, err)
	payload, err := p.MarshalBinary()
	must(t, err)
	frame := ethernet.Frame{Destination: ethernet.Broadcast, Source: stranger, EtherType: ethernet.EtherTypeARP, Payload: payload}
	b, err := frame.MarshalBinary()
	must(t, err)
	return b
}

// heardFrom reads the ARP packets that "gw" has sent until none comes for a while.
func heardFrom(t *testing.T, fd int, quiet time.Duration) (packets []arp.Packet) {
	t.Helper()
	for {
		b := receive(t, fd, quiet)
		if b == nil {
			return packets
		}
		var frame ethernet.Frame
		var p arp.Packet
		must(t, frame.UnmarshalBinary(b))
		must(t, p.UnmarshalBinary(frame.Payload))
		if p.SenderHardwareAddr.String() != stranger.String() {
			packets = append(packets, p)
		}
	}
}

// An address that another host has is not taken; one that nobody has is, after
// three probes with no sender's address.
func TestProbe(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	s := k.Segment(Policy{Lifetime: time.Hour, ProbeTime: 1500 * time.Millisecond})
	neighbour := listen(t, "peer")
	must(t, s.Add("gw", ip("10.9.0.4")))
	sent := 0
	for _, p := range heardFrom(t, neighbour, 200*time.Millisecond) {
		if p.SenderIP == netip.IPv4Unspecified() && p.TargetIP == ip("10.9.0.4") && p.Operation == arp.OperationRequest {
			sent++
		}
	}
	if sent != probes {
		t.Errorf("%d probes, want %d", sent, probes)
	}

	// The stranger answers the probes for one, and probes for another himself.
	vetted := make(chan struct{})
	go func() {
		defer close(vetted)
		s.Vet("gw", []netip.Addr{ip("10.9.0.5"), ip("10.9.0.6"), ip("10.9.0.7")})
	}()
	for seen := 0; seen < 2; {
		b := receive(t, neighbour, time.Minute)
		if b == nil {
			t.Fatal("no probe")
		}
		var frame ethernet.Frame
		var p arp.Packet
		must(t, frame.UnmarshalBinary(b))
		must(t, p.UnmarshalBinary(frame.Payload))
		switch p.TargetIP {
		case ip("10.9.0.5"):
			say(t, neighbour, arp.OperationReply, "10.9.0.5", "0.0.0.0")
			seen++
		case ip("10.9.0.6"):
			say(t, neighbour, arp.OperationRequest, "0.0.0.0", "10.9.0.6")
			seen++
		}
	}
	<-vetted
	wantError(t, "another host's", s.Add("gw", ip("10.9.0.5")), ErrConflict)
	wantError(t, "wanted by another host", s.Add("gw", ip("10.9.0.6")), ErrConflict)
	wantError(t, "nobody's", s.Add("gw", ip("10.9.0.7")), nil)
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.4", "10.9.0.7")
}

// An interface without neighbours has nobody to ask.
func TestProbeOnLoopback(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	must(t, k.Segment(Policy{ProbeTime: time.Hour}).Add("lo", ip("127.0.0.5")))
}

// Another host turns up with an address of ours: it is told, and the address
// defended once in ten seconds.
func TestConflictIsDefended(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))
	k.sync(time.Now(), true) // opens the ears
	neighbour := listen(t, "peer")
	say(t, neighbour, arp.OperationRequest, "10.9.0.5", "10.9.0.1")
	poll(t, time.Minute, "the conflict is told", func() bool { return heard.count(ConflictHeard) == 1 })
	now := time.Now()
	k.announceDue(now)
	say(t, neighbour, arp.OperationRequest, "10.9.0.5", "10.9.0.1")
	poll(t, time.Minute, "the second is heard", func() bool { return s.Counts(now).ConflictsHeard == 2 })
	k.announceDue(now.Add(time.Second))
	k.giveUp()
	defences := 0
	for _, p := range heardFrom(t, neighbour, 200*time.Millisecond) {
		if p.SenderIP == ip("10.9.0.5") && p.TargetIP == ip("10.9.0.5") && p.Operation == arp.OperationRequest {
			defences++
		}
	}
	if defences != 1 {
		t.Errorf("defended %d times", defences)
	}
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5")
	if c := s.Counts(time.Now()); c.Conflicts != 1 {
		t.Errorf("counts: %+v", c)
	}
	if got := s.Trouble("gw", ip("10.9.0.5"), time.Now()); got == "" {
		t.Error("the conflict is not shown")
	}
}

func TestConflictIsGivenUp(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	s := k.Segment(Policy{Lifetime: time.Hour, Check: CheckWatch, GiveUp: true})
	must(t, s.Add("gw", ip("10.9.0.5")))
	at := time.Now()
	say := func(after time.Duration) {
		k.hear("gw", neighbourSeen{sender: ip("10.9.0.5"), mac: string(stranger)}, at.Add(after))
		k.giveUp()
	}
	say(0)
	say(11 * time.Second)
	wantList(t, k.kernel.(*Netlink), "gw", "10.9.0.5")
	say(15 * time.Second)
	wantList(t, k.kernel.(*Netlink), "gw")
	if n := heard.count(ConflictLost); n != 1 {
		t.Errorf("told %d times", n)
	}
	k.sync(at.Add(20*time.Second), true)
	wantList(t, k.kernel.(*Netlink), "gw") // and stays away
}

// What the host itself says is no conflict, whichever interface it comes from.
func TestOwnARPIsNoConflict(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	s := k.Segment(watchOnly)
	must(t, s.Add("gw", ip("10.9.0.5")))
	k.sync(time.Now(), true)
	for _, iface := range []string{"gw", "peer"} {
		k.heard("gw", neighbourSeen{sender: ip("10.9.0.5"), mac: string(link(t, iface).Attrs().HardwareAddr)})
	}
	k.heard("gw", neighbourSeen{sender: ip("10.9.0.6"), mac: string(stranger)})
	if n := heard.count(ConflictHeard); n != 0 {
		t.Errorf("told %d times", n)
	}
}

// An announcement is repeated after one and after three seconds, unless the
// address has gone meanwhile.
func TestAnnouncementsAreRepeated(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	s := k.Segment(watchOnly)
	for _, a := range []string{"10.9.0.5", "10.9.0.6"} {
		must(t, s.Add("gw", ip(a)))
	}
	neighbour := listen(t, "peer")
	at := time.Now()
	must(t, s.Announce("gw", ip("10.9.0.5")))
	must(t, s.Announce("gw", ip("10.9.0.6")))
	must(t, s.Remove("gw", ip("10.9.0.6")))
	counts := []int{len(heardFrom(t, neighbour, 200*time.Millisecond))}
	for _, after := range []time.Duration{900, 1500, 2000, 3500, 9000} {
		k.announceDue(at.Add(after * time.Millisecond))
		counts = append(counts, len(heardFrom(t, neighbour, 200*time.Millisecond)))
	}
	for i, want := range []int{4, 0, 2, 0, 2, 0} { // a request and a reply each
		if counts[i] != want {
			t.Errorf("packets: %v, want 4 0 2 0 2 0", counts)
			break
		}
	}
}

// For IPv6 the kernel asks; what another host answers for is not taken.
func TestDuplicateAddressDetection(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	s := k.Segment(Policy{Lifetime: time.Hour, ProbeTime: time.Second})
	host, err := openWire(link(t, "peer").Attrs(), nil)
	must(t, err)
	defer host.close()
	host.hw = stranger
	done, spoken := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(spoken)
		for {
			if err := host.advertise(ip("2001:db8::5")); err != nil {
				t.Error(err)
			}
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	taken := s.Vet("gw", []netip.Addr{ip("2001:db8::5"), ip("2001:db8::6")})
	close(done)
	<-spoken
	if len(taken) != 1 || taken[0] != ip("2001:db8::5") {
		t.Errorf("taken: %v", taken)
	}
	wantError(t, "another host's", s.Add("gw", ip("2001:db8::5")), ErrConflict)
	wantError(t, "nobody's", s.Add("gw", ip("2001:db8::6")), nil)
	wantList(t, k.kernel.(*Netlink), "gw", "2001:db8::6")
	wantFlags(t, "2001:db8::6", unix.IFA_F_DEPRECATED|unix.IFA_F_NOPREFIXROUTE)
}
