package interop

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const (
	standardPort = 623
	anyonesPort  = 16623 // where port 623 needs more rights than we have

	password      = "admin-secret-16b" // the longest that IPMI 1.5 has room for
	tag           = "bmc/enabled"
	tagV15        = "bmc/old" // the tenant that also takes IPMI 1.5
	labPrefix     = "node"
	bootRestored  = time.Minute
	labReadyLimit = 20 * time.Second
)

// labAccounts has one account for each level that a client can ask for.
var labAccounts = []bmc.Account{
	{Name: "admin", Password: password, Privilege: ipmi.Administrator},
	{Name: "operator", Password: password, Privilege: ipmi.Operator},
	{Name: "user", Password: password, Privilege: ipmi.User},
}

// A lab is a gateway between a simulated vCenter and 127.0.0.0/8.
type lab struct {
	vc   *vspheretest.VCenter
	gw   *gateway.Gateway
	port uint16
}

// newLab starts one with a VM for each client, all of them on.
func newLab(t *testing.T, all []*client) *lab {
	t.Helper()
	vc, err := vspheretest.Start(vspheretest.Config{Name: "interop", VMs: len(all), Prefix: labPrefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vc.Close)
	l := &lab{vc: vc, port: labPort(t)}
	for n, c := range all {
		if err := vc.SetTools(vmName(n), true); err != nil { // so that power soft has somebody to ask
			t.Fatal(err)
		}
		tenant := tag
		if c.v15 {
			tenant = tagV15
		}
		if err := vc.Tag(tenant, vmName(n)); err != nil {
			t.Fatal(err)
		}
	}
	l.start(t)
	for n := range all {
		l.until(t, vmName(n)+" is ready", func() error {
			if b := l.bmc(vmName(n)); b.State != admin.Ready {
				return fmt.Errorf("it is %s: %s", b.State, b.Reason)
			}
			return nil
		})
	}
	return l
}

func vmName(n int) string { return fmt.Sprintf("%s-%02d", labPrefix, n+1) }

// labPort is the standard port where we may have it.
func labPort(t *testing.T) uint16 {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: labAddress(1).AsSlice(), Port: standardPort})
	if err != nil {
		t.Logf("on port %d instead: %v", anyonesPort, err)
		return anyonesPort
	}
	_ = conn.Close()
	return standardPort
}

// labAddress is the n-th address of this process: two runs on one machine must
// not meet.
func labAddress(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 62, byte(os.Getpid()), byte(n)})
}

func (l *lab) start(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	pool, err := address.ParseRange(labAddress(1).String() + "-" + labAddress(200).String())
	if err != nil {
		t.Fatal(err)
	}
	config := gateway.Config{
		AdminSocket: filepath.Join(dir, "admin.sock"),
		StatePath:   filepath.Join(dir, "state.db"),
		VCenters: []vsphere.Config{{
			Name: "interop", URL: l.vc.URL(), Username: "administrator@vsphere.local", RootCAs: l.vc.CAPool(),
			Password: func() (string, error) { return "secret", nil },
		}},
		Pools: []gateway.Pool{{
			PoolConfig: address.PoolConfig{Name: "lo", Interface: "lo", Ranges: []address.Range{pool}, PrefixLength: 8, Hold: time.Hour},
			Existing:   true,
		}},
		Tenants: []gateway.Tenant{labTenant(tag, l.port, bmc.V15Off), labTenant(tagV15, l.port, bmc.V15MD5AndPassword)},
	}
	gw, err := gateway.New(config, gateway.Version{Text: "test", Firmware: [2]uint8{1, 23}}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.gw = gw
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- gw.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the gateway ended with %v", err)
		}
	})
}

func labTenant(tag string, port uint16, v15 bmc.V15) gateway.Tenant {
	return gateway.Tenant{
		Name: strings.ReplaceAll(tag, "/", "-"), VCenter: "interop", Select: inventory.Selector{Tags: []string{tag}}, Pools: []string{"lo"},
		Accounts:  labAccounts,
		AllowFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		IPMI: gateway.IPMI{
			Port: port, V15: v15, CipherSuites: []ipmi.CipherSuiteID{17, 3},
			SessionIdleTimeout: time.Minute, SessionsPerBMC: 32, BootFlagsValidFor: time.Minute,
		},
		Power: gateway.Power{CycleOffTime: 500 * time.Millisecond, BootRestoreAfter: bootRestored},
	}
}

// bmc returns what the gateway says of the VM's BMC.
func (l *lab) bmc(vm string) admin.BMC {
	b, err := admin.Find(l.gw.BMCs(), vm)
	if err != nil {
		return admin.BMC{Reason: err.Error()}
	}
	return b
}

// bench gives a client the n-th VM.
func (l *lab) bench(t *testing.T, n int) *bench {
	t.Helper()
	b := &bench{lab: l, vm: vmName(n), address: l.bmc(vmName(n)).Address.String(), home: t.TempDir()}
	port := strconv.Itoa(int(l.port))
	b.env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TERM=dumb", "HOME=" + b.home,
		"H=" + b.address, "P=" + port, "HP=" + net.JoinHostPort(b.address, port), "U=admin", "W=" + password, "VM=" + b.vm,
	}
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	b.env = append(b.env, "TESTDATA="+testdata)
	_, bios := l.vc.UUIDs(b.vm)
	for name, text := range map[string]string{
		"uuid":  bios,
		"names": "admin\noperator\nroot\n",
		"words": "admin\npassword\nsecret\n",
	} {
		if err := os.WriteFile(filepath.Join(b.home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// until polls until f returns nil.
func (l *lab) until(t *testing.T, what string, f func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(labReadyLimit); time.Now().Before(deadline); {
		if err = f(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: the test ended: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Errorf("%s: %v", what, err)
}
