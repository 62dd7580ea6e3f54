package doctor

import (
	"net"
	"net/netip"
	"strings"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// An Interface is what is to be known of one of the host's interfaces.
type Interface struct {
	Name      string
	Up        bool // by the administrator
	Running   bool // it has a carrier
	Addresses []netip.Addr
}

// Interfaces returns those of this host.
func Interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []Interface
	for _, i := range all {
		one := Interface{Name: i.Name, Up: i.Flags&net.FlagUp != 0, Running: i.Flags&net.FlagRunning != 0}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				one.Addresses = append(one.Addresses, p.Addr().Unmap())
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// link looks at the interface of a pool.
func link(p gateway.Pool, all []Interface) []Finding {
	r := &report{check: "interface " + p.Interface}
	name := p.Interface
	for _, i := range all {
		switch {
		case i.Name != name:
		case !i.Up:
			r.fail("ip link set "+name+" up", "is down")
		case !i.Running:
			r.fail("look at the cable, the port group or the VLAN's parent", "is up but has no carrier")
		default:
			r.ok("is up")
		}
	}
	if len(r.findings) == 0 {
		remedy := "correct the pool's interface; there are: " + names(all)
		if parent, vlan, ok := strings.Cut(name, "."); ok {
			remedy = "ip link add link " + parent + " name " + name + " type vlan id " + vlan + ", or let the daemon make it with vlan: {parent: " + parent + ", id: " + vlan + "}, or correct the pool's interface; there are: " + names(all)
		}
		r.fail(remedy, "does not exist; the addresses of pool %s cannot be used", p.Name)
	}
	return r.findings
}

func names(all []Interface) string {
	var list []string
	for _, i := range all {
		if i.Name != "lo" {
			list = append(list, i.Name)
		}
	}
	return strings.Join(list, ", ")
}

// ownAddresses looks for addresses in the pool that the host has for itself.
// What carries the daemon's mark is the daemon's.
func ownAddresses(p *address.Pool, all []Interface, marked map[netip.Addr]bool) []Finding {
	r := &report{check: "pool " + p.Config().Name}
	for _, i := range all {
		for _, a := range i.Addresses {
			if !marked[a] && p.Contains(a) {
				r.fail("add "+a.String()+" to the pool's exclude list",
					"holds %s, which is the host's own address on %s: it would be given to a BMC", a, i.Name)
			}
		}
	}
	if len(r.findings) == 0 {
		r.ok("holds none of the host's own addresses")
	}
	return r.findings
}
