package bmc

import (
	"net/netip"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestSourceHasAShare: who sends more than its rate is held back, from all its
// ports, and nobody else is.
func TestSourceHasAShare(t *testing.T) {
	const rate = 100
	b := newBMC(t, func(c *Config) { c.PacketRate = rate }).bmc
	now := time.Now()
	ping := ipmi.AppendPing(nil, 1)
	answered := func(from string, port uint16, packets int) (n int) {
		at := netip.AddrPortFrom(netip.MustParseAddr(from), port)
		for range packets {
			switch reply, reason := b.answer(now, at, ping, nil); {
			case len(reply) > 0:
				n++
			case reason != DropTooMany:
				t.Fatalf("dropped for %v", reason)
			}
		}
		return n
	}
	for _, step := range []struct {
		name    string
		after   time.Duration
		from    string
		port    uint16
		packets int
		want    int
	}{
		{"a burst of two seconds", 0, "192.0.2.7", 1, 1000, 2 * rate},
		{"another port", 0, "192.0.2.7", 2, 10, 0},
		{"another source", 0, "192.0.2.8", 1, 10, 10},
		{"a second later", time.Second, "192.0.2.7", 1, 1000, rate},
		{"time that goes back", -time.Second, "192.0.2.7", 1, 10, 0},
		{"after a long time", time.Hour, "192.0.2.7", 1, 1000, 2 * rate},
		{"IPv6", 0, "2001:db8::1", 1, 1000, 2 * rate},
		{"another address of the same subnet", 0, "2001:db8::2", 1, 10, 0},
	} {
		now = now.Add(step.after)
		if got := answered(step.from, step.port, step.packets); got != step.want {
			t.Errorf("%s: %d packets were answered, want %d", step.name, got, step.want)
		}
	}
}

// TestSharesAreBounded: a flood from addresses that are made up is remembered in part.
func TestSharesAreBounded(t *testing.T) {
	h := newShares(1)
	for i := range 10 * maxSources {
		if !h.take(time.Now(), spoofed(i)) {
			t.Fatalf("source %d is held back at its first packet", i)
		}
	}
	if n := h.others.Len(); n != maxSources {
		t.Errorf("%d sources are remembered, want %d", n, maxSources)
	}
}
