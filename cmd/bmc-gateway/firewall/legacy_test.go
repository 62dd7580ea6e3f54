package firewall

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// withLegacyPorts has two tenants whose VMs answer at ports of the host, too.
func withLegacyPorts(t *testing.T) gateway.Config {
	c := config(t)
	at := func(s string) gateway.LegacyPort {
		return gateway.LegacyPort{VM: "vm", Listen: netip.MustParseAddrPort(s)}
	}
	c.Tenants[0].LegacyPorts = []gateway.LegacyPort{
		at("10.9.0.1:6231"), at("10.9.0.1:6232"), at("10.9.0.11:7000"), at("0.0.0.0:6240"), at("[2001:db8::1]:6231"), at("[::]:6241"),
	}
	c.Tenants[3].LegacyPorts = []gateway.LegacyPort{at("10.9.0.1:6250")}
	return c
}

func TestRulesForLegacyPorts(t *testing.T) {
	text, err := Rules(withLegacyPorts(t), Limit{PerSecond: 20, Burst: 5})
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for _, want := range []string{ // in this order
		"ip daddr 10.9.0.1 udp dport { 6231, 6232 } jump legacy0_ip",
		"ip daddr 10.9.0.11 udp dport { 7000 } jump legacy0_ip",
		"ip6 daddr 2001:db8::1 udp dport { 6231 } jump legacy0_ip6",
		"ip daddr 10.9.0.1 udp dport { 6250 } jump legacy3_ip",
		"ip daddr { 10.9.0.10-10.9.0.19 } jump pool0_ip",
		"meta nfproto ipv4 udp dport { 6240 } jump legacy0_ip",
		"meta nfproto ipv6 udp dport { 6241 } jump legacy0_ip6",
		"chain legacy0_ip {\n\t\tip saddr != { 10.9.0.2/32 }",
		"update @rate_port_ip { ip saddr . ip daddr . udp dport limit rate over 20/second burst 5 packets }",
		"chain legacy0_ip6 {\n\t\tip6 saddr != { :: }", // the tenant lets nobody of IPv6 in
		"chain legacy3_ip {\n\t\tupdate @rate_port_ip", // and this one everybody
	} {
		at := strings.Index(text, want)
		if at < last {
			t.Errorf("%q is not in its place in\n%s", want, text)
		}
		last = max(last, at)
	}
	without, err := Rules(config(t), Limit{PerSecond: 20, Burst: 5})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(without, "rate_port") {
		t.Errorf("without legacy ports:\n%s", without)
	}
}

func TestKernelKeepsLegacyPorts(t *testing.T) {
	w := newWire(t)
	text, err := Rules(withLegacyPorts(t), Limit{PerSecond: 1, Burst: 5})
	if err != nil {
		t.Fatal(err)
	}
	w.load(t, text)

	for _, to := range []string{"10.9.0.1/6231", "10.9.0.11/7000", "10.9.0.1/6240", "10.9.0.12/6240"} {
		w.send(t, 3, "10.9.0.2", to)
	}
	w.send(t, 3, "10.9.0.3", "10.9.0.1/6250")
	w.send(t, 3, "10.9.0.3", "10.9.0.1/161") // the host's own affair
	if n := w.dropped(t, "too many") + w.dropped(t, "not allowed") + w.dropped(t, "not for a BMC"); n != 0 {
		t.Errorf("%d packets that are fine were dropped", n)
	}
	w.send(t, 2, "10.9.0.3", "10.9.0.1/6231")
	w.send(t, 2, "10.9.0.3", "10.9.0.1/6240")
	if n := w.dropped(t, "not allowed"); n != 4 {
		t.Errorf("%d packets of a source that is not allowed were dropped, want 4", n)
	}
	w.send(t, 100, "10.9.0.2", "10.9.0.1/6232")
	flood := w.dropped(t, "too many")
	if flood < 80 {
		t.Errorf("of a flood %d packets were dropped, want nearly all 100", flood)
	}
	w.send(t, 1, "10.9.0.2", "10.9.0.1/6231")
	if n := w.dropped(t, "too many") - flood; n != 0 {
		t.Errorf("the flood at one port cost another %d packets", n)
	}
	w.send(t, 2, "10.9.0.2", "10.9.0.10/6240") // every address of the host, but no BMC's
	if n := w.dropped(t, "not for a BMC"); n != 2 {
		t.Errorf("%d packets to a BMC's address were dropped, want 2", n)
	}
	if !w.answersTCP(t, "10.9.0.1/22") {
		t.Error("the host's TCP is not reached through an address with a legacy port")
	}
}
