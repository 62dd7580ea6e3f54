package config

import (
	"net/netip"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// A legacyPort is one that some tenant wants, and where that stands.
type legacyPort struct {
	at    netip.AddrPort
	place node
}

// legacyPorts reads where else the BMCs of some VMs answer. own is the port that
// the tenant's BMCs have on their addresses.
func (l *loader) legacyPorts(n node, own uint16) []gateway.LegacyPort {
	var all []gateway.LegacyPort
	for _, one := range n.list() {
		s := one.section("vm", "listen")
		p := gateway.LegacyPort{Listen: l.legacyListen(s.get("listen"), own)}
		p.VM, _ = s.get("vm").needed("name the VM, or give its instance UUID")
		all = append(all, p)
	}
	return all
}

// legacyListen reads an address and port that no other VM has.
func (l *loader) legacyListen(n node, own uint16) netip.AddrPort {
	const remedy = "write the host's address and the port, such as 192.0.2.1:6230"
	text, ok := n.needed(remedy)
	if !ok {
		return netip.AddrPort{}
	}
	at, err := netip.ParseAddrPort(text)
	switch {
	case err != nil || at.Port() == 0:
		n.refuse("%q is no address with a port; %s", text, remedy)
		return netip.AddrPort{}
	case at.Addr().IsUnspecified() && at.Port() == own:
		n.refuse("port %d of every address is where the BMCs themselves answer; name another port, or one address", own)
	}
	for _, other := range l.legacy {
		if overlap(at, other.at) {
			n.refuse("%s is a VM's already, in %s; a port belongs to one VM", at, other.place.seenFrom(n))
			break
		}
	}
	l.legacy = append(l.legacy, legacyPort{at, n})
	return at
}

// overlap reports whether two sockets cannot be open at once.
func overlap(a, b netip.AddrPort) bool {
	if a.Port() != b.Port() || a.Addr().Is4() != b.Addr().Is4() {
		return false
	}
	return a.Addr() == b.Addr() || a.Addr().IsUnspecified() || b.Addr().IsUnspecified()
}
