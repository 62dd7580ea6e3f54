package doctor

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc/bmctest"
)

// serve runs a BMC of the tenant on loopback.
func serve(t *testing.T, tenant gateway.Tenant) admin.BMC {
	t.Helper()
	_, at := bmctest.Serve(t, tenant.Accounts, tenant.IPMI.CipherSuites[0])
	return admin.BMC{Tenant: tenant.Name, Name: "vm1", State: admin.Ready, Address: at.Addr(), Port: at.Port()}
}

func TestSelfTest(t *testing.T) {
	tests := []struct {
		name   string
		change func(*gateway.Tenant, *admin.BMC)
		level  Level
		text   string
	}{
		{"a whole session", func(*gateway.Tenant, *admin.BMC) {}, OK, "a whole session in"},
		{"another password than the daemon's", func(c *gateway.Tenant, _ *admin.BMC) {
			c.Accounts = []bmc.Account{
				{Name: "admin", Password: "0therWord", Privilege: ipmi.Administrator}}
		}, Problem, "the password is wrong"},
		{"we are not allowed", func(c *gateway.Tenant, _ *admin.BMC) {
			c.AllowFrom = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		}, Skipped, "allow_from does not hold 127.0.0.1"},
		{"nothing is ready", func(_ *gateway.Tenant, b *admin.BMC) { b.State = admin.Pending }, Skipped, "no BMC that is ready"},
		{"nobody answers", func(_ *gateway.Tenant, b *admin.BMC) { b.Port = 9 }, Problem, "presence ping"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tenant := config().Tenants[0]
			b := serve(t, tenant)
			tt.change(&tenant, &b)
			findings := tryTenant(t.Context(), tenant, []admin.BMC{b})
			if len(findings) != 1 || findings[0].Level != tt.level || !strings.Contains(findings[0].Text, tt.text) {
				t.Errorf("%+v, want %s with %q", findings, tt.level, tt.text)
			}
		})
	}
}
