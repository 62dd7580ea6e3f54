package doctor

import (
	"io/fs"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// vlan looks at the VLAN interface that a pool lets the daemon make. vlans are
// those there are.
func vlan(c gateway.Pool, all []Interface, vlans map[string]address.VLAN, proc fs.FS) []Finding {
	r := &report{check: "VLAN " + c.Interface}
	is, made := vlans[c.Interface]
	switch parent, ok := named(all, c.VLAN.Parent); {
	case made && is != c.VLAN:
		r.fail("correct the pool's vlan or interface, or ip link del "+c.Interface,
			"is id %d on %s, not id %d on %s: no address is put on it", is.ID, orElsewhere(is.Parent), c.VLAN.ID, c.VLAN.Parent)
	case !made && exists(all, c.Interface):
		r.fail("correct the pool's interface, or remove its vlan",
			"an interface of this name is there and no VLAN: no address is put on it")
	case !ok:
		r.fail("correct vlan.parent of pool "+c.Name+"; there are: "+names(all), "its parent %s does not exist", c.VLAN.Parent)
	case !parent.Up:
		r.fail("ip link set "+parent.Name+" up", "its parent %s is down", parent.Name)
	case !made && !knowsVLANs(proc):
		r.warn("modprobe 8021q, and a line \"8021q\" in a file of /etc/modules-load.d",
			"does not exist yet, and the kernel knows no VLANs for now; it loads the module by itself where it may")
	case !made:
		r.ok("does not exist yet; the daemon makes it when it starts")
	default:
		r.ok("is id %d on %s", is.ID, is.Parent)
	}
	return r.findings
}

func orElsewhere(parent string) string {
	if parent == "" {
		return "an interface elsewhere"
	}
	return parent
}

func named(all []Interface, name string) (Interface, bool) {
	i := slices.IndexFunc(all, func(i Interface) bool { return i.Name == name })
	if i < 0 {
		return Interface{}, false
	}
	return all[i], true
}

func exists(all []Interface, name string) bool {
	_, ok := named(all, name)
	return ok
}

// knowsVLANs: the module 8021q makes a directory.
func knowsVLANs(proc fs.FS) bool {
	_, err := fs.Stat(proc, "net/vlan")
	return err == nil
}
