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
	Daemon     Daemon
}

// Examine makes all checks but those of vCenter. Its order is that in which a
// host is set up.
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
			findings = append(findings, link(c, p.Interfaces)...)
			findings = append(findings, sysctls(c, p.Proc)...)
		}
		findings = append(findings, ownAddresses(pool, p.Interfaces, p.Marked)...)
	}
	findings = append(findings, descriptors(addresses, p.Files)...)
	findings = append(findings, ports(p.Config, p.Proc)...)
	return append(findings, selfTest(ctx, p.Config, p.Daemon)...), nil
}
