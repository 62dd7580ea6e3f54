package address

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// MaxPoolSize is the largest number of addresses that the ranges of one IPv4 pool
// may have in all. A larger pool is a mistyped prefix: the limits of an interface
// and of one process are far below it. A pool with more addresses, which is one of
// IPv6, gives them by the identity of the VM (see [Pool.Allocate]).
const MaxPoolSize = 65536

// A PoolConfig is what a pool is made from.
type PoolConfig struct {
	Name         string
	Interface    string        // where the addresses live; empty when the host answers them already
	Ranges       []Range       // at least one, of one family, not overlapping, none larger than a /64
	Exclude      []Range       // never given away
	PrefixLength int           // of the subnet, 0 to 32 or 128, as the BMC reports it; 0: not known
	Gateway      netip.Addr    // default gateway as the BMC reports it, never given away; zero: none
	Hold         time.Duration // how long a released address waits for its VM
	Quarantine   time.Duration // how long after that, or after a conflict, nobody else may have it
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

// bits returns how long the addresses of the pool are: 32 or 128.
func (c PoolConfig) bits() int {
	if len(c.Ranges) > 0 && c.Ranges[0].First.Is6() {
		return 128
	}
	return 32
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
	if c.PrefixLength < 0 || c.PrefixLength > c.bits() {
		problems = append(problems, fmt.Errorf("prefix length %d: not between 0 and %d", c.PrefixLength, c.bits()))
	}
	if c.Gateway.IsValid() && c.Gateway.BitLen() != c.bits() {
		problems = append(problems, fmt.Errorf("gateway %s: not of the family of the addresses", c.Gateway))
	}
	if c.Hold < 0 {
		problems = append(problems, fmt.Errorf("hold %s: negative", c.Hold))
	}
	if c.Quarantine < 0 {
		problems = append(problems, fmt.Errorf("quarantine %s: negative", c.Quarantine))
	}
	return problems
}

func (c PoolConfig) checkRanges() (problems []error) {
	if len(c.Ranges) == 0 {
		problems = append(problems, errors.New("has no addresses"))
	}
	for _, r := range slices.Concat(c.Ranges, c.Exclude) {
		switch {
		case !r.valid():
			return append(problems, fmt.Errorf("range %s: no addresses or ends before it begins", r))
		case r.First.BitLen() != c.bits():
			return append(problems, fmt.Errorf("range %s: a pool has IPv4 or IPv6 addresses, not both; make one of each", r))
		}
	}
	for i, r := range c.Ranges {
		problems = append(problems, c.checkRange(r, c.Ranges[:i])...)
	}
	size, fits := total(c.Ranges)
	switch {
	case !fits:
		return append(problems, errors.New("has 2⁶⁴ addresses or more; the largest pool is one /64"))
	case c.bits() == 32 && size > MaxPoolSize:
		return append(problems, fmt.Errorf("has %d addresses, more than %d", size, MaxPoolSize))
	}
	if len(problems) == 0 && len(c.usable()) == 0 {
		problems = append(problems, errors.New("has no addresses left after those excluded"))
	}
	return problems
}

func (c PoolConfig) checkRange(r Range, earlier []Range) (problems []error) {
	for _, unusable := range neverUnicast {
		if _, ok := intersect(r, unusable); ok {
			problems = append(problems, fmt.Errorf("range %s: reaches into %s, which no host can have", r, unusable))
		}
	}
	for _, e := range earlier {
		if _, ok := intersect(r, e); ok {
			problems = append(problems, fmt.Errorf("range %s: overlaps %s", r, e))
		}
	}
	if subnet := netip.PrefixFrom(r.First, c.PrefixLength).Masked(); r.First.Is6() && c.PrefixLength > 0 && subnet.IsValid() && !subnet.Contains(r.Last) {
		problems = append(problems, fmt.Errorf("range %s: leaves the subnet %s", r, subnet))
	}
	return problems
}

// total returns how many addresses the ranges have; false when that does not fit.
func total(ranges []Range) (size uint64, fits bool) {
	for _, r := range ranges {
		if n, ok := distance(r.First, r.Last); !ok || n == math.MaxUint64 {
			return 0, false
		}
		var carry uint64
		if size, carry = bits.Add64(size, r.Size(), 0); carry > 0 {
			return 0, false
		}
	}
	return size, true
}

// neverUnicast are 0.0.0.0/8 and, from 224.0.0.0 on, multicast, class E and the
// limited broadcast (RFC 1122, section 3.2.1.3); of IPv6 the unspecified, the
// link-local and the multicast addresses (RFC 4291, section 2.4).
var neverUnicast = []Range{
	prefixRange(netip.MustParsePrefix("0.0.0.0/8")),
	prefixRange(netip.MustParsePrefix("224.0.0.0/3")),
	prefixRange(netip.MustParsePrefix("::/128")),
	prefixRange(netip.MustParsePrefix("fe80::/10")),
	prefixRange(netip.MustParsePrefix("ff00::/8")),
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

// Contains reports whether a pool made from this may give the address away.
func (c PoolConfig) Contains(a netip.Addr) bool {
	return slices.ContainsFunc(c.usable(), func(r Range) bool { return r.Contains(a) })
}

// usable returns what may be given away: the ranges without the excluded
// addresses, the gateway, and the network and broadcast address (of IPv6 the
// subnet-router anycast address) of each subnet that the ranges touch; in order,
// disjoint.
func (c PoolConfig) usable() []Range {
	left := slices.Clone(c.Ranges)
	slices.SortFunc(left, func(a, b Range) int { return a.First.Compare(b.First) })
	for _, x := range c.Exclude {
		left = subtract(left, x)
	}
	if c.Gateway.IsValid() {
		left = subtract(left, Range{c.Gateway, c.Gateway})
	}
	if c.PrefixLength < 1 || c.PrefixLength > c.bits()-2 {
		return left
	}
	if c.bits() == 128 {
		for _, r := range c.Ranges {
			anycast := netip.PrefixFrom(r.First, c.PrefixLength).Masked().Addr()
			left = subtract(left, Range{anycast, anycast})
		}
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
	if a.First.BitLen() != b.First.BitLen() {
		return Range{}, false
	}
	if a.First.Less(b.First) {
		a.First = b.First
	}
	if b.Last.Less(a.Last) {
		a.Last = b.Last
	}
	return a, !a.Last.Less(a.First)
}
