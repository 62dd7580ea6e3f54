package address

import (
	"math/bits"
	"net/netip"
	"slices"
)

// Prefixes returns the ranges of the pool without what is excluded and without
// the gateway, as few prefixes, in order: a route for each leads to all of the
// pool and to nothing else. A pool that is its whole subnet is one prefix, with
// network and broadcast address, which no host has.
func (c PoolConfig) Prefixes() []netip.Prefix {
	left := make([]Range, 0, len(c.Ranges))
	for _, r := range c.Ranges {
		left = append(left, c.wholeSubnet(r))
	}
	slices.SortFunc(left, func(a, b Range) int { return a.First.Compare(b.First) })
	for _, x := range c.Exclude {
		left = subtract(left, x)
	}
	if c.Gateway.IsValid() {
		left = subtract(left, Range{c.Gateway, c.Gateway})
	}
	var all []netip.Prefix
	for _, r := range left {
		all = append(all, r.prefixes()...)
	}
	return all
}

// wholeSubnet returns the subnet if r is all of its hosts, otherwise r.
func (c PoolConfig) wholeSubnet(r Range) Range {
	if c.PrefixLength < 1 || c.PrefixLength > c.bits()-2 {
		return r
	}
	subnet := prefixRange(netip.PrefixFrom(r.First, c.PrefixLength).Masked())
	last := subnet.Last
	if r.First.Is4() {
		last = last.Prev()
	}
	if r.First == subnet.First.Next() && r.Last == last {
		return subnet
	}
	return r
}

// prefixes returns the range as the largest prefixes that fit, at most two for
// each bit of an address.
func (r Range) prefixes() []netip.Prefix {
	var all []netip.Prefix
	for first := r.First; first.IsValid() && !r.Last.Less(first); {
		p := netip.PrefixFrom(first, first.BitLen())
		for p.Bits() > first.BitLen()-trailingZeros(first) {
			larger := netip.PrefixFrom(first, p.Bits()-1)
			if r.Last.Less(prefixRange(larger).Last) {
				break
			}
			p = larger
		}
		all = append(all, p)
		first = prefixRange(p).Last.Next()
	}
	return all
}

// trailingZeros counts the zero bits at the end of an address.
func trailingZeros(a netip.Addr) int {
	hi, lo := halves(a)
	switch {
	case lo != 0:
		return bits.TrailingZeros64(lo)
	case a.Is4():
		return 32
	default:
		return 64 + bits.TrailingZeros64(hi)
	}
}
