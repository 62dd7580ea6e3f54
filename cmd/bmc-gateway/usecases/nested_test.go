package usecases

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest/bmcclient"
)

const (
	// patience is what vCenter gives a host to go or to come, in seconds. Nothing
	// here takes so long but on a machine that is very busy.
	patience = 120
	// bootTime is how long a nested host takes from power on to its first heartbeat.
	bootTime = 300 * time.Millisecond
)

// innerVCenter is what a use case's client is when vCenter wakes hosts.
var innerVCenter = program{name: "simulated vCenter"}

// A nest is a simulated vCenter whose hosts are the VMs of a lab, and a client of it.
type nest struct {
	lab    *lab.Lab
	inner  *vspheretest.VCenter
	client *vim25.Client
}

// newNest has hosts on the lab's VMs from first on.
func newNest(t *testing.T, l *lab.Lab, name string, first, hosts int, bmcs bmcclient.Client) *nest {
	t.Helper()
	if l.Port != lab.StandardPort {
		bmcs.Port = l.Port // else vCenter's own
	}
	return inhabit(t, l, startInner(t, name, hosts, bmcs), first, hosts)
}

// startInner starts a vCenter with as many VMs as it will have nested hosts.
func startInner(t *testing.T, name string, vms int, bmcs bmcclient.Client) *vspheretest.VCenter {
	t.Helper()
	inner, err := vspheretest.Start(vspheretest.Config{Name: name, VMs: vms, Prefix: "guest", BMCs: bmcs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inner.Close)
	return inner
}

// inhabit makes hosts of the lab's VMs from first on, and has each run a VM.
func inhabit(t *testing.T, l *lab.Lab, inner *vspheretest.VCenter, first, hosts int) *nest {
	t.Helper()
	for n := range hosts {
		vm := l.VM(first + n)
		if err := inner.AddNestedHost(vspheretest.NestedHost{Outer: l.VCenter, VM: vm, Swapped: n%2 == 1, BootTime: bootTime}); err != nil {
			t.Fatal(err)
		}
		if err := inner.PlaceVM(fmt.Sprintf("guest-%02d", n+1), vm); err != nil {
			t.Fatal(err)
		}
	}
	return &nest{lab: l, inner: inner, client: login(t, inner)}
}

func login(t *testing.T, v *vspheretest.VCenter) *vim25.Client {
	t.Helper()
	sc := soap.NewClient(v.URL(), false)
	sc.DefaultTransport().TLSClientConfig.RootCAs = v.CAPool()
	sc.DefaultTransport().MaxIdleConnsPerHost = 16
	t.Cleanup(sc.CloseIdleConnections)
	c, err := vim25.NewClient(t.Context(), sc)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.NewManager(c).Login(t.Context(), url.UserPassword("administrator@vsphere.local", "secret")); err != nil {
		t.Fatal(err)
	}
	return c
}

func (n *nest) ref(host string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "HostSystem", Value: n.inner.HostRef(host)}
}

// bmc is what an administrator reads of the host's BMC and types into vCenter.
func (n *nest) bmc(host string) types.HostIpmiInfo {
	b := n.lab.BMC(host)
	return types.HostIpmiInfo{BmcIpAddress: b.Address.String(), BmcMacAddress: b.MAC, Login: "operator", Password: lab.Password}
}

func (n *nest) register(ctx context.Context, host string, bmc types.HostIpmiInfo) error {
	_, err := methods.UpdateIpmi(ctx, n.client, &types.UpdateIpmi{This: n.ref(host), IpmiInfo: bmc})
	return err
}

// sleep sends a host to standby.
func (n *nest) sleep(ctx context.Context, host string) error {
	res, err := methods.PowerDownHostToStandBy_Task(ctx, n.client, &types.PowerDownHostToStandBy_Task{This: n.ref(host), TimeoutSec: patience})
	if err != nil {
		return err
	}
	return object.NewTask(n.client, res.Returnval).Wait(ctx)
}

// wake takes it out again.
func (n *nest) wake(ctx context.Context, host string) error {
	res, err := methods.PowerUpHostFromStandBy_Task(ctx, n.client, &types.PowerUpHostFromStandBy_Task{This: n.ref(host), TimeoutSec: patience})
	if err != nil {
		return err
	}
	return object.NewTask(n.client, res.Returnval).Wait(ctx)
}

// wakes is wake as DPM does it, which tries a host again that did not come: on a machine
// that is very busy a command of many may not get its turn in time. again counts.
func (n *nest) wakes(ctx context.Context, host string, again *atomic.Int64) error {
	for left := 5; ; left-- {
		err := n.wake(ctx, host)
		if left == 0 || !fault.Is(err, &types.HostPowerOpFailed{}) {
			return err
		}
		again.Add(1)
	}
}

// each does something with the hosts on VMs 0 to hosts-1, with all at once.
func (n *nest) each(t *testing.T, hosts int, do func(host string) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range hosts {
		wg.Go(func() {
			if err := do(n.lab.VM(i)); err != nil {
				t.Errorf("%s: %v", n.lab.VM(i), err)
			}
		})
	}
	wg.Wait()
}

// state is the host as the inner vCenter has it, and its VM as the outer one has.
func (n *nest) state(host string) string {
	r := n.inner.HostRuntime(host)
	return fmt.Sprintf("%s, %s, standby %s; VM %s", r.ConnectionState, r.PowerState, r.StandbyMode, n.lab.VCenter.Power(host))
}

const (
	awake  = "connected, poweredOn, standby none; VM poweredOn"
	asleep = "notResponding, standBy, standby in; VM poweredOff"
)

// is tells, at once, what is wrong.
func (n *nest) is(host, want string) error {
	if got := n.state(host); got != want {
		return fmt.Errorf("host %s is %s, want %s", host, got, want)
	}
	return nil
}

// asProfile has a tenant's BMCs behave as the configuration's profile: vcenter says.
func asProfile(t *testing.T) func(*gateway.Config) {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf(`apiVersion: bmc-gateway/v1
admin: {socket: "%[1]s/admin.sock"}
state: {path: "%[1]s/state.db"}
vcenters:
- {name: outer, url: https://vc.example.com, username: svc, password_file: "%[1]s/password"}
pools:
- {name: lo, interface: lo, ranges: [127.6.6.1-127.6.6.9], prefix_length: 8, assign: existing}
tenants:
- name: nested
  vcenter: outer
  pool: lo
  select: {tags: [bmc/nested]}
  profile: vcenter
  accounts:
  - {username: dpm, password_file: "%[1]s/password", privilege: operator}
`, dir)
	for name, text := range map[string]string{"config.yaml": text, "password": lab.Password} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read, _, err := config.Load(filepath.Join(dir, "config.yaml"), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return func(c *gateway.Config) { c.Tenants[0].IPMI.V15 = read.Tenants[0].IPMI.V15 }
}
