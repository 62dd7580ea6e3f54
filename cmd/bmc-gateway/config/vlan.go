package config

import (
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// vlan reads the VLAN that the pool's interface is, if the gateway is to make it.
func vlan(pool section, p *gateway.Pool) {
	n := pool.get("vlan")
	s := n.section("parent", "id")
	if !n.given() && n.report.forms == nil {
		return
	}
	parent, ok := s.get("parent").needed("name the interface that carries the VLAN, such as ens192")
	if ok && (len(parent) > 15 || strings.ContainsAny(parent, "/: \t\n")) {
		s.get("parent").refuse("%q is not the name of an interface", parent)
		ok = false
	}
	tag := s.get("id")
	if tag.isNeeded(); !tag.given() {
		tag.missing("it is the tag, from 1 to 4094")
	}
	id := tag.whole(0, 1, 4094)
	tag.is(Whole, nil, 1, 4094)
	switch {
	case p.Existing:
		n.refuse("says which interface gets the addresses, and with assign: existing none does")
	case !ok || id == 0:
	default:
		p.VLAN = address.VLAN{Parent: parent, ID: id}
		if p.Interface == "" {
			p.Interface = p.VLAN.Name()
		}
		if len(p.Interface) > 15 {
			n.refuse("the interface %q has a name longer than 15 bytes; give it a shorter one with the key interface", p.Interface)
		}
		if p.Interface == parent {
			n.refuse("an interface cannot be the VLAN of itself; remove the key interface, or name another one")
		}
	}
}
