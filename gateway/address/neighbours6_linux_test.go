package address

import (
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/ethernet"
)

// A host that turns up later with an address of IPv6 of ours is heard, and told
// once; one that came through a router, and what else there is of IPv6, is not.
func TestConflict6IsDefended(t *testing.T) {
	inNamespace(t)
	k, heard := openKeeper(t)
	s := k.Segment(Policy{Lifetime: time.Hour, Check: CheckWatch})
	must(t, s.Add("gw", ip("2001:db8::5")))
	must(t, s.Add("gw", ip("2001:db8::6")))
	k.sync(time.Now(), true) // from now on it listens
	host, err := openWire(link(t, "peer").Attrs(), nil)
	must(t, err)
	defer host.close()
	host.hw = stranger
	must(t, host.send(allNodesHW, ethernet.EtherTypeIPv6, make([]byte, 100)))
	must(t, host.advertise(ip("2001:db8::7"))) // nobody's
	must(t, host.advertise(ip("2001:db8::5")))
	poll(t, time.Minute, "the conflict is heard", func() bool { return heard.count(ConflictHeard) > 0 })
	must(t, host.advertise(ip("2001:db8::5")))
	poll(t, time.Minute, "the second, too", func() bool { return s.Counts(time.Now()).ConflictsHeard == 2 })
	if n := heard.count(ConflictHeard); n != 1 {
		t.Errorf("told %d times within a minute", n)
	}
	if why := s.Trouble("gw", ip("2001:db8::5"), time.Now()); !strings.Contains(why, stranger.String()) {
		t.Errorf("trouble: %q", why)
	}
	if why := s.Trouble("gw", ip("2001:db8::6"), time.Now()); why != "" {
		t.Errorf("the other's trouble: %q", why)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	defended := 0
	for _, d := range k.due {
		if d.addr == ip("2001:db8::5") {
			defended++
		}
	}
	if defended != 1 {
		t.Errorf("defended %d times within ten seconds", defended)
	}
}

func TestParseNeighbour6(t *testing.T) {
	frame := func(kind, hops byte, from, about string, options ...byte) []byte {
		b := make([]byte, atICMP+neighbourSize)
		copy(b[6:12], stranger)
		b[atNextHeader], b[atHopLimit], b[atICMP] = icmpv6, hops, kind
		copy(b[ethHeader+8:], ip(from).AsSlice())
		copy(b[atICMP+8:], ip(about).AsSlice())
		return append(b, options...)
	}
	const own, other = "2001:db8::5", "2001:db8::9"
	mac := []byte{2, 0, 0, 0, 0, 7}
	for _, tt := range []struct {
		name   string
		b      []byte
		sender string // empty: not believed
		mac    []byte
	}{
		{"advertisement", frame(advertisement, 255, other, own), own, stranger},
		{"with an option", frame(advertisement, 255, other, own, append([]byte{optionTargetHW, 1}, mac...)...), own, mac},
		{"behind another option", frame(advertisement, 255, other, own, append([]byte{14, 1, 0, 0, 0, 0, 0, 0, optionTargetHW, 1}, mac...)...), own, mac},
		{"with an option of no size", frame(advertisement, 255, other, own, 14, 0, 0, 0, 0, 0, 0, 0), own, stranger},
		{"with an option that is cut off", frame(advertisement, 255, other, own, optionTargetHW, 2, 0, 0, 0, 0, 0, 0), own, stranger},
		{"solicitation", frame(solicitation, 255, own, other), own, stranger},
		{"detection of duplicates", frame(solicitation, 255, "::", own), "::", stranger},
		{"through a router", frame(advertisement, 64, other, own), "", nil},
		{"echo", frame(128, 255, other, own), "", nil},
		{"cut off", frame(advertisement, 255, other, own)[:atICMP+20], "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, ok := parseNeighbour6(tt.b)
			if ok != (tt.sender != "") || ok && (p.sender != ip(tt.sender) || p.mac != string(tt.mac)) {
				t.Errorf("got %+v, %t", p, ok)
			}
		})
	}
}
