package address

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"strings"
)

// A Range is a run of addresses of one family, both ends included.
type Range struct {
	First, Last netip.Addr
}

// ParseRange reads the addresses of a pool: "10.1.2.10-10.1.2.99", "10.1.2.0/24",
// "2001:db8::/64" or a single address. What no host of a prefix may have is left
// out: the network and the broadcast address of IPv4, the subnet-router anycast
// address of IPv6 (RFC 4291, section 2.6.1). A /31 (RFC 3021), a /127 (RFC 6164), a
// /32 and a /128 are taken whole.
func ParseRange(s string) (Range, error) {
	r, err := ParseExclude(s)
	if err != nil || !strings.Contains(s, "/") || r.Size() <= 2 {
		return r, err
	}
	r.First = r.First.Next()
	if r.First.Is4() {
		r.Last = r.Last.Prev()
	}
	return r, nil
}

// ParseExclude reads addresses that are not to be used, written as for
// [ParseRange]. A prefix stands for all of its addresses, also the first and the
// last one: a part cut out of a larger pool has no broadcast address to spare.
func ParseExclude(s string) (Range, error) {
	if strings.Contains(s, "/") {
		return parsePrefix(s)
	}
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		last = first
	}
	r := Range{}
	var err error
	if r.First, err = readAddress(strings.TrimSpace(first)); err != nil {
		return Range{}, fmt.Errorf("address range %q: %w", s, err)
	}
	if r.Last, err = readAddress(strings.TrimSpace(last)); err != nil {
		return Range{}, fmt.Errorf("address range %q: %w", s, err)
	}
	if r.First.Is4() != r.Last.Is4() {
		return Range{}, fmt.Errorf("address range %q: begins in one address family and ends in the other", s)
	}
	if r.Last.Less(r.First) {
		return Range{}, fmt.Errorf("address range %q: ends before it begins", s)
	}
	return r, nil
}

func parsePrefix(s string) (Range, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return Range{}, fmt.Errorf("address range %q: not a prefix such as 192.0.2.0/24", s)
	}
	if _, err := readAddress(p.Addr().String()); err != nil {
		return Range{}, fmt.Errorf("address range %q: %w", s, err)
	}
	if p.Masked() != p {
		return Range{}, fmt.Errorf("address range %q: bits are set to the right of the prefix, the network is %s", s, p.Masked())
	}
	return prefixRange(p), nil
}

// readAddress reads an address that means the same on every interface.
func readAddress(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return netip.Addr{}, fmt.Errorf("%q is not an IP address", s)
	case a.Is4In6():
		return netip.Addr{}, fmt.Errorf("%s: write the IPv4 address %s as such", s, a.Unmap())
	case a.Zone() != "":
		return netip.Addr{}, errors.New("an address with a zone is of use on one interface only")
	}
	return a, nil
}

// prefixRange returns all addresses of a prefix.
func prefixRange(p netip.Prefix) Range {
	first := p.Masked().Addr()
	hi, lo := halves(first)
	host := first.BitLen() - p.Bits() // bits to the right of the prefix
	if host > 64 {
		hi |= math.MaxUint64 >> (128 - host)
	}
	if host > 0 {
		lo |= math.MaxUint64 >> (64 - min(host, 64))
	}
	return Range{first, joined(hi, lo, first)}
}

// String returns the range as [ParseRange] reads it: "first-last", or the
// address when there is only one.
func (r Range) String() string {
	if r.First == r.Last {
		return r.First.String()
	}
	return r.First.String() + "-" + r.Last.String()
}

// Contains reports whether a lies in the range.
func (r Range) Contains(a netip.Addr) bool {
	return a.BitLen() == r.First.BitLen() && !a.Less(r.First) && !r.Last.Less(a)
}

// Size returns the number of addresses, at least 1. One of 2⁶⁴ or more counts as
// 2⁶⁴-1.
func (r Range) Size() uint64 {
	if n, ok := distance(r.First, r.Last); ok && n < math.MaxUint64 {
		return n + 1
	}
	return math.MaxUint64
}

// valid reports whether the range could have come from a parser.
func (r Range) valid() bool {
	return r.First.IsValid() && r.First.BitLen() == r.Last.BitLen() && !r.First.Is4In6() && !r.Last.Less(r.First)
}

// distance returns how far b is behind a, of the same family; false when that is
// 2⁶⁴ or more.
func distance(a, b netip.Addr) (uint64, bool) {
	ah, al := halves(a)
	bh, bl := halves(b)
	lo, borrow := bits.Sub64(bl, al, 0)
	hi, _ := bits.Sub64(bh, ah, borrow)
	return lo, hi == 0
}

// after returns the address n behind a.
func after(a netip.Addr, n uint64) netip.Addr {
	hi, lo := halves(a)
	lo, carry := bits.Add64(lo, n, 0)
	return joined(hi+carry, lo, a)
}

// halves returns an address as a number of 128 bits; the upper half of an IPv4
// address is 0.
func halves(a netip.Addr) (hi, lo uint64) {
	if a.Is4() {
		b := a.As4()
		return 0, uint64(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
}

// joined returns the address with that number, of the family of like.
func joined(hi, lo uint64, like netip.Addr) netip.Addr {
	if like.Is4() {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(lo))
		return netip.AddrFrom4(b)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return netip.AddrFrom16(b)
}
