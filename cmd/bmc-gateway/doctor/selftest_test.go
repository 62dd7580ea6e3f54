package doctor

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// A steady machine is always on.
type steady struct{}

func (steady) Power() (bmc.PowerState, error)                     { return bmc.On, nil }
func (steady) Control(context.Context, ipmi.ChassisControl) error { return nil }
func (steady) Boot() ipmi.BootFlags                               { return ipmi.BootFlags{} }

func (steady) SetBoot(context.Context, ipmi.BootFlags, time.Duration) error { return nil }

// serve runs a BMC of the tenant on loopback.
func serve(t *testing.T, tenant gateway.Tenant) admin.BMC {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	suite, err := ipmi.CipherSuiteByID(tenant.IPMI.CipherSuites[0])
	if err != nil {
		t.Fatal(err)
	}
	b, err := bmc.New(bmc.Config{GUID: [16]byte{1}, Accounts: tenant.Accounts, Suites: []ipmi.CipherSuite{suite}}, steady{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, conn) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		conn.Close()
	})
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
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
