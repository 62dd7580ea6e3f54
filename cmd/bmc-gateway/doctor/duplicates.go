package doctor

import (
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// askedOfAPool is how many addresses of a pool are asked for at most.
const askedOfAPool = 256

// An Asker asks the neighbours on an interface who has addresses of IPv4, and
// returns those that another host has. [address.Ask] is one.
type Asker func(iface string, addrs []netip.Addr) (map[netip.Addr]net.HardwareAddr, error)

// duplicates looks for addresses of a pool that another host has. Those that the
// daemon has put on this host are not asked for.
func duplicates(c gateway.Pool, p Patient) []Finding {
	r := &report{check: "duplicates in pool " + c.Name}
	i, ok := named(p.Interfaces, c.Interface)
	sample := c.Sample(askedOfAPool)
	sample = slices.DeleteFunc(sample, func(a netip.Addr) bool { return p.Marked[a] || slices.Contains(i.Addresses, a) })
	switch {
	case !ok || !i.Up:
		r.skipped("nobody can be asked: %s is not up", c.Interface)
	case c.VLAN != (address.VLAN{}) && p.VLANs[c.Interface] != c.VLAN:
		r.skipped("nobody is asked: %s is not the VLAN of the pool", c.Interface)
	case len(sample) == 0:
		r.skipped("all addresses are this host's")
	case sample[0].Is6():
		r.skipped("the kernel asks when an address of IPv6 is added, and not before")
	default:
		ask(r, c, sample, p.Ask)
	}
	return r.findings
}

func ask(r *report, c gateway.Pool, sample []netip.Addr, asker Asker) {
	taken, err := asker(c.Interface, sample)
	switch {
	case errors.Is(err, address.ErrPermission):
		r.skipped("asking by ARP needs CAP_NET_RAW")
		return
	case err != nil:
		r.skipped("%v", err)
		return
	}
	for _, a := range slices.SortedFunc(maps.Keys(taken), netip.Addr.Compare) {
		remedy := "add " + a.String() + " to the pool's exclude list, or give the host with this hardware address another one"
		if c.Routed || c.Policy.Check != address.CheckProbe {
			r.fail(remedy, "%s is %s's, too, and nobody asks before a BMC gets it", a, taken[a])
		} else {
			r.warn(remedy, "%s is %s's, too: no BMC will get it", a, taken[a])
		}
	}
	if len(taken) == 0 {
		r.ok("no other host has one of the %d addresses that were asked for", len(sample))
	}
}
