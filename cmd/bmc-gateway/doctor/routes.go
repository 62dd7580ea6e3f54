package doctor

import (
	"io/fs"
	"maps"
	"net/netip"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway"
)

// routes looks at the local routes of a pool that has them instead of addresses.
// have are those with the daemon's mark, by interface.
func routes(c gateway.Pool, have map[string][]netip.Prefix, proc fs.FS) []Finding {
	r := &report{check: "routes of pool " + c.Name}
	want := c.Prefixes()
	missing := slices.DeleteFunc(slices.Clone(want), func(p netip.Prefix) bool { return slices.Contains(have[c.Interface], p) })
	if v, err := setting(proc, c.Interface, "arp_ignore"); err == nil && v == 1 && want[0].Addr().Is4() {
		r.warn("sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf."+c.Interface+".arp_ignore=0, or give the routers and hosts on the link a route to the pool through this host",
			"arp_ignore is 1: the kernel answers no ARP request for an address that only a route makes its own")
	}
	switch {
	case len(missing) == len(want):
		r.skipped("none is there: the daemon adds them when it starts")
	case len(missing) > 0:
		r.warn("\"bmc-gateway status\" tells why", "%d of %d are missing, such as %s", len(missing), len(want), missing[0])
	case want[0].Addr().Is6():
		r.ok("all %d are there; clients need a route to the pool through this host, as nobody answers neighbour solicitations for it", len(want))
	default:
		r.ok("all %d are there", len(want))
	}
	return r.findings
}

// leftRoutes looks for routes with the daemon's mark that no pool wants: a daemon
// that died has left them, as the kernel knows no lifetime of routes.
func leftRoutes(pools []gateway.Pool, have map[string][]netip.Prefix) []Finding {
	r := &report{check: "routes left behind"}
	for _, iface := range slices.Sorted(maps.Keys(have)) {
		for _, p := range have[iface] {
			wanted := slices.ContainsFunc(pools, func(c gateway.Pool) bool {
				return c.Routed && c.Interface == iface && slices.Contains(c.Prefixes(), p)
			})
			if !wanted {
				r.warn("ip route del local "+p.String()+" dev "+iface+" table local proto 176",
					"the local route to %s over %s has the daemon's mark and is of no pool: this host answers for all of it", p, iface)
			}
		}
	}
	return r.findings
}
