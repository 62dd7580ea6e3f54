package firewall

import (
	"fmt"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// A legacyChain is what may reach the legacy ports of one tenant, in one address
// family. They are at addresses of the host: nothing else that is for those is
// looked at.
type legacyChain struct {
	Name       string
	Family     string // ip, ip6
	Named      []namedPorts
	Everywhere []string // ports of all addresses of the host but those of the pools
	Sources    []string // empty: anybody
}

// namedPorts are those at one address.
type namedPorts struct {
	Address string
	Ports   []string
}

// Protocol is the family as nft calls it where no header is named.
func (c legacyChain) Protocol() string {
	if c.Family == "ip" {
		return "ipv4"
	}
	return "ipv6"
}

func legacyChains(c gateway.Config) []legacyChain {
	var all []legacyChain
	for i, t := range c.Tenants {
		for _, family := range []string{"ip", "ip6"} {
			one := legacyChain{Name: fmt.Sprintf("legacy%d_%s", i, family), Family: family}
			for _, p := range t.LegacyPorts {
				if familyOf(p.Listen.Addr()) == family {
					one.add(p)
				}
			}
			if len(t.AllowFrom) > 0 {
				one.Sources = prefixes(t.AllowFrom, family)
			}
			if len(one.Named)+len(one.Everywhere) > 0 {
				all = append(all, one)
			}
		}
	}
	return all
}

func (c *legacyChain) add(p gateway.LegacyPort) {
	port := fmt.Sprint(p.Listen.Port())
	if p.Listen.Addr().IsUnspecified() {
		c.Everywhere = append(c.Everywhere, port)
		return
	}
	address := p.Listen.Addr().Unmap().WithZone("").String()
	i := slices.IndexFunc(c.Named, func(n namedPorts) bool { return n.Address == address })
	if i < 0 {
		i = len(c.Named)
		c.Named = append(c.Named, namedPorts{Address: address})
	}
	c.Named[i].Ports = append(c.Named[i].Ports, port)
}
