package config

import (
	"net/netip"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// pins reads which VMs of a tenant have an address that the configuration gives
// them. pools are those the tenant takes addresses from.
func (l *loader) pins(n node, pools []gateway.Pool) []gateway.Pin {
	var all []gateway.Pin
	for _, one := range n.list() {
		s := one.section("vm", "address", "mac")
		p := gateway.Pin{Address: l.pinnedAddress(s.get("address"), pools), MAC: hardware(s.get("mac"))}
		p.VM, _ = s.get("vm").needed("name the VM, or give its instance UUID")
		if !s.get("address").given() && !s.get("mac").given() {
			one.refuse("pins nothing; give an address, a mac or both")
		}
		if slices.ContainsFunc(all, func(o gateway.Pin) bool { return o.VM == p.VM && p.VM != "" }) {
			s.get("vm").refuse("%q is pinned already; keep one", p.VM)
		}
		all = append(all, p)
	}
	return all
}

// pinnedAddress reads an address of the pools that no other pin has.
func (l *loader) pinnedAddress(n node, pools []gateway.Pool) netip.Addr {
	text, ok := n.filledText()
	if !ok {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(text)
	earlier, twice := l.pinned[a]
	switch {
	case err != nil:
		n.refuse("%q is no IP address", text)
		return netip.Addr{}
	case twice:
		n.refuse("%s is pinned already, in %s; an address belongs to one VM", a, earlier.seenFrom(n))
	case len(pools) == 0: // no pool that is known, which has been said
	case !slices.ContainsFunc(pools, func(p gateway.Pool) bool { return p.Contains(a) }):
		n.refuse("%s is not in the tenant's pool, or is excluded there", a)
	}
	l.pinned[a] = n
	return a
}

func hardware(n node) address.MAC {
	text, ok := n.filledText()
	if !ok {
		return address.MAC{}
	}
	mac, err := address.ParseMAC(text)
	if err != nil {
		n.refuse("%q is no hardware address of one host; write it like \"02:00:5e:10:00:01\"", text)
	}
	return mac
}
