package gateway

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

func TestPlan(t *testing.T) {
	step := func(kind, name string, a admin.ReloadAction, what ...string) admin.ReloadStep {
		return admin.ReloadStep{Kind: kind, Name: name, Action: a, What: what}
	}
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   []admin.ReloadStep
	}{
		{"nothing", func(*Config) {}, nil},
		{"order is nothing", func(c *Config) { slices.Reverse(c.Tenants); slices.Reverse(c.Pools) }, nil},
		{"where a vCenter's password is read", func(c *Config) { c.VCenters[0].Password = func() (string, error) { return "", nil } }, nil},
		{"each setting", func(c *Config) {
			c.AdminSocket, c.HTTPListen, c.StatePath, c.LogLevel, c.LogFormat = "a", "b", "c", "d", "e"
			c.Audit.File = "f"
		}, []admin.ReloadStep{
			step("setting", "admin.socket", admin.ReloadLater), step("setting", "http.listen", admin.ReloadChange),
			step("setting", "state.path", admin.ReloadLater), step("setting", "log.level", admin.ReloadLater),
			step("setting", "log.format", admin.ReloadLater), step("setting", "audit.file", admin.ReloadLater)}},
		{"who sees what over HTTP", func(c *Config) { c.HTTPAdmins, c.Tenants[1].WebUsers = []string{"ops"}, []string{"ann"} },
			[]admin.ReloadStep{step("setting", "http.admins", admin.ReloadChange), step("tenant", "b", admin.ReloadChange, "web_users")}},
		{"a name of the HTTP server", func(c *Config) { c.HTTPHosts = []string{"gw.example.net"} },
			[]admin.ReloadStep{step("setting", "http.hosts", admin.ReloadChange)}},
		{"a vCenter comes", func(c *Config) { c.VCenters = append(c.VCenters, vsphere.Config{Name: "new"}) },
			[]admin.ReloadStep{step("vcenter", "new", admin.ReloadAdd)}},
		{"a vCenter goes with its tenant", func(c *Config) { c.VCenters, c.Tenants = c.VCenters[:1], c.Tenants[:1] },
			[]admin.ReloadStep{step("vcenter", "vc-b", admin.ReloadRemove), step("tenant", "b", admin.ReloadRemove)}},
		{"a vCenter's freshness", func(c *Config) { c.VCenters[1].Freshness = time.Minute },
			[]admin.ReloadStep{step("vcenter", "vc-b", admin.ReloadReplace)}},
		{"a vCenter's thumbprint", func(c *Config) { c.VCenters[0].Thumbprint = "AA" },
			[]admin.ReloadStep{step("vcenter", "vc-a", admin.ReloadReplace)}},
		{"a pool comes", func(c *Config) { c.Pools = append(c.Pools, Pool{PoolConfig: address.PoolConfig{Name: "new"}}) },
			[]admin.ReloadStep{step("pool", "new", admin.ReloadAdd)}},
		{"a pool's hold and ranges", func(c *Config) { c.Pools[0].Hold, c.Pools[0].Ranges = time.Minute, make([]address.Range, 1) },
			[]admin.ReloadStep{step("pool", "p-a", admin.ReloadChange, "ranges", "hold")}},
		{"a pool's interface, and with it who has it", func(c *Config) { c.Pools[0].Interface = "eth1" },
			[]admin.ReloadStep{step("pool", "p-a", admin.ReloadReplace, "interface"), step("tenant", "a", admin.ReloadReplace, "its pool")}},
		{"a pool that becomes one of IPv6", func(c *Config) {
			c.Pools[0].Ranges = []address.Range{{First: netip.MustParseAddr("2001:db8::1"), Last: netip.MustParseAddr("2001:db8::2")}}
		}, []admin.ReloadStep{step("pool", "p-a", admin.ReloadReplace, "ranges"), step("tenant", "a", admin.ReloadReplace, "its pool")}},
		{"how a pool's addresses are kept", func(c *Config) { c.Pools[0].KeepAtStop = true },
			[]admin.ReloadStep{step("pool", "p-a", admin.ReloadReplace), step("tenant", "a", admin.ReloadReplace, "its pool")}},
		{"a legacy port", func(c *Config) { c.Tenants[0].LegacyPorts = make([]LegacyPort, 1) },
			[]admin.ReloadStep{step("tenant", "a", admin.ReloadChange, "legacy_ports")}},
		{"a tenant is renamed", func(c *Config) { c.Tenants[0].Name = "z" },
			[]admin.ReloadStep{step("tenant", "z", admin.ReloadAdd), step("tenant", "a", admin.ReloadRemove)}},
		{"a password", func(c *Config) {
			c.Tenants[0].Accounts = []bmc.Account{{Name: "x", Password: "rotated", Privilege: ipmi.Operator}}
		},
			[]admin.ReloadStep{step("tenant", "a", admin.ReloadChange, "accounts")}},
		{"all that is changed in place", func(c *Config) {
			a := &c.Tenants[0]
			a.Select.Tags, a.MaxAddresses, a.Pins, a.Accounts = []string{"c/t"}, 1, []Pin{{VM: "x"}}, nil
			a.AllowFrom, a.Power.CycleWhenOff, a.Guard.Share = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, true, 1
			a.Protect.Tags, a.Fuse.Share = []string{"c/p"}, 1
		}, []admin.ReloadStep{step("tenant", "a", admin.ReloadChange, "select", "max_addresses", "pins", "accounts", "allow_from", "power", "protect", "power_off_breaker", "guard")}},
		{"a port, and an account", func(c *Config) { c.Tenants[0].IPMI.Port, c.Tenants[0].Accounts = 7, nil },
			[]admin.ReloadStep{step("tenant", "a", admin.ReloadReopen, "accounts", "ipmi")}},
		{"quotas", func(c *Config) {
			c.Tenants[0].Quota = Quota{BMCs: 1, RequestsPerSecond: 2, PowerOperationsPerMinute: 3}
		},
			[]admin.ReloadStep{step("tenant", "a", admin.ReloadChange, "quota")}},
		{"a quota of sessions", func(c *Config) { c.Tenants[0].Quota.Sessions = 4 },
			[]admin.ReloadStep{step("tenant", "a", admin.ReloadReopen, "quota")}},
		{"another vCenter, and a port", func(c *Config) { c.Tenants[0].VCenter, c.Tenants[0].IPMI.Port = "vc-b", 7 },
			[]admin.ReloadStep{step("tenant", "a", admin.ReloadReplace, "vcenter", "ipmi")}},
		{"a second pool", func(c *Config) { c.Tenants[0].Pools = []string{"p-a", "p-b"} },
			[]admin.ReloadStep{step("tenant", "a", admin.ReloadReplace, "pools")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := planned()
			tt.change(&now)
			if diff := cmp.Diff(tt.want, plan(planned(), now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// planned is two tenants, each with a vCenter and a pool.
func planned() Config {
	c := Config{AdminSocket: "/run/admin.sock", StatePath: "/var/state.db", LogLevel: "info"}
	for _, name := range []string{"a", "b"} {
		c.VCenters = append(c.VCenters, vsphere.Config{Name: "vc-" + name, Password: func() (string, error) { return "secret", nil }})
		c.Pools = append(c.Pools, Pool{PoolConfig: address.PoolConfig{Name: "p-" + name, Hold: time.Hour}})
		c.Tenants = append(c.Tenants, Tenant{Name: name, VCenter: "vc-" + name, Pools: []string{"p-" + name},
			Accounts: []bmc.Account{{Name: "x", Password: "secret", Privilege: ipmi.Operator}}, IPMI: IPMI{Port: 623}})
	}
	return c
}
