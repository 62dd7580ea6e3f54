package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest/bmcclient"
)

// A visitor is how the inner vCenter speaks to BMCs, and counts how many it visits at
// a time.
type visitor struct {
	bmcclient.Client
	mu        sync.Mutex
	now, most int
	checked   func() types.BaseMethodFault // after a login that went well; nil: nothing
}

// Check implements vspheretest.BMCs.
func (v *visitor) Check(ctx context.Context, bmc types.HostIpmiInfo) (string, types.BaseMethodFault) {
	v.mu.Lock()
	v.now++
	v.most = max(v.most, v.now)
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		v.now--
		v.mu.Unlock()
	}()
	mac, fault := v.Client.Check(ctx, bmc)
	v.mu.Lock()
	checked := v.checked
	v.mu.Unlock()
	if checked != nil && fault == nil {
		fault = checked()
	}
	return mac, fault
}

// then has something happen whenever a login went well, before vCenter keeps what it
// was given, which it does not after a fault.
func (v *visitor) then(do func() types.BaseMethodFault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.checked = do
}

func (v *visitor) atOnce() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.most
}

// A nest is a lab whose tenant's VMs are the hosts of a second vCenter, which speaks
// real IPMI to their BMCs.
type nest struct {
	*lab
	outer, inner *vspheretest.VCenter
	bmcs         *visitor
	tenant       *Tenant
}

// newNest has so many hosts, "esx-01" and so on, as VM and as host. Every second one
// tells its UUID the newer way.
func newNest(t *testing.T, hosts int, addresses string, mode RegisterMode) *nest {
	t.Helper()
	t.Parallel() // all of these tests mostly wait
	n := &nest{lab: newLab(t), bmcs: &visitor{Client: bmcclient.Client{Port: testPort, Timeout: 2 * time.Second}}}
	n.outer = simulator(t, vspheretest.Config{Name: "outer", VMs: hosts, Prefix: "esx"})
	n.inner = simulator(t, vspheretest.Config{Name: "inner", BMCs: n.bmcs})
	for i := range hosts {
		n.add(t, vspheretest.NestedHost{VM: n.vm(i + 1), Swapped: i%2 == 1})
	}
	n.tenant = n.addTenant(t, n.outer, inventory.Selector{Names: []string{"esx-*"}}, addresses)
	n.tenant.Register = Register{VCenter: "inner", Mode: mode, Interval: time.Minute}
	n.config.VCenters = append(n.config.VCenters, vsphere.Config{
		Name: "inner", URL: n.inner.URL(), Username: "administrator@vsphere.local", RootCAs: n.inner.CAPool(),
		Password: func() (string, error) { return "secret", nil },
	})
	return n
}

func (n *nest) vm(i int) string { return fmt.Sprintf("esx-%02d", i) }

func (n *nest) add(t *testing.T, h vspheretest.NestedHost) {
	t.Helper()
	h.Outer = n.outer
	if err := n.inner.AddNestedHost(h); err != nil {
		t.Fatal(err)
	}
}

// begin starts the gateway, whose BMCs vCenter finds where the test has them, and
// waits for them.
func (n *nest) begin(t *testing.T, hosts int) {
	t.Helper()
	n.start(t, func(g *Gateway) { g.registerPort = testPort })
	within(t, 3*time.Minute, "BMCs", func() error {
		ready := 0
		for _, b := range n.gw.BMCs() {
			if b.State == admin.Ready {
				ready++
			}
		}
		if ready != hosts {
			return fmt.Errorf("%d are ready", ready)
		}
		return n.up("inner")
	})
}

func (n *nest) up(name string) error {
	if vc := n.gw.inner(name); !vc.Connected() {
		return errors.New(vc.Status().LastError)
	}
	return nil
}

// states returns the state of each host that is no hardware, by name.
func (n *nest) states() map[string]admin.Registration {
	out := make(map[string]admin.Registration)
	for _, r := range n.gw.Registrations() {
		for _, h := range r.Hosts {
			if strings.HasPrefix(h.Host, "esx") {
				out[h.Host] = h.State
			}
		}
	}
	return out
}

// reach waits until the hosts have these states.
func (n *nest) reach(t *testing.T, what string, want map[string]admin.Registration) {
	t.Helper()
	within(t, 3*time.Minute, what, func() error {
		if diff := cmp.Diff(want, n.states()); diff != "" {
			return errors.New(diff)
		}
		return nil
	})
}

func (n *nest) all(hosts int, state admin.Registration) map[string]admin.Registration {
	out := make(map[string]admin.Registration)
	for i := range hosts {
		out[n.vm(i+1)] = state
	}
	return out
}

// do asks as an operator does, on the admin socket.
func (n *nest) do(t *testing.T, q admin.RegistrationRequest) map[string]admin.RegisteredHost {
	t.Helper()
	done, err := admin.NewClient(n.config.AdminSocket).RegisterHosts(t.Context(), q)
	if err != nil || len(done) != 1 || done[0].Error != "" {
		t.Fatalf("%+v, %v", done, err)
	}
	out := make(map[string]admin.RegisteredHost)
	for _, h := range done[0].Hosts {
		out[h.Host] = h
	}
	return out
}

// has checks that vCenter has the BMC of a host as it is, and returns its account.
func (n *nest) has(t *testing.T, host string) types.HostIpmiInfo {
	t.Helper()
	b := n.ready(t, host)
	got := n.inner.HostIPMI(host)
	if got.BmcIpAddress != b.Address.String() || got.BmcMacAddress != b.MAC || len(got.Login) == 0 || len(got.Login) > 16 || len(got.Password) != 16 {
		t.Errorf("%s: vCenter has %q at %s, %s with %d letters; it is at %s, %s", host, got.Login, got.BmcIpAddress, got.BmcMacAddress, len(got.Password), b.Address, b.MAC)
	}
	return got
}

// TestRegisterCluster registers 32 hosts, two at a time, each with an account that no
// other BMC takes, and keeps quiet about their passwords.
func TestRegisterCluster(t *testing.T) {
	const hosts = 32
	n := newNest(t, hosts, "127.61.0.1-127.61.0.64", RegisterApply)
	n.begin(t, hosts)
	n.reach(t, "all registered", n.all(hosts, admin.Registered))

	if most := n.bmcs.atOnce(); most > 2 {
		t.Errorf("%d BMCs were visited at a time", most)
	}
	_, failures := n.gw.served()[0].registrar.counted() // of a machine that is too slow for vCenter's patience
	if calls := n.updates(); calls != hosts+int(failures) {
		t.Errorf("UpdateIpmi was called %d times, with %d failures", calls, failures)
	}
	logins, passwords := make(map[string]bool), make(map[string]bool)
	for i := range hosts {
		got := n.has(t, n.vm(i+1))
		logins[got.Login], passwords[got.Password] = true, true
	}
	if len(logins) != hosts || len(passwords) != hosts {
		t.Errorf("%d names and %d passwords for %d hosts", len(logins), len(passwords), hosts)
	}
	n.secret(t, slices.Collect(maps.Keys(passwords)))
	for _, h := range n.gw.Registrations()[0].Hosts {
		if strings.HasPrefix(h.Host, "esx") && (!strings.Contains(h.MatchedBy, "service tag") || !strings.Contains(h.MatchedBy, "network card")) {
			t.Errorf("%s is matched by %q", h.Host, h.MatchedBy)
		}
		if !strings.HasPrefix(h.Host, "esx") && h.State != admin.NoBMC {
			t.Errorf("%s, which is hardware, is %s", h.Host, h.State)
		}
	}
	audited := make(map[string]bool)
	events, _ := n.gw.Events().Since(0)
	for _, e := range events {
		if strings.HasPrefix(e.Command, "register host ") && e.Result == "ok" && e.Via == admin.ViaGateway && e.Operation != "" {
			audited[e.BMC] = true
		}
	}
	if len(audited) != hosts {
		t.Errorf("of %d hosts the audit says that they were registered", len(audited))
	}
	if n := n.inner.Calls()["Login"]; n > 2 {
		t.Errorf("%d logins at the inner vCenter", n)
	}
}

// TestRegisterMD5: a vCenter that logs in as VMware's documents say, by IPMI 1.5.
func TestRegisterMD5(t *testing.T) {
	n := newNest(t, 1, "127.61.14.1-127.61.14.20", RegisterDisabled)
	n.bmcs.V15 = true
	n.tenant.IPMI.CipherSuites = []ipmi.CipherSuiteID{17}
	n.begin(t, 1)
	if got := n.do(t, admin.RegistrationRequest{})[n.vm(1)]; got.State != admin.Failed {
		t.Errorf("without MD5: %+v", got)
	}
	n.stop()
	n.config.Tenants[0].IPMI.V15 = bmc.V15MD5
	n.begin(t, 1)
	if got := n.do(t, admin.RegistrationRequest{})[n.vm(1)]; got.State != admin.Registered {
		t.Errorf("with MD5: %+v", got)
	}
	n.has(t, n.vm(1))
}

// secret checks that a password is nowhere but in the state file.
func (n *nest) secret(t *testing.T, passwords []string) {
	t.Helper()
	told := fmt.Sprintf("%s %+v %+v %+v %+v", n.log.Bytes(), n.gw.Registrations(), n.gw.BMCs(), n.gw.Grants(), n.gw.Status())
	events, _ := n.gw.Events().Since(0)
	told += fmt.Sprintf("%+v", events)
	for _, p := range passwords {
		if strings.Contains(told, p) {
			t.Fatal("a password is told")
		}
	}
	if !bytes.Contains(n.log.Bytes(), []byte("register host esx-01 at inner")) {
		t.Error("nothing is logged of it")
	}
}
