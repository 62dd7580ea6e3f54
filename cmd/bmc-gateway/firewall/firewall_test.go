package firewall

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

func ranged(t *testing.T, texts ...string) []address.Range {
	t.Helper()
	var out []address.Range
	for _, s := range texts {
		r, err := address.ParseExclude(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func config(t *testing.T) gateway.Config {
	allow := []netip.Prefix{netip.MustParsePrefix("10.9.0.2/32")}
	return gateway.Config{
		Pools: []gateway.Pool{
			{PoolConfig: address.PoolConfig{Name: "lab", Ranges: ranged(t, "10.9.0.10-10.9.0.19"), Exclude: ranged(t, "10.9.0.12"),
				Gateway: netip.MustParseAddr("10.9.0.13")}},
			{PoolConfig: address.PoolConfig{Name: "open", Ranges: ranged(t, "10.9.1.0/24")}},
			{PoolConfig: address.PoolConfig{Name: "idle", Ranges: ranged(t, "10.9.2.0/24")}},
		},
		Tenants: []gateway.Tenant{
			{Name: "a", Pools: []string{"lab"}, AllowFrom: allow, IPMI: gateway.IPMI{Port: 623}},
			{Name: "b", Pools: []string{"lab"}, AllowFrom: allow, IPMI: gateway.IPMI{Port: 6230}},
			{Name: "c", Pools: []string{"open"}, AllowFrom: allow, IPMI: gateway.IPMI{Port: 623}},
			{Name: "d", Pools: []string{"open"}, IPMI: gateway.IPMI{Port: 623}},
		},
	}
}

func TestRules(t *testing.T) {
	text, err := Rules(config(t), Limit{PerSecond: 20, Burst: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"ip daddr { 10.9.0.12, 10.9.0.13 } return",
		"ip daddr { 10.9.0.10-10.9.0.19 } jump pool0_ip",
		"udp dport != { 623, 6230 }",
		"ip saddr != { 10.9.0.2/32 }",
		"limit rate over 20/second burst 5 packets",
		"ip daddr { 10.9.1.0-10.9.1.255 } jump pool1_ip",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "10.9.2.") {
		t.Error("a pool that no tenant takes from has rules")
	}
	if n := strings.Count(text, "saddr !="); n != 1 {
		t.Errorf("%d chains ask for the source, want 1: a tenant of the other pool lets everybody in", n)
	}
}

// A tenant whose allowed sources are all of the other family lets nobody of this one in.
func TestNoSourceOfAFamily(t *testing.T) {
	if got := prefixes([]netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}, "ip"); len(got) != 1 || got[0] != "0.0.0.0" {
		t.Errorf("got %v", got)
	}
}
