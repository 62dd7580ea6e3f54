package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/web"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// demoReady is how long the demo waits for its BMCs before it says what is wrong.
const demoReady = 30 * time.Second

// demoTenants are the two tenants of the demo, each on a vCenter of its own: one
// selects by tag, the other by folder.
var demoTenants = []demoTenant{
	{
		name: "lab-a", vcenter: vspheretest.Config{Name: "vc-a", Password: "vc-a-secret", VMs: 8, Prefix: "esxi", Datacenter: "Lab"},
		selected: 6, tag: "bmc/enabled", selects: "{tags: [bmc/enabled]}",
		pool: "127.6.2.11-127.6.2.40", password: "demo-secret-a",
	},
	{
		name: "lab-b", vcenter: vspheretest.Config{Name: "vc-b", Password: "vc-b-secret", VMs: 4, Prefix: "ocp", Datacenter: "DMZ"},
		selected: 3, folder: "/DMZ/vm/OpenShift", selects: "{folders: [/DMZ/vm/OpenShift]}",
		pool: "127.6.3.11-127.6.3.40", password: "demo-secret-b",
	},
}

// A demoTenant is a tenant, its vCenter, and how many of the VMs are its own.
type demoTenant struct {
	name     string
	vcenter  vspheretest.Config
	selected int
	tag      string // put on those VMs; empty: none
	folder   string // they are moved into; empty: none
	selects  string // how the configuration selects them
	pool     string
	password string
}

// A demo is two simulated vCenters and a real gateway between them and
// 127.0.0.0/8, whose addresses need nobody's leave.
type demo struct {
	port uint16
	http string // where metrics are
	dir  string // of configuration, state and socket; gone at the end
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
	d := &demo{port: port, http: "127.0.0.1:0", dir: dir, out: out, log: log}
	vcenters, err := d.prepare()
	defer closeAll(vcenters)
	if err != nil {
		return err
	}
	return d.serve(ctx)
}

// prepare starts the simulators, which are the caller's to close, also after an
// error, and writes a configuration for them as an administrator would.
func (d *demo) prepare() ([]*vspheretest.VCenter, error) {
	var all []*vspheretest.VCenter
	var vcenters, pools, tenants strings.Builder
	for _, t := range demoTenants {
		vc, err := t.start()
		if err != nil {
			return all, fmt.Errorf("vCenter simulator %s: %w", t.vcenter.Name, err)
		}
		all = append(all, vc)
		fmt.Fprintf(d.out, "vCenter %s  %s  %d VMs, %d of them for tenant %s\n", t.vcenter.Name, vc.URL(), t.vcenter.VMs, t.selected, t.name)
		fmt.Fprintf(&vcenters, demoVCenter, t.vcenter.Name, vc.URL().Host)
		fmt.Fprintf(&pools, demoPool, t.name, t.pool)
		fmt.Fprintf(&tenants, demoTenantText, t.name, t.vcenter.Name, t.selects, d.port)
		for name, text := range map[string]string{
			t.vcenter.Name + ".pem": string(vc.CA()), t.vcenter.Name + ".password": t.vcenter.Password, t.name + ".password": t.password,
		} {
			if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
				return all, err
			}
		}
	}
	text := fmt.Sprintf(demoText, d.dir, d.http, vcenters.String(), pools.String(), tenants.String())
	return all, os.WriteFile(d.config(), []byte(text), 0o600)
}

// config is the path of the configuration.
func (d *demo) config() string { return filepath.Join(d.dir, "config.yaml") }

// The configuration, and an entry of each of its lists. The certificates are
// checked; only the pools are not those of a real host, which does not answer
// all of 127.0.0.0/8 by itself.
const (
	demoText = `apiVersion: bmc-gateway/v1
admin: {socket: %[1]s/admin.sock}
state: {path: %[1]s/state.db}
http: {listen: "%[2]s"}
vcenters:
%[3]spools:
%[4]stenants:
%[5]s`
	demoVCenter    = "- {name: %[1]s, url: https://%[2]s, username: administrator@vsphere.local, password_file: %[1]s.password, ca_file: %[1]s.pem}\n"
	demoPool       = "- {name: %s, interface: lo, ranges: [%s], prefix_length: 8, assign: existing}\n"
	demoTenantText = `- name: %[1]s
  vcenter: %[2]s
  pool: %[1]s
  select: %[3]s
  allow_from: [127.0.0.0/8]
  accounts:
  - {username: operator, password_file: %[1]s.password, privilege: operator}
  - {username: admin, password_file: %[1]s.password, privilege: administrator}
  ipmi: {port: %[4]d}
  power: {cycle_off_time: 2s, boot_restore_after: 30s}
`
)

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
	if t.tag != "" {
		err = errors.Join(err, vc.Tag(t.tag, vms...))
	}
	if t.folder != "" {
		_, created := vc.CreateFolder(t.folder)
		err = errors.Join(err, created, vc.MoveToFolder(t.folder, vms...))
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

// serve runs the gateway and says, once it answers, how to try it.
func (d *demo) serve(ctx context.Context) error {
	env := func(string) string { return "" }
	cfg, _, err := config.Load(d.config(), env)
	if err != nil {
		return err
	}
	reg := prometheus.NewRegistry()
	m := metrics.New(reg)
	m.Build(version, revision(), runtime.Version())
	gw, err := gateway.New(cfg, gatewayVersion(), d.log, m)
	if err != nil {
		return err
	}
	gw.LoadWith(loader(d.config(), env))
	http, err := web.Listen(web.Config{Listen: cfg.HTTPListen}, reg, gw, d.log)
	if err != nil {
		return err
	}
	gw.OpenWith(front(http))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return gw.Run(ctx) })
	g.Go(func() error { return http.Run(ctx) })
	g.Go(func() error { return d.introduce(ctx, gw, cfg.AdminSocket, http.Addr().String()) })
	return g.Wait()
}

// demoMore is what there is besides IPMI. The program is called as it was called here,
// which need not be in the PATH.
const demoMore = `
more with ipmitool:  power off, power on, chassis bootdev pxe, mc info, lan print 1, sel list, sensor
command line, in another terminal:
  export %[4]s=%[1]s
  %[3]s list        or status, show esxi-01, events --watch, access grant lab-a/esxi-01
status page:  http://%[2]s/
for Prometheus:  http://%[2]s/metrics, /metrics/bmcs, /sd/prometheus
Ctrl-C ends everything.
`

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
	fmt.Fprintf(d.out, demoMore, socket, http, os.Args[0], config.EnvName("admin.socket"))
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
