package doctor

import (
	"context"
	"io/fs"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// A Daemon is what doctor asks of a running daemon; *admin.Client is one.
type Daemon interface {
	BMCs(ctx context.Context, tenant string) ([]admin.BMC, error)
}

// A Patient is what is examined.
type Patient struct {
	Config gateway.Config
	Proc   fs.FS // /proc
	Files  uint64
	// Interfaces are the host's, and Marked those of its addresses that carry
	// the daemon's mark.
	Interfaces []Interface
	Marked     map[netip.Addr]bool
	// Routes are its local routes with that mark, and VLANs its VLAN interfaces,
	// both by interface.
	Routes map[string][]netip.Prefix
	VLANs  map[string]address.VLAN
	Ask    Asker
	Daemon Daemon
	// VCenters asks the vCenters; nil: they are left out.
	VCenters func(context.Context) []gateway.CheckedVCenter
}

// Examine makes all checks. Its order is that in which a host is set up.
func Examine(ctx context.Context, p Patient) ([]Finding, error) {
	findings := capabilities(p.Config, p.Proc)
	addresses := 0
	seen := make(map[string]bool)
	for _, c := range p.Config.Pools {
		pool, err := address.NewPool(c.PoolConfig, address.NewMACs())
		if err != nil {
			return nil, err
		}
		addresses += min(pool.Usage(time.Now()).Size, address.MaxPoolSize) // nobody has a BMC on each of a /64
		if c.Existing {
			continue
		}
		if !seen[c.Interface] {
			seen[c.Interface] = true
			findings = append(findings, onInterface(c, p)...)
		}
		findings = append(findings, ownAddresses(pool, p.Interfaces, p.Marked)...)
		if c.Routed {
			findings = append(findings, routes(c, p.Routes, p.Proc)...)
		}
		findings = append(findings, duplicates(c, p)...)
	}
	findings = append(findings, leftRoutes(p.Config.Pools, p.Routes)...)
	findings = append(findings, descriptors(addresses, p.Files)...)
	findings = append(findings, ports(p.Config, p.Proc)...)
	if p.VCenters != nil {
		findings = append(findings, VCenters(p.VCenters(ctx))...)
	}
	return append(findings, selfTest(ctx, p.Config, p.Daemon)...), nil
}

// onInterface looks at the interface of a pool. One that the daemon makes may be
// missing.
func onInterface(c gateway.Pool, p Patient) []Finding {
	var findings []Finding
	if c.VLAN != (address.VLAN{}) {
		findings = vlan(c, p.Interfaces, p.VLANs, p.Proc)
	}
	if c.VLAN == (address.VLAN{}) || exists(p.Interfaces, c.Interface) {
		findings = append(findings, link(c, p.Interfaces)...)
	}
	return append(findings, sysctls(c, p.Proc)...)
}
