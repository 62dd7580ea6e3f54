package address

import (
	"net/netip"
	"testing"
)

func TestSample(t *testing.T) {
	tests := []struct {
		name        string
		ranges      []string
		most, want  int
		first, last string
	}{
		{"all of a few", []string{"10.0.0.10-10.0.0.12", "10.0.0.20"}, 10, 4, "10.0.0.10", "10.0.0.20"},
		{"as many as there are", []string{"10.0.0.10-10.0.0.19"}, 10, 10, "10.0.0.10", "10.0.0.19"},
		{"spread", []string{"10.0.0.10-10.0.0.19", "10.0.0.100-10.0.0.109"}, 4, 4, "10.0.0.10", "10.0.0.105"},
		{"none", []string{"10.0.0.10"}, 0, 0, "", ""},
		{"of a /64", []string{"2001:db8::-2001:db8::ffff:ffff:ffff:fffe"}, 2, 2, "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c PoolConfig
			for _, s := range tt.ranges {
				r, err := ParseExclude(s)
				must(t, err)
				c.Ranges = append(c.Ranges, r)
			}
			got := c.Sample(tt.most)
			if len(got) != tt.want {
				t.Fatalf("%d addresses, want %d: %v", len(got), tt.want, got)
			}
			seen := make(map[netip.Addr]bool)
			for _, a := range got {
				if seen[a] || !c.Contains(a) {
					t.Errorf("%s is twice in it, or not of the pool", a)
				}
				seen[a] = true
			}
			if tt.want > 0 && (got[0] != ip(tt.first) || got[len(got)-1] != ip(tt.last)) {
				t.Errorf("from %s to %s, want %s to %s", got[0], got[len(got)-1], tt.first, tt.last)
			}
		})
	}
}
