package gateway

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// testPort is where the tests' BMCs listen; anybody may. It is another one in
// each process, so that two runs on one machine do not meet.
var testPort = uint16(10000 + 2*(os.Getpid()%10000))

// A lab is a gateway between simulated vCenters and 127.0.0.0/8.
type lab struct {
	config  Config
	metrics *metrics.Metrics // nil: none are wanted
	gw      *Gateway
	stop    func()
	log     logged
}

// logged is what the gateway has logged so far.
type logged struct {
	mu   sync.Mutex
	text []byte
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

// Bytes returns a copy.
func (l *logged) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.text)
}

// simulator starts a vCenter that ends with the test.
func simulator(t testing.TB, c vspheretest.Config) *vspheretest.VCenter {
	t.Helper()
	vc, err := vspheretest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vc.Close)
	return vc
}

// newLab has no vCenter and no tenant yet.
func newLab(t testing.TB) *lab {
	dir := t.TempDir()
	return &lab{config: Config{AdminSocket: filepath.Join(dir, "admin.sock"), StatePath: filepath.Join(dir, "state.db")}}
}

// addTenant adds a tenant of the same name as its vCenter and its pool.
func (l *lab) addTenant(t testing.TB, vc *vspheretest.VCenter, sel inventory.Selector, addresses string) *Tenant {
	t.Helper()
	pool, err := address.ParseRange(addresses)
	if err != nil {
		t.Fatal(err)
	}
	name := vc.Name()
	l.config.VCenters = append(l.config.VCenters, vsphere.Config{
		Name: name, URL: vc.URL(), Username: "administrator@vsphere.local", RootCAs: vc.CAPool(),
		Password: func() (string, error) { return "secret", nil }, TagInterval: 200 * time.Millisecond,
		AttributePrefix: "bmc.",
		// No test is about the limits unless it sets them.
		Limits: vsphere.Limits{Rate: 1000, Burst: 1000},
	})
	l.config.Pools = append(l.config.Pools, Pool{
		PoolConfig: address.PoolConfig{Name: name, Interface: "lo", Ranges: []address.Range{pool}, PrefixLength: 8, Hold: time.Hour},
		Existing:   true,
	})
	l.config.Tenants = append(l.config.Tenants, Tenant{
		Name: name, VCenter: name, Select: sel, Pools: []string{name},
		Accounts: []bmc.Account{
			{Name: "admin", Password: bmc.Password("admin-of-" + name), Privilege: ipmi.Administrator},
			{Name: "user", Password: bmc.Password("user-of-" + name), Privilege: ipmi.User},
		},
		AllowFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		IPMI: IPMI{
			Port: testPort, CipherSuites: []ipmi.CipherSuiteID{17, 3},
			// Long enough for whoever waits for a slow machine in between.
			SessionIdleTimeout: time.Hour, SessionsPerBMC: 8, BootFlagsValidFor: time.Hour,
		},
		Power: Power{
			CycleOffTime: 100 * time.Millisecond, BootRestoreAfter: time.Hour, FinishCycleWithin: 10 * time.Minute,
			CommandRate: 1000, CommandBurst: 1000,
		},
	})
	return &l.config.Tenants[len(l.config.Tenants)-1]
}

// start runs the gateway until the test or stop ends it.
func (l *lab) start(t testing.TB, prepare ...func(*Gateway)) {
	t.Helper()
	gw, err := New(l.config, Version{Text: "test", Firmware: [2]uint8{0, 1}}, slog.New(slog.NewTextHandler(io.MultiWriter(&l.log, t.Output()), nil)), l.metrics)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range prepare {
		f(gw)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- gw.Run(ctx) }()
	l.gw = gw
	l.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the gateway ended with %v", err)
		}
	})
	t.Cleanup(l.stop)
}

// ready waits until the VM has its BMC and returns it.
func (l *lab) ready(t testing.TB, name string) admin.BMC {
	t.Helper()
	var found admin.BMC
	eventually(t, name+" is ready", func() error {
		b, err := admin.Find(l.gw.BMCs(), name)
		if err == nil && b.State != admin.Ready {
			err = fmt.Errorf("%s: %s", b.State, b.Reason)
		}
		found = b
		return err
	})
	return found
}

// eventually polls until f returns nil.
func eventually(t testing.TB, what string, f func() error) {
	t.Helper()
	within(t, time.Minute, what, f)
}

// within is eventually for what takes long on a busy machine.
func within(t testing.TB, d time.Duration, what string, f func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(d); time.Now().Before(deadline); {
		if err = f(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: the test ended: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// gone waits until no BMC has the name.
func (l *lab) gone(t testing.TB, name string) {
	t.Helper()
	eventually(t, name+" is gone", func() error {
		if b, err := admin.Find(l.gw.BMCs(), name); err == nil {
			return fmt.Errorf("it is %s", b.State)
		}
		return nil
	})
}
