package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const somewhere = "4ba7c0de-0000-4000-8000-000000000001" // instance UUID of a vCenter nobody asks

// A bench is a gateway that is built and not run: the test is its inventory.
type bench struct {
	t      *testing.T
	config Config
	path   string // of the state file
	store  *store.Store
	gw     *Gateway
	host   *host
	log    bytes.Buffer // of the test's goroutine alone
}

// newBench has one pool of addresses that the host answers already, and tenants
// of these names that share it.
func newBench(t *testing.T, addresses string, tenants ...string) *bench {
	t.Helper()
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "state.db")}
	b.config.VCenters = []vsphere.Config{{
		Name: "vc", URL: &url.URL{Scheme: "https", Host: "127.0.0.1:1", Path: "/sdk"}, Username: "nobody",
		Password: func() (string, error) { return "", errors.New("not asked for") },
	}}
	b.addPool("lab", addresses)
	for _, name := range tenants {
		b.config.Tenants = append(b.config.Tenants, Tenant{
			Name: name, VCenter: "vc", Pools: []string{"lab"}, Select: inventory.Selector{Tags: []string{"bmc/" + name}},
			Accounts: []bmc.Account{{Name: "admin", Password: "admin-of-" + bmc.Password(name), Privilege: ipmi.Administrator}},
			IPMI:     IPMI{Port: testPort + 1, CipherSuites: []ipmi.CipherSuiteID{17}, SessionIdleTimeout: time.Minute, SessionsPerBMC: 1},
		})
	}
	return b
}

func (b *bench) addPool(name, addresses string) {
	r, err := address.ParseRange(addresses)
	if err != nil {
		b.t.Fatal(err)
	}
	b.config.Pools = append(b.config.Pools, Pool{
		PoolConfig: address.PoolConfig{Name: name, Interface: "lo", Ranges: []address.Range{r}}, Existing: true,
	})
}

// build begins a run of the gateway.
func (b *bench) build() {
	b.t.Helper()
	gw, err := New(b.config, Version{}, slog.New(slog.NewTextHandler(&b.log, nil)), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.store, err = store.Open(b.path); err != nil {
		b.t.Fatal(err)
	}
	sockets, err := listen.New(1)
	if err != nil {
		b.t.Fatal(err)
	}
	b.host = &host{sockets: sockets}
	if err := gw.build(b.store, b.host); err != nil {
		b.t.Fatal(err)
	}
	b.gw = gw
}

// stop ends the run as Run does.
func (b *bench) stop() {
	for _, t := range b.gw.tenants {
		t.stopAll(b.t.Context())
	}
	b.gw.boots.close()
	if err := b.host.close(); err != nil {
		b.t.Error(err)
	}
	if err := b.store.Close(); err != nil {
		b.t.Error(err)
	}
}

// tell is an inventory with these VMs, for the nth tenant.
func (b *bench) tell(n int, vms ...inventory.VM) {
	b.gw.tenants[n].asked = b.gw.tenants[n].config()
	t := b.gw.tenants[n]
	t.asked = t.config()
	t.reconcile(inventory.Snapshot{VMs: vms, At: time.Now()}, nil)
}

func (b *bench) fail(n int, err error) {
	b.gw.tenants[n].reconcile(inventory.Snapshot{}, err)
}

// served is what list tells, as "tenant/vm state address".
func (b *bench) served() []string {
	var out []string
	for _, one := range b.gw.BMCs() {
		words := fmt.Sprintf("%s/%s %s", one.Tenant, one.Name, one.State)
		if one.Address.IsValid() {
			words += " " + one.Address.String()
		}
		out = append(out, words)
	}
	return out
}

func (b *bench) want(when string, want ...string) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.served()); diff != "" {
		b.t.Errorf("%s (-want +got):\n%s\n%s", when, diff, b.log.String())
	}
}

// virtual is a VM with the given number that carries these tags.
func virtual(number int, tags ...string) inventory.VM {
	id := fmt.Sprintf("50000000-0000-4000-8000-%012d", number)
	return inventory.VM{
		Key: inventory.Key{VCenter: somewhere, VM: id}, Ref: fmt.Sprintf("vm-%d", number),
		Name: fmt.Sprintf("vm%d", number), BIOSUUID: "42" + id[2:], Tags: tags,
	}
}
