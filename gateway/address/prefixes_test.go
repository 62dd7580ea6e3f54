package address

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrefixes(t *testing.T) {
	tests := []struct {
		name    string
		ranges  []string
		exclude []string
		length  int
		gateway string
		want    []string
	}{
		{"a whole subnet is one", []string{"10.1.0.0/20"}, nil, 20, "", []string{"10.1.0.0/20"}},
		{"a whole subnet of IPv6", []string{"2001:db8::/64"}, nil, 64, "", []string{"2001:db8::/64"}},
		{"a prefix in a larger subnet is no whole one", []string{"10.1.0.0/29"}, nil, 24, "",
			[]string{"10.1.0.1/32", "10.1.0.2/31", "10.1.0.4/31", "10.1.0.6/32"}},
		{"the gateway is never ours", []string{"10.1.0.0/29"}, nil, 29, "10.1.0.1",
			[]string{"10.1.0.0/32", "10.1.0.2/31", "10.1.0.4/30"}},
		{"excluded ones are left out", []string{"10.1.0.8-10.1.0.15"}, []string{"10.1.0.10-10.1.0.11"}, 24, "",
			[]string{"10.1.0.8/31", "10.1.0.12/30"}},
		{"one address", []string{"2001:db8::7"}, nil, 64, "", []string{"2001:db8::7/128"}},
		{"the end of a subnet", []string{"10.1.0.250-10.1.0.255"}, nil, 16, "", []string{"10.1.0.250/31", "10.1.0.252/30"}},
		{"ranges in order", []string{"10.1.0.16-10.1.0.19", "10.1.0.0-10.1.0.3"}, nil, 16, "", []string{"10.1.0.0/30", "10.1.0.16/30"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := PoolConfig{PrefixLength: tt.length}
			for _, s := range tt.ranges {
				r, err := ParseRange(s)
				must(t, err)
				c.Ranges = append(c.Ranges, r)
			}
			for _, s := range tt.exclude {
				r, err := ParseExclude(s)
				must(t, err)
				c.Exclude = append(c.Exclude, r)
			}
			if tt.gateway != "" {
				c.Gateway = netip.MustParseAddr(tt.gateway)
			}
			var got []string
			for _, p := range c.Prefixes() {
				got = append(got, p.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("prefixes (-want +got):\n%s", d)
			}
		})
	}
}
