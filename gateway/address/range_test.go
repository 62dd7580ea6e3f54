package address

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRange(t *testing.T) {
	tests := []struct {
		name, in string
		want     string // of ParseRange
		exclude  string // of ParseExclude, when it differs
	}{
		{name: "single address", in: "192.0.2.7", want: "192.0.2.7"},
		{name: "range", in: "192.0.2.10-192.0.2.99", want: "192.0.2.10-192.0.2.99"},
		{name: "spaces around the dash", in: "192.0.2.10 - 192.0.2.99", want: "192.0.2.10-192.0.2.99"},
		{name: "range of one", in: "192.0.2.10-192.0.2.10", want: "192.0.2.10"},
		{name: "range over a byte", in: "192.0.2.250-192.0.3.5", want: "192.0.2.250-192.0.3.5"},
		{name: "network and broadcast are left out", in: "192.0.2.0/24", want: "192.0.2.1-192.0.2.254", exclude: "192.0.2.0-192.0.2.255"},
		{name: "smallest prefix that loses two", in: "192.0.2.4/30", want: "192.0.2.5-192.0.2.6", exclude: "192.0.2.4-192.0.2.7"},
		{name: "point to point keeps both", in: "192.0.2.4/31", want: "192.0.2.4-192.0.2.5"},
		{name: "host prefix", in: "192.0.2.4/32", want: "192.0.2.4"},
		{name: "IPv6 address", in: "2001:db8::7", want: "2001:db8::7"},
		{name: "IPv6 range over 64 bits", in: "2001:db8::ffff:ffff:ffff:fffe-2001:db8:0:1::1", want: "2001:db8::ffff:ffff:ffff:fffe-2001:db8:0:1::1"},
		{
			name: "subnet-router anycast is left out", in: "2001:db8::/64", want: "2001:db8::1-2001:db8::ffff:ffff:ffff:ffff",
			exclude: "2001:db8::-2001:db8::ffff:ffff:ffff:ffff",
		},
		{name: "IPv6 prefix above 64 bits", in: "2001:db8::/48", want: "2001:db8::1-2001:db8:0:ffff:ffff:ffff:ffff:ffff", exclude: "2001:db8::-2001:db8:0:ffff:ffff:ffff:ffff:ffff"},
		{name: "IPv6 point to point keeps both", in: "2001:db8::2/127", want: "2001:db8::2-2001:db8::3"},
		{name: "IPv6 host prefix", in: "2001:db8::2/128", want: "2001:db8::2"},
		{name: "everything", in: "0.0.0.0/0", want: "0.0.0.1-255.255.255.254", exclude: "0.0.0.0-255.255.255.255"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseRange(tt.in)
			if err != nil || r.String() != tt.want {
				t.Errorf("ParseRange(%q): got %s, %v, want %s", tt.in, r, err, tt.want)
			}
			if tt.exclude == "" {
				tt.exclude = tt.want
			}
			r, err = ParseExclude(tt.in)
			if err != nil || r.String() != tt.exclude {
				t.Errorf("ParseExclude(%q): got %s, %v, want %s", tt.in, r, err, tt.exclude)
			}
		})
	}
}

func TestParseRangeErrors(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", `address range "": "" is not an IP address`},
		{"name", "gateway", `address range "gateway": "gateway" is not an IP address`},
		{"leading zero", "192.0.02.1", `address range "192.0.02.1": "192.0.02.1" is not an IP address`},
		{"half a range", "192.0.2.1-", `address range "192.0.2.1-": "" is not an IP address`},
		{"last byte only", "192.0.2.1-9", `address range "192.0.2.1-9": "9" is not an IP address`},
		{"backwards", "192.0.2.9-192.0.2.1", `address range "192.0.2.9-192.0.2.1": ends before it begins`},
		{"host bits", "192.0.2.1/24", `address range "192.0.2.1/24": bits are set to the right of the prefix, the network is 192.0.2.0/24`},
		{"prefix too long", "192.0.2.0/33", `address range "192.0.2.0/33": not a prefix such as 192.0.2.0/24`},
		{"range of prefixes", "192.0.2.0/24-192.0.3.0/24", `address range "192.0.2.0/24-192.0.3.0/24": not a prefix such as 192.0.2.0/24`},
		{"IPv4 in IPv6", "::ffff:192.0.2.1", `address range "::ffff:192.0.2.1": ::ffff:192.0.2.1: write the IPv4 address 192.0.2.1 as such`},
		{"prefix of IPv4 in IPv6", "::ffff:192.0.2.0/120", `address range "::ffff:192.0.2.0/120": ::ffff:192.0.2.0: write the IPv4 address 192.0.2.0 as such`},
		{"zone", "fe80::1%eth0", `address range "fe80::1%eth0": an address with a zone is of use on one interface only`},
		{"two families", "192.0.2.1-2001:db8::1", `address range "192.0.2.1-2001:db8::1": begins in one address family and ends in the other`},
		{"IPv6 host bits", "2001:db8::1/64", `address range "2001:db8::1/64": bits are set to the right of the prefix, the network is 2001:db8::/64`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, parse := range []func(string) (Range, error){ParseRange, ParseExclude} {
				r, err := parse(tt.in)
				if err == nil || err.Error() != tt.want {
					t.Errorf("got %s, %v\nwant error %s", r, err, tt.want)
				}
			}
		})
	}
}

func TestRangeSize(t *testing.T) {
	for in, want := range map[string]uint64{"192.0.2.1": 1, "192.0.2.0/24": 254, "0.0.0.0-255.255.255.255": 1 << 32,
		"2001:db8::/120": 255, "2001:db8::/64": math.MaxUint64, "2001:db8::/48": math.MaxUint64} {
		if got := mustRange(t, in).Size(); got != want {
			t.Errorf("%s: got %d, want %d", in, got, want)
		}
	}
}

func TestPoolConfigCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*PoolConfig)
		want   []string
	}{
		{name: "sound", change: func(*PoolConfig) {}},
		{name: "no name", change: func(c *PoolConfig) { c.Name = "" }, want: []string{`pool "": has no name`}},
		{
			name:   "interface too long",
			change: func(c *PoolConfig) { c.Interface = "sixteen-bytes-xx" },
			want:   []string{`pool "lab": interface "sixteen-bytes-xx": longer than 15 bytes`},
		},
		{
			name:   "alias instead of an interface",
			change: func(c *PoolConfig) { c.Interface = "eth0:1" },
			want:   []string{`pool "lab": interface "eth0:1": not the name of an interface`},
		},
		{
			name:   "several at once",
			change: func(c *PoolConfig) { c.PrefixLength, c.Hold, c.Ranges = 33, -1, nil },
			want: []string{
				`pool "lab": prefix length 33: not between 0 and 32`, `pool "lab": hold -1ns: negative`, `pool "lab": has no addresses`,
			},
		},
		{
			name:   "IPv6 gateway",
			change: func(c *PoolConfig) { c.Gateway = netip.MustParseAddr("2001:db8::1") },
			want:   []string{`pool "lab": gateway 2001:db8::1: not of the family of the addresses`},
		},
		{
			name:   "range nobody parsed",
			change: func(c *PoolConfig) { c.Exclude = []Range{{}} },
			want:   []string{`pool "lab": range invalid IP: no addresses or ends before it begins`},
		},
		{
			name:   "too large",
			change: func(c *PoolConfig) { c.Ranges = ranges(t, "10.0.0.0/15") },
			want:   []string{`pool "lab": has 131070 addresses, more than 65536`},
		},
		{
			name:   "largest",
			change: func(c *PoolConfig) { c.Ranges = ranges(t, "10.0.0.0-10.0.255.255") },
		},
		{
			name:   "ranges overlap",
			change: func(c *PoolConfig) { c.Ranges = ranges(t, "10.0.0.1-10.0.0.9", "10.0.0.9-10.0.0.20") },
			want:   []string{`pool "lab": range 10.0.0.9-10.0.0.20: overlaps 10.0.0.1-10.0.0.9`},
		},
		{
			name:   "multicast",
			change: func(c *PoolConfig) { c.Ranges = ranges(t, "223.255.255.250-224.0.0.1") },
			want:   []string{`pool "lab": range 223.255.255.250-224.0.0.1: reaches into 224.0.0.0-255.255.255.255, which no host can have`},
		},
		{
			name:   "both families",
			change: func(c *PoolConfig) { c.Ranges = ranges(t, "10.0.0.1", "2001:db8::1") },
			want:   []string{`pool "lab": range 2001:db8::1: a pool has IPv4 or IPv6 addresses, not both; make one of each`},
		},
		{
			name: "IPv6",
			change: func(c *PoolConfig) {
				c.Ranges, c.PrefixLength, c.Gateway = ranges(t, "2001:db8::/64"), 64, netip.MustParseAddr("2001:db8::1")
			},
		},
		{
			name:   "IPv6 out of its subnet",
			change: func(c *PoolConfig) { c.Ranges, c.PrefixLength = ranges(t, "2001:db8::-2001:db8:0:1::"), 64 },
			want:   []string{`pool "lab": range 2001:db8::-2001:db8:0:1::: leaves the subnet 2001:db8::/64`, `pool "lab": has 2⁶⁴ addresses or more; the largest pool is one /64`},
		},
		{
			name:   "two IPv6 networks",
			change: func(c *PoolConfig) { c.Ranges, c.PrefixLength = ranges(t, "2001:db8::/64", "2001:db8:1::/64"), 0 },
			want:   []string{`pool "lab": has 2⁶⁴ addresses or more; the largest pool is one /64`},
		},
		{
			name:   "IPv6 multicast",
			change: func(c *PoolConfig) { c.Ranges, c.PrefixLength = ranges(t, "ff02::1"), 0 },
			want:   []string{`pool "lab": range ff02::1: reaches into ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, which no host can have`},
		},
		{
			name:   "quarantine",
			change: func(c *PoolConfig) { c.Quarantine = -1 },
			want:   []string{`pool "lab": quarantine -1ns: negative`},
		},
		{
			name:   "all excluded",
			change: func(c *PoolConfig) { c.Exclude = ranges(t, "10.0.0.0-10.0.0.255") },
			want:   []string{`pool "lab": has no addresses left after those excluded`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := PoolConfig{Name: "lab", Interface: "eth0", Ranges: ranges(t, "10.0.0.0/24"), PrefixLength: 24}
			tt.change(&c)
			var got []string
			if err := c.Check(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if _, err := NewPool(c, NewMACs()); (err == nil) != (tt.want == nil) {
				t.Errorf("NewPool: got %v", err)
			}
		})
	}
}

func TestUsable(t *testing.T) {
	tests := []struct {
		name   string
		config PoolConfig
		want   string
	}{
		{"as given", PoolConfig{Ranges: ranges(t, "10.0.0.5-10.0.0.9")}, "[10.0.0.5-10.0.0.9]"},
		{"in order", PoolConfig{Ranges: ranges(t, "10.0.0.9", "10.0.0.5")}, "[10.0.0.5 10.0.0.9]"},
		{"hole", PoolConfig{Ranges: ranges(t, "10.0.0.5-10.0.0.9"), Exclude: ranges(t, "10.0.0.7")}, "[10.0.0.5-10.0.0.6 10.0.0.8-10.0.0.9]"},
		{
			"exclusions overlap each other and the ends",
			PoolConfig{Ranges: ranges(t, "10.0.0.5-10.0.0.9"), Exclude: ranges(t, "10.0.0.0-10.0.0.5", "10.0.0.4-10.0.0.6", "10.0.0.9-10.0.0.20")},
			"[10.0.0.7-10.0.0.8]",
		},
		{"gateway", PoolConfig{Ranges: ranges(t, "10.0.0.0/29"), Gateway: netip.MustParseAddr("10.0.0.1")}, "[10.0.0.2-10.0.0.6]"},
		{
			"network and broadcast of each subnet",
			PoolConfig{Ranges: ranges(t, "10.0.0.254-10.0.2.1"), PrefixLength: 24},
			"[10.0.0.254 10.0.1.1-10.0.1.254 10.0.2.1]",
		},
		{"no broadcast in a /31", PoolConfig{Ranges: ranges(t, "10.0.0.0-10.0.0.3"), PrefixLength: 31}, "[10.0.0.0-10.0.0.3]"},
		{
			"IPv6 without anycast and gateway",
			PoolConfig{Ranges: ranges(t, "2001:db8::/126", "2001:db8::8-2001:db8::9"), PrefixLength: 64, Gateway: netip.MustParseAddr("2001:db8::2")},
			"[2001:db8::1 2001:db8::3 2001:db8::8-2001:db8::9]",
		},
		{"IPv6 range that holds the anycast address", PoolConfig{Ranges: ranges(t, "2001:db8::-2001:db8::2"), PrefixLength: 64}, "[2001:db8::1-2001:db8::2]"},
		{"up to the last address there is", PoolConfig{Ranges: ranges(t, "255.255.255.250-255.255.255.255"), PrefixLength: 24}, "[255.255.255.250-255.255.255.254]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fmt.Sprint(tt.config.usable()); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOverlap(t *testing.T) {
	pool := func(exclude []Range, in ...string) PoolConfig {
		return PoolConfig{Name: "p", Ranges: ranges(t, in...), Exclude: exclude}
	}
	tests := []struct {
		name string
		a, b PoolConfig
		want string // empty: none
	}{
		{"apart", pool(nil, "10.0.0.1-10.0.0.9"), pool(nil, "10.0.0.10-10.0.0.19"), ""},
		{"one address", pool(nil, "10.0.0.1-10.0.0.9"), pool(nil, "10.0.0.9-10.0.0.19"), "10.0.0.9"},
		{"one inside the other", pool(nil, "10.0.0.0/24"), pool(nil, "10.0.0.7-10.0.0.8"), "10.0.0.7-10.0.0.8"},
		{"the first of several", pool(nil, "10.0.0.0/24"), pool(nil, "10.0.0.90-10.0.0.91", "10.0.0.7"), "10.0.0.7"},
		{"cut out by an exclusion", pool(ranges(t, "10.0.0.7-10.0.0.8"), "10.0.0.0/24"), pool(nil, "10.0.0.7-10.0.0.8"), ""},
		{"of two families", pool(nil, "10.0.0.1-10.0.0.9"), pool(nil, "2001:db8::1"), ""},
		{"IPv6", pool(nil, "2001:db8::/64"), pool(nil, "2001:db8::8000:0:0:1"), "2001:db8::8000:0:0:1"},
		{"unsound", pool(nil, "10.0.0.0/8"), pool(nil, "10.0.0.7"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, pair := range [][2]PoolConfig{{tt.a, tt.b}, {tt.b, tt.a}} {
				got, ok := Overlap(pair[0], pair[1])
				if ok != (tt.want != "") || ok && got.String() != tt.want {
					t.Errorf("got %s, %t, want %q", got, ok, tt.want)
				}
			}
		})
	}
}

func mustRange(t *testing.T, s string) Range {
	t.Helper()
	r, err := ParseExclude(s)
	if strings.Contains(s, "/") {
		r, err = ParseRange(s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ranges(t *testing.T, in ...string) []Range {
	t.Helper()
	var out []Range
	for _, s := range in {
		out = append(out, mustRange(t, s))
	}
	return out
}
