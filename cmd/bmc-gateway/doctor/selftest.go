package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/probe"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// selfTest logs in to one BMC of each tenant as an IPMI client would, over UDP.
// From this host that proves socket, address and account, not the way there.
func selfTest(ctx context.Context, c gateway.Config, daemon Daemon) []Finding {
	bmcs, err := daemon.BMCs(ctx, "")
	if err != nil {
		r := &report{check: "daemon"}
		if errors.Is(err, admin.ErrUnreachable) {
			r.skipped("%v; without it no BMC can be tried", err)
		} else {
			r.fail("look at the daemon's log", "%v", err)
		}
		return r.findings
	}
	var findings []Finding
	for _, t := range c.Tenants {
		findings = append(findings, tryTenant(ctx, t, bmcs)...)
	}
	return findings
}

func tryTenant(ctx context.Context, t gateway.Tenant, bmcs []admin.BMC) []Finding {
	r := &report{check: "login to tenant " + t.Name}
	i := slices.IndexFunc(bmcs, func(b admin.BMC) bool { return b.Tenant == t.Name && b.State == admin.Ready })
	if i < 0 {
		r.skipped("it has no BMC that is ready; \"bmc-gateway list %s\" says why", t.Name)
		return r.findings
	}
	target, why := targetOf(t, bmcs[i])
	if why != "" {
		r.skipped("%s", why)
		return r.findings
	}
	steps := probe.Run(ctx, target)
	var status *remote.StatusError
	switch err := probe.Failed(steps); {
	case err == nil:
		r.ok("%s at %s answers; %s in %s", bmcs[i].Name, target.Address, "a whole session", total(steps))
	case errors.Is(err, remote.ErrNoAnswer):
		r.fail("look for a firewall on this host (nft list ruleset) and at allow_from of the tenant",
			"%s at %s: %v", bmcs[i].Name, target.Address, err)
	case errors.As(err, &status) && status.Status == ipmi.StatusNoResources:
		r.fail("\"ipmitool session info active\" tells who has them; raise ipmi.sessions_per_bmc or quota.sessions",
			"%s at %s: %v", bmcs[i].Name, target.Address, err)
	default:
		r.fail("look at the daemon's log; was the configuration changed since the daemon read it?",
			"%s at %s: %v", bmcs[i].Name, target.Address, err)
	}
	return r.findings
}

// targetOf is how to log in to a BMC of the tenant, or why that cannot be tried.
func targetOf(t gateway.Tenant, b admin.BMC) (probe.Target, string) {
	at := netip.AddrPortFrom(b.Address, b.Port)
	if from, ok := sourceFor(at); ok && !allowed(t.AllowFrom, from) {
		return probe.Target{}, "allow_from does not hold " + from.String() + ", this host's own address: it gets no answer from here"
	}
	i := slices.IndexFunc(t.Accounts, func(a bmc.Account) bool { return a.Privilege >= ipmi.User })
	if i < 0 || len(t.IPMI.CipherSuites) == 0 {
		return probe.Target{}, "it has no account that may read"
	}
	a := t.Accounts[i]
	return probe.Target{
		Address: at, User: a.Name, Password: string(a.Password), Kg: string(t.IPMI.Kg),
		Privilege: a.Privilege, Suite: t.IPMI.CipherSuites[0], Timeout: time.Second, Tries: 3,
	}, ""
}

// sourceFor returns the address this host would ask from; a UDP socket that is
// connected sends nothing.
func sourceFor(to netip.AddrPort) (netip.Addr, bool) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}, false
	}
	defer c.Close()
	from, err := netip.ParseAddrPort(c.LocalAddr().String())
	return from.Addr().Unmap(), err == nil
}

func allowed(prefixes []netip.Prefix, from netip.Addr) bool {
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(from) })
}

func total(steps []probe.Step) time.Duration {
	var sum time.Duration
	for _, s := range steps {
		sum += s.Took
	}
	return sum.Round(100 * time.Microsecond)
}
