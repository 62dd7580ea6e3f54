package lab

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// Password is that of every account; it is the longest that IPMI 1.5 has room for.
const Password = "admin-secret-16b"

// BootRestored is when the VM's own boot order is put back.
const BootRestored = time.Minute

// Accounts returns one account for each level that a client can ask for: admin,
// operator and user.
func Accounts() []bmc.Account {
	return []bmc.Account{
		{Name: "admin", Password: Password, Privilege: ipmi.Administrator},
		{Name: "operator", Password: Password, Privilege: ipmi.Operator},
		{Name: "user", Password: Password, Privilege: ipmi.User},
	}
}

// configuration is what an administrator would have written.
func (l *Lab) configuration(t testing.TB, c Config, net network) gateway.Config {
	t.Helper()
	dir := t.TempDir()
	pool, err := address.ParseRange(net.address(1).String() + "-" + net.address(200).String())
	if err != nil {
		t.Fatal(err)
	}
	config := gateway.Config{
		AdminSocket: filepath.Join(dir, "admin.sock"),
		StatePath:   filepath.Join(dir, "state.db"),
		VCenters: []vsphere.Config{{
			Name: c.Name, URL: l.VCenter.URL(), Username: "administrator@vsphere.local", RootCAs: l.VCenter.CAPool(),
			Password: func() (string, error) { return "secret", nil },
		}},
		Pools: []gateway.Pool{{
			PoolConfig: address.PoolConfig{Name: "lo", Interface: "lo", Ranges: []address.Range{pool}, PrefixLength: 8, Hold: time.Hour},
			Existing:   true,
		}},
	}
	for _, tenant := range c.Tenants {
		config.Tenants = append(config.Tenants, tenant.configuration(c.Name, l.Port))
	}
	return config
}

func (t Tenant) configuration(vcenter string, port uint16) gateway.Tenant {
	return gateway.Tenant{
		Name: t.Name, VCenter: vcenter, Select: inventory.Selector{Tags: []string{t.tag()}}, Pools: []string{"lo"},
		Accounts:  Accounts(),
		AllowFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		IPMI: gateway.IPMI{
			Port: port, V15: t.V15, CipherSuites: []ipmi.CipherSuiteID{17, 3},
			SessionIdleTimeout: time.Minute, SessionsPerBMC: 32, BootFlagsValidFor: time.Minute,
		},
		Power: gateway.Power{CycleOffTime: 500 * time.Millisecond, BootRestoreAfter: BootRestored},
	}
}

// tag selects the tenant's VMs.
func (t Tenant) tag() string { return "bmc/" + t.Name }
