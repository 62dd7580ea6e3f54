package config

import (
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// vcenterPort is where vCenter looks for a BMC: it cannot be told another.
const vcenterPort = 623

// register reads at which vCenter the tenant's VMs are hosts. ipmi is how the
// tenant's BMCs are.
func (l *loader) register(n node, ipmi gateway.IPMI) gateway.Register {
	s := n.section("vcenter", "mode", "adopt", "interval")
	r := gateway.Register{
		Mode:     gateway.RegisterMode(s.get("mode").choice(string(gateway.RegisterDisabled), string(gateway.RegisterDryRun), string(gateway.RegisterApply))),
		Adopt:    s.get("adopt").truth(false),
		Interval: s.get("interval").duration(5*time.Minute, 10*time.Second, 24*time.Hour),
	}
	if !n.given() {
		s.get("vcenter").isNeeded()
		return gateway.Register{}
	}
	r.VCenter = l.vcenters.refer(s.get("vcenter"), "vCenter")
	if ipmi.Port != vcenterPort {
		n.refuse("needs BMCs on UDP port %d, the only one that vCenter knows, and ipmi.port is %d; remove one of the two", vcenterPort, ipmi.Port)
	}
	md5 := ipmi.V15 != bmc.V15Off
	switch {
	case md5:
	case !slices.Contains(ipmi.CipherSuites, 3):
		n.warn("vCenter logs in with cipher suite 3, or by IPMI 1.5 with MD5, and ipmi allows neither; add 3 to cipher_suites, or profile: vcenter")
	case ipmi.Kg != "":
		n.warn("vCenter knows no channel key, and ipmi.kg_file makes one needed for IPMI 2.0; remove it, or add profile: vcenter")
	}
	return r
}
