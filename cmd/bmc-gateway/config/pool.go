package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// allPools reads the pools and compares each with those before it.
func (l *loader) allPools(nodes []node) []gateway.Pool {
	var all []gateway.Pool
	for _, one := range nodes {
		p := l.pool(one)
		for _, earlier := range all {
			if both, ok := address.Overlap(earlier.PoolConfig, p.PoolConfig); ok {
				one.refuse("overlaps pool %q in %s; an address belongs to one pool", earlier.Name, both)
			}
			if p.Interface == earlier.Interface && p.VLAN != earlier.VLAN && p.VLAN.ID*earlier.VLAN.ID > 0 {
				one.refuse("its interface %s is another VLAN than in pool %q", p.Interface, earlier.Name)
			}
		}
		all = append(all, p)
	}
	return all
}

// poolsNamed returns the pools of these names, as far as they are there.
func (l *loader) poolsNamed(names []string) []gateway.Pool {
	var some []gateway.Pool
	for _, name := range names {
		i := slices.IndexFunc(l.lent, func(p gateway.Pool) bool { return p.Name == name })
		if i >= 0 {
			some = append(some, l.lent[i])
		}
	}
	return some
}

// minQuarantine is the shortest time an address that was one VM's means no other:
// whoever stored it has a day to notice that the VM is gone.
const minQuarantine = 24 * time.Hour

func (l *loader) pool(n node) gateway.Pool {
	s := n.section(append([]string{"name", "interface", "ranges", "cidr", "exclude", "prefix_length", "gateway", "hold", "quarantine", "assign", "vlan"},
		keepingKeys...)...)
	before := len(l.problems)
	assign := s.get("assign").choice("netlink", "existing", "route")
	p := gateway.Pool{Existing: assign == "existing", Routed: assign == "route"}
	p.Name = l.pools.name(s.get("name"))
	p.Interface, _ = s.get("interface").filledText()
	vlan(s, &p)
	if at := s.get("interface"); p.Interface == "" && !at.given() && !p.Existing && !s.get("vlan").given() {
		at.missing("name the interface that gets the addresses, or set assign: existing")
	}
	p.Hold = s.get("hold").duration(168*time.Hour, 0, 8760*time.Hour)
	p.Quarantine = s.get("quarantine").duration(minQuarantine, minQuarantine, 8760*time.Hour)
	keeping(s, &p)
	addresses(s, &p)
	if len(l.problems) == before { // what Check would say of a broken value has been said
		complain(n, p)
	}
	return p
}

// addresses reads which addresses the pool has and the subnet they are in.
func addresses(s section, p *gateway.Pool) {
	ranges, cidr, length := s.get("ranges"), s.get("cidr"), s.get("prefix_length")
	cidr.form(Text)
	known := 0 // not known: only where the host answers the addresses already
	var given []span
	switch {
	case ranges.given() && cidr.given():
		cidr.refuse("and ranges cannot both be given; a range may be written as a prefix too")
	case cidr.given():
		if text, ok := cidr.needed("write it like 192.0.2.0/24"); ok {
			if subnet := prefix(cidr, text, "192.0.2.0/24"); subnet.IsValid() {
				known = subnet.Bits()
				given = spans(address.ParseRange, cidr)
			}
		}
	default:
		given = spans(address.ParseRange, ranges.filled("give ranges or cidr")...)
	}
	p.PrefixLength = length.whole(known, 1, longest(given))
	if !length.given() && !cidr.given() && !p.Existing {
		length.missing("it is the length of the subnet the ranges are in, such as 24")
	}
	for _, one := range given {
		p.Ranges = append(p.Ranges, one.Range)
	}
	for _, one := range spans(address.ParseExclude, s.get("exclude").list()...) {
		p.Exclude = append(p.Exclude, one.Range)
	}
	p.Gateway = router(s.get("gateway"))
	inside(given, s.get("gateway"), *p)
}

// longest is how long a prefix of these addresses may be.
func longest(given []span) int {
	if len(given) > 0 {
		return given[0].First.BitLen()
	}
	return 128
}

// router reads the address of the default gateway.
func router(n node) netip.Addr {
	text, ok := n.filledText()
	if !ok {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Is4In6() || a.Zone() != "" {
		n.refuse("%q is no IP address", text)
		return netip.Addr{}
	}
	return a
}

// inside checks that the ranges and the default gateway are in one subnet.
func inside(given []span, router node, p gateway.Pool) {
	if len(given) == 0 || p.PrefixLength == 0 {
		return
	}
	subnet := netip.PrefixFrom(given[0].First, p.PrefixLength).Masked()
	for _, one := range given {
		if !subnet.Contains(one.First) || !subnet.Contains(one.Last) {
			one.at.refuse("%s leaves %s; check prefix_length, or make a pool for each subnet", one.Range, subnet)
		}
	}
	if p.Gateway.IsValid() && !subnet.Contains(p.Gateway) {
		router.refuse("%s is not in %s", p.Gateway, subnet)
	}
}

// A span is a range of addresses and where it stands.
type span struct {
	address.Range
	at node
}

// spans reads ranges of addresses.
func spans(parse func(string) (address.Range, error), all ...node) []span {
	var out []span
	for _, n := range all {
		text, ok := n.text()
		if !ok {
			continue
		}
		r, err := parse(text)
		if err != nil {
			why := strings.TrimPrefix(err.Error(), fmt.Sprintf("address range %q: ", text))
			why = strings.TrimPrefix(why, fmt.Sprintf("%q ", text)) // once is enough
			n.refuse("%q: %s; write it like 192.0.2.10-192.0.2.99, 192.0.2.0/24 or 192.0.2.7", text, why)
			continue
		}
		out = append(out, span{r, n})
	}
	return out
}

// complain reports what the address package finds wrong with a pool as a whole.
func complain(n node, p gateway.Pool) {
	err := p.Check()
	if err == nil {
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		n.refuse("%s", strings.TrimPrefix(line, "pool \""+p.Name+"\": "))
	}
}

// prefix reads a prefix without bits to the right of it.
func prefix(n node, text, example string) netip.Prefix {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		n.refuse("%q is no prefix; write it like %s", text, example)
	case p.Masked() != p:
		n.refuse("%s has bits to the right of the prefix; did you mean %s?", p, p.Masked())
	default:
		return p
	}
	return netip.Prefix{}
}
