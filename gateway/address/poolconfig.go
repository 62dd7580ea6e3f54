package address

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// MaxPoolSize is the largest number of addresses that the ranges of one pool may
// have in all. A larger pool is a mistyped prefix: the limits of an interface
// and of one process are far below it.
const MaxPoolSize = 65536

// A PoolConfig is what a pool is made from.
type PoolConfig struct {
	Name         string
	Interface    string        // where the addresses live; empty when the host answers them already
	Ranges       []Range       // at least one, not overlapping
	Exclude      []Range       // never given away
	PrefixLength int           // of the subnet, 0 to 32, as the BMC reports it; 0: not known
	Gateway      netip.Addr    // default gateway as the BMC reports it, never given away; zero: none
	Hold         time.Duration // how long a released address waits for its VM before another may have it
}

// Check returns everything that is wrong with the configuration, joined, each
// problem beginning with the name of the pool.
func (c PoolConfig) Check() error {
	var problems []error
	for _, p := range slices.Concat(c.checkNumbers(), c.checkRanges()) {
		problems = append(problems, fmt.Errorf("pool %q: %w", c.Name, p))
	}
	return errors.Join(problems...)
}

func (c PoolConfig) checkNumbers() (problems []error) {
	if c.Name == "" {
		problems = append(problems, errors.New("has no name"))
	}
	// IFNAMSIZ is 16 and counts the terminating zero.
	if len(c.Interface) > 15 {
		problems = append(problems, fmt.Errorf("interface %q: longer than 15 bytes", c.Interface))
	}
	if strings.ContainsAny(c.Interface, "/: \t\n") {
		problems = append(problems, fmt.Errorf("interface %q: not the name of an interface", c.Interface))
	}
	if c.PrefixLength < 0 || c.PrefixLength > 32 {
		problems = append(problems, fmt.Errorf("prefix length %d: not between 0 and 32", c.PrefixLength))
	}
	if c.Gateway.IsValid() && !c.Gateway.Is4() {
		problems = append(problems, fmt.Errorf("gateway %s: only IPv4 is supported", c.Gateway))
	}
	if c.Hold < 0 {
		problems = append(problems, fmt.Errorf("hold %s: negative", c.Hold))
	}
	return problems
}

func (c PoolConfig) checkRanges() (problems []error) {
	if len(c.Ranges) == 0 {
		problems = append(problems, errors.New("has no addresses"))
	}
	for _, r := range slices.Concat(c.Ranges, c.Exclude) {
		if !r.valid() {
			return append(problems, fmt.Errorf("range %s: not IPv4 or ends before it begins", r))
		}
	}
	var size uint64
	for i, r := range c.Ranges {
		size += r.Size()
		for _, unusable := range neverUnicast {
			if _, ok := intersect(r, unusable); ok {
				problems = append(problems, fmt.Errorf("range %s: reaches into %s, which no host can have", r, unusable))
			}
		}
		for _, earlier := range c.Ranges[:i] {
			if _, ok := intersect(r, earlier); ok {
				problems = append(problems, fmt.Errorf("range %s: overlaps %s", r, earlier))
			}
		}
	}
	if size > MaxPoolSize {
		return append(problems, fmt.Errorf("has %d addresses, more than %d", size, MaxPoolSize))
	}
	if len(problems) == 0 && len(c.usable()) == 0 {
		problems = append(problems, errors.New("has no addresses left after those excluded"))
	}
	return problems
}

// neverUnicast are 0.0.0.0/8 and, from 224.0.0.0 on, multicast, class E and the
// limited broadcast (RFC 1122, section 3.2.1.3).
var neverUnicast = []Range{
	{numbered(0), numbered(0x00ffffff)},
	{numbered(0xe0000000), numbered(0xffffffff)},
}

// Overlap returns the first run of addresses that both pools would give away.
// What one of them excludes is no overlap, and a pool that does not pass
// [PoolConfig.Check] overlaps nothing.
func Overlap(a, b PoolConfig) (Range, bool) {
	if a.Check() != nil || b.Check() != nil {
		return Range{}, false
	}
	for _, x := range a.usable() {
		for _, y := range b.usable() {
			if both, ok := intersect(x, y); ok {
				return both, true
			}
		}
	}
	return Range{}, false
}

// usable returns what may be given away: the ranges without the excluded
// addresses, the gateway, and the network and broadcast address of each subnet
// that the ranges touch; in order, disjoint.
func (c PoolConfig) usable() []Range {
	left := slices.Clone(c.Ranges)
	slices.SortFunc(left, func(a, b Range) int { return a.First.Compare(b.First) })
	for _, x := range c.Exclude {
		left = subtract(left, x)
	}
	if c.Gateway.Is4() {
		left = subtract(left, Range{c.Gateway, c.Gateway})
	}
	if c.PrefixLength < 1 || c.PrefixLength > 30 {
		return left
	}
	var out []Range
	for _, r := range left {
		out = append(out, cutSubnets(r, c.PrefixLength)...)
	}
	return out
}

// cutSubnets splits r at the subnets of the given prefix length and leaves out
// their first and last addresses.
func cutSubnets(r Range, bits int) []Range {
	var out []Range
	for first := r.First; ; {
		subnet := prefixRange(netip.PrefixFrom(first, bits).Masked())
		hosts := Range{subnet.First.Next(), subnet.Last.Prev()}
		if part, ok := intersect(r, hosts); ok {
			out = append(out, part)
		}
		first = subnet.Last.Next()
		if !first.IsValid() || r.Last.Less(first) {
			return out
		}
	}
}

// subtract removes the addresses of x from sorted, disjoint ranges.
func subtract(from []Range, x Range) []Range {
	out := make([]Range, 0, len(from)+1)
	for _, r := range from {
		both, ok := intersect(r, x)
		if !ok {
			out = append(out, r)
			continue
		}
		if r.First.Less(both.First) {
			out = append(out, Range{r.First, both.First.Prev()})
		}
		if both.Last.Less(r.Last) {
			out = append(out, Range{both.Last.Next(), r.Last})
		}
	}
	return out
}

func intersect(a, b Range) (Range, bool) {
	if a.First.Less(b.First) {
		a.First = b.First
	}
	if b.Last.Less(a.Last) {
		a.Last = b.Last
	}
	return a, !a.Last.Less(a.First)
}
