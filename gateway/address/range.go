package address

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// A Range is a run of IPv4 addresses, both ends included.
type Range struct {
	First, Last netip.Addr
}

// ParseRange reads the addresses of a pool: "10.1.2.10-10.1.2.99", "10.1.2.0/24"
// or a single address. The network and the broadcast address of a prefix are
// left out, because no host may have them; a /31 (RFC 3021) and a /32 are taken
// whole.
func ParseRange(s string) (Range, error) {
	r, err := ParseExclude(s)
	if err != nil || !strings.Contains(s, "/") {
		return r, err
	}
	if r.Size() > 2 {
		r = Range{r.First.Next(), r.Last.Prev()}
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
	if r.First, err = parseIPv4(strings.TrimSpace(first)); err != nil {
		return Range{}, fmt.Errorf("address range %q: %w", s, err)
	}
	if r.Last, err = parseIPv4(strings.TrimSpace(last)); err != nil {
		return Range{}, fmt.Errorf("address range %q: %w", s, err)
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
	if !p.Addr().Is4() {
		return Range{}, fmt.Errorf("address range %q: only IPv4 is supported", s)
	}
	if p.Masked() != p {
		return Range{}, fmt.Errorf("address range %q: bits are set to the right of the prefix, the network is %s", s, p.Masked())
	}
	return prefixRange(p), nil
}

func parseIPv4(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is not an IP address", s)
	}
	if !a.Is4() {
		return netip.Addr{}, fmt.Errorf("%s: only IPv4 is supported", s)
	}
	return a, nil
}

// prefixRange returns all addresses of an IPv4 prefix.
func prefixRange(p netip.Prefix) Range {
	first := number(p.Masked().Addr())
	return Range{numbered(first), numbered(first | (1<<(32-p.Bits()) - 1))}
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
	return a.Is4() && !a.Less(r.First) && !r.Last.Less(a)
}

// Size returns the number of addresses, 1 to 2³².
func (r Range) Size() uint64 {
	return uint64(number(r.Last)) - uint64(number(r.First)) + 1
}

// valid reports whether the range could have come from a parser.
func (r Range) valid() bool {
	return r.First.Is4() && r.Last.Is4() && !r.Last.Less(r.First)
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func numbered(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}
