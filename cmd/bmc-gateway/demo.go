package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/web"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// demoReady is how long the demo waits for its BMCs before it says what is wrong.
const demoReady = 30 * time.Second

// demoTenants are the two tenants of the demo, each on a vCenter of its own: one
// selects by tag, the other by folder.
var demoTenants = []demoTenant{
	{
		name: "lab-a", vcenter: vspheretest.Config{Name: "vc-a", Password: "vc-a-secret", VMs: 8, Prefix: "esxi", Datacenter: "Lab"},
		selected: 6, selector: inventory.Selector{Tags: []string{"bmc/enabled"}},
		pool: "127.6.2.11-127.6.2.40", password: "demo-secret-a",
	},
	{
		name: "lab-b", vcenter: vspheretest.Config{Name: "vc-b", Password: "vc-b-secret", VMs: 4, Prefix: "ocp", Datacenter: "DMZ"},
		selected: 3, selector: inventory.Selector{Folders: []string{"/DMZ/vm/OpenShift"}, Recursive: true},
		pool: "127.6.3.11-127.6.3.40", password: "demo-secret-b",
	},
}

// A demoTenant is a tenant, its vCenter, and how many of the VMs are its own.
type demoTenant struct {
	name     string
	vcenter  vspheretest.Config
	selected int
	selector inventory.Selector
	pool     string
	password string
}

// A demo is two simulated vCenters and a real gateway between them and
// 127.0.0.0/8, whose addresses need nobody's leave.
type demo struct {
	port uint16
	dir  string // of state and socket; gone at the end
	out  io.Writer
	log  *slog.Logger
}

// runDemo runs until ctx ends.
func runDemo(ctx context.Context, port uint16, out io.Writer, log *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "bmc-gateway-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d := &demo{port: port, dir: dir, out: out, log: log}
	config, vcenters, err := d.prepare()
	defer closeAll(vcenters)
	if err != nil {
		return err
	}
	return d.serve(ctx, config)
}

// prepare starts the simulators, which are the caller's to close, also after an
// error, and returns the configuration for them.
func (d *demo) prepare() (gateway.Config, []*vspheretest.VCenter, error) {
	config := gateway.Config{
		AdminSocket: filepath.Join(d.dir, "admin.sock"),
		StatePath:   filepath.Join(d.dir, "state.db"),
		HTTPListen:  "127.0.0.1:0",
	}
	var all []*vspheretest.VCenter
	for _, t := range demoTenants {
		vc, err := t.start()
		if err != nil {
			return config, all, fmt.Errorf("vCenter simulator %s: %w", t.vcenter.Name, err)
		}
		all = append(all, vc)
		fmt.Fprintf(d.out, "vCenter %s  %s  %d VMs, %d of them for tenant %s\n", t.vcenter.Name, vc.URL(), t.vcenter.VMs, t.selected, t.name)
		if err := t.configure(&config, vc, d.port); err != nil {
			return config, all, err
		}
	}
	return config, all, nil
}

func closeAll(vcenters []*vspheretest.VCenter) {
	for _, vc := range vcenters {
		vc.Close()
	}
}

// start runs the simulator and makes some of its VMs the tenant's.
func (t demoTenant) start() (*vspheretest.VCenter, error) {
	vc, err := vspheretest.Start(t.vcenter)
	if err != nil {
		return nil, err
	}
	var vms []string
	for n := range t.selected {
		vms = append(vms, fmt.Sprintf("%s-%02d", t.vcenter.Prefix, n+1))
	}
	for _, tag := range t.selector.Tags {
		err = errors.Join(err, vc.Tag(tag, vms...))
	}
	for _, folder := range t.selector.Folders {
		_, created := vc.CreateFolder(folder)
		err = errors.Join(err, created, vc.MoveToFolder(folder, vms...))
	}
	for _, vm := range vms {
		err = errors.Join(err, vc.SetTools(vm, true)) // so that power soft has somebody to ask
	}
	if err != nil {
		vc.Close()
		return nil, err
	}
	return vc, nil
}

// configure adds the tenant as a configuration file would: the certificate is
// checked, the password is a secret, and only the address pool differs, because
// the host answers 127.0.0.0/8 already.
func (t demoTenant) configure(c *gateway.Config, vc *vspheretest.VCenter, port uint16) error {
	pool, err := address.ParseRange(t.pool)
	if err != nil {
		return err
	}
	c.VCenters = append(c.VCenters, vsphere.Config{
		Name: t.vcenter.Name, URL: vc.URL(), Username: "administrator@vsphere.local",
		Password: func() (string, error) { return t.vcenter.Password, nil }, RootCAs: vc.CAPool(),
		AttributePrefix: "bmc.",
	})
	c.Pools = append(c.Pools, gateway.Pool{
		PoolConfig: address.PoolConfig{Name: t.name, Interface: "lo", Ranges: []address.Range{pool}, PrefixLength: 8},
		Existing:   true,
	})
	c.Tenants = append(c.Tenants, gateway.Tenant{
		Name: t.name, VCenter: t.vcenter.Name, Select: t.selector, Pools: []string{t.name},
		Accounts: []bmc.Account{
			{Name: "operator", Password: bmc.Password(t.password), Privilege: ipmi.Operator},
			{Name: "admin", Password: bmc.Password(t.password), Privilege: ipmi.Administrator},
		},
		AllowFrom: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		IPMI: gateway.IPMI{
			Port: port, CipherSuites: []ipmi.CipherSuiteID{17, 3},
			SessionIdleTimeout: time.Minute, SessionsPerBMC: 32, PacketsPerSecond: 2000, BootFlagsValidFor: time.Minute,
		},
		Power: gateway.Power{CycleOffTime: 2 * time.Second, BootRestoreAfter: 30 * time.Second},
	})
	return nil
}

// serve runs the gateway and says, once it answers, how to try it.
func (d *demo) serve(ctx context.Context, config gateway.Config) error {
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	m.Build(version, revision(), runtime.Version())
	gw, err := gateway.New(config, gatewayVersion(), d.log, m)
	if err != nil {
		return err
	}
	http, err := web.Listen(web.Config{Listen: config.HTTPListen}, reg, gw, d.log)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return gw.Run(ctx) })
	g.Go(func() error { return http.Run(ctx) })
	g.Go(func() error { return d.introduce(ctx, gw, config.AdminSocket, http.Addr().String()) })
	return g.Wait()
}

func (d *demo) introduce(ctx context.Context, gw *gateway.Gateway, socket, http string) error {
	bmcs, err := d.awaitReady(ctx, gw)
	if err != nil || ctx.Err() != nil {
		return err
	}
	for _, t := range demoTenants {
		fmt.Fprintf(d.out, "\ntenant %s (accounts admin and operator, one password)\n", t.name)
		var first admin.BMC
		for _, b := range bmcs {
			if b.Tenant != t.name {
				continue
			}
			fmt.Fprintf(d.out, "  %-8s  %s port %d\n", b.Name, b.Address, b.Port)
			if !first.Address.IsValid() {
				first = b
			}
		}
		fmt.Fprintf(d.out, "try:  ipmitool -I lanplus -H %s -p %d -U admin -P %s power status\n", first.Address, first.Port, t.password)
	}
	fmt.Fprintf(d.out, "\nmore: power on|off|cycle|reset|soft|diag, chassis bootdev pxe, mc info, lan print 1\n"+
		"      bmc-gateway --socket %s list\n      http://%s/metrics, /metrics/bmcs, /sd/prometheus\nCtrl-C ends everything.\n", socket, http)
	return nil
}

// awaitReady waits until every VM that should have a BMC has one.
func (d *demo) awaitReady(ctx context.Context, gw *gateway.Gateway) ([]admin.BMC, error) {
	want := 0
	for _, t := range demoTenants {
		want += t.selected
	}
	patience := time.After(demoReady)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		bmcs := gw.BMCs()
		ready, waiting := 0, ""
		for _, b := range bmcs {
			if b.State == admin.Ready {
				ready++
			} else {
				waiting = fmt.Sprintf("; %s/%s: %s", b.Tenant, b.Name, b.Reason)
			}
		}
		if ready == want {
			return bmcs, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-patience:
			return nil, fmt.Errorf("only %d of %d BMCs are ready after %s%s", ready, want, demoReady, waiting)
		case <-tick.C:
		}
	}
}
