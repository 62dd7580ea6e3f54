package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// TestRefusals says of each fault what it means and what to do, in the answer, in the
// audit and in the count.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name  string
		fault types.BaseMethodFault
		want  []string
	}{
		{"another MAC", &types.InvalidIpmiMacAddress{UserProvidedMacAddress: "02:00:00:00:00:01", ObservedMacAddress: "00:25:90:aa:bb:cc"},
			[]string{"has the MAC 00:25:90:aa:bb:cc instead of 02:00:00:00:00:01", "routes, NAT"}},
		{"login", &types.InvalidIpmiLoginInfo{}, []string{"cannot log in at the BMC at 127.61.5.", "allow_from", "cipher_suites 3"}},
		{"role", &types.InvalidBmcRole{}, []string{"another machine answers there"}},
		{"no BMC", &types.MissingBmcSupport{}, []string{"gets no answer", "UDP port 623", "allow_from"}},
		{"no privilege", &types.NoPermission{PrivilegeId: "Host.Config.Settings"}, []string{`vCenter "inner" lacks Host.Config.Settings`, "vcenter-role.md"}},
		{"host gone", &types.ManagedObjectNotFound{}, []string{"not in vCenter any more"}},
		{"no such method", &types.MethodNotFound{}, []string{"does not take BMCs"}},
		{"something else", &types.InvalidArgument{InvalidProperty: "ipmiInfo.login"}, []string{"UpdateIpmi", "esx-01"}},
	}
	n := newNest(t, 1, "127.61.5.1-127.61.5.20", RegisterDisabled)
	n.begin(t, 1)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n.inner.Inject(vspheretest.Fault{Method: "UpdateIpmi", Fault: tt.fault, Times: 1})
			got := n.do(t, admin.RegistrationRequest{})[n.vm(1)]
			for _, words := range tt.want {
				if !strings.Contains(got.Reason, words) {
					t.Errorf("%q is not in %q", words, got.Reason)
				}
			}
			if got.State != admin.Failed || !got.RetryAt.After(time.Now()) {
				t.Errorf("state %s, again at %s", got.State, got.RetryAt)
			}
			events, _ := n.gw.Events().Since(0)
			last := events[len(events)-1]
			if last.Command != "register host esx-01 at inner" || last.Result != "error" || last.Error != got.Reason || last.Via != admin.ViaSocket || last.UID == nil || last.Operation == "" {
				t.Errorf("the audit says %+v", last)
			}
			if _, failures := n.gw.served()[0].registrar.counted(); failures != uint64(i+1) {
				t.Errorf("%d failures are counted", failures)
			}
		})
	}
	if got := n.do(t, admin.RegistrationRequest{})[n.vm(1)]; got.State != admin.Registered {
		t.Errorf("in the end: %+v", got)
	}
}

// TestRefusedByTheBMC: vCenter is not in allow_from, so nothing answers it.
func TestRefusedByTheBMC(t *testing.T) {
	n := newNest(t, 1, "127.61.6.1-127.61.6.20", RegisterDisabled)
	n.bmcs.Timeout, n.bmcs.Tries = 100*time.Millisecond, 2
	n.tenant.AllowFrom = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	n.begin(t, 1)
	if got := n.do(t, admin.RegistrationRequest{})[n.vm(1)]; got.State != admin.Failed || !strings.Contains(got.Reason, "gets no answer") {
		t.Errorf("got %+v", got)
	}
}

// TestFailureWaits: vCenter is not asked again and again, but the operator may ask.
func TestFailureWaits(t *testing.T) {
	n := newNest(t, 2, "127.61.7.1-127.61.7.20", RegisterApply)
	heal := n.inner.Inject(vspheretest.Fault{Method: "UpdateIpmi", VM: n.vm(1), Fault: &types.InvalidIpmiLoginInfo{}})
	began := time.Now()
	n.begin(t, 2)
	want := n.all(2, admin.Registered)
	want[n.vm(1)] = admin.Failed
	n.reach(t, "one of two", want)
	calls := n.updates()
	// Whatever else happens at vCenter is a reason to look, and none to try. Nor is a
	// question of what would be done.
	for i := range 2 {
		n.do(t, admin.RegistrationRequest{DryRun: true})
		looked := n.gw.Registrations()[0].At
		n.edit(t, n.vm(2), func(h *types.HostIpmiInfo) { h.BmcMacAddress = fmt.Sprintf("02:00:00:00:00:%02x", i) })
		within(t, 60*time.Second, "it looks", func() error {
			if !n.gw.Registrations()[0].At.After(looked) || n.updates() < calls+i+1 {
				return errors.New("not yet")
			}
			return nil
		})
		n.reach(t, "still one of two", want)
	}
	if got := n.updates(); got != calls+2 && time.Since(began) < registerFirst {
		t.Errorf("UpdateIpmi was called %d times more, want the two for the other host", got-calls)
	}
	heal()
	if got := n.do(t, admin.RegistrationRequest{})[n.vm(1)]; got.State != admin.Registered {
		t.Errorf("got %+v", got)
	}
}

// TestInnerGone delays registration and nothing else.
func TestInnerGone(t *testing.T) {
	n := newNest(t, 1, "127.61.8.1-127.61.8.20", RegisterApply)
	n.inner.Down()
	n.start(t, func(g *Gateway) { g.registerPort = testPort })
	b := n.ready(t, n.vm(1))
	if got := status(t, login(t, b)); got != "on" {
		t.Errorf("power is %s", got)
	}
	eventually(t, "it is told", func() error {
		if r := n.gw.Registrations()[0]; r.Error == "" || len(r.Hosts) > 0 {
			return errors.New("nothing is told")
		}
		return nil
	})
	uid := uint32(0)
	if done, err := n.gw.RegisterHosts(t.Context(), admin.RegistrationRequest{}, admin.Caller{UID: &uid}); err != nil || done[0].Error == "" {
		t.Errorf("asked for: %+v, %v", done, err)
	}
	if err := n.inner.Up(); err != nil {
		t.Fatal(err)
	}
	n.reach(t, "registered", n.all(1, admin.Registered))
	// And again, when it was there before.
	n.inner.Down()
	within(t, 60*time.Second, "it is told", func() error {
		if r := n.gw.Registrations()[0]; r.Error == "" || len(r.Hosts) == 0 {
			return errors.New("nothing is told, or what was known is forgotten")
		}
		return nil
	})
	if got := status(t, login(t, b)); got != "on" {
		t.Errorf("power is %s", got)
	}
}

// TestDryRun changes nothing, neither by itself nor when it is asked for.
func TestDryRun(t *testing.T) {
	n := newNest(t, 2, "127.61.9.1-127.61.9.20", RegisterDryRun)
	n.edit(t, n.vm(2), foreign)
	n.begin(t, 2)
	want := n.all(2, admin.WouldRegister)
	want[n.vm(2)] = admin.Elsewhere
	n.reach(t, "it is told", want)
	got := n.do(t, admin.RegistrationRequest{DryRun: true, Adopt: true})
	if got[n.vm(1)].State != admin.WouldRegister || got[n.vm(2)].State != admin.WouldRegister {
		t.Errorf("got %+v", got)
	}
	if left, err := n.gw.state().Grants(); n.updates() != 0 || len(left) > 0 || err != nil {
		t.Errorf("%d calls, %d accounts, %v", n.updates(), len(left), err)
	}
}

// TestAmbiguousHosts are clones that nothing tells apart; their network cards do.
func TestAmbiguousHosts(t *testing.T) {
	n := newNest(t, 2, "127.61.10.1-127.61.10.20", RegisterDisabled)
	const twin = "564d2f12-8041-639b-5018-05a835b72eaf"
	for i := range 2 {
		if err := n.outer.Edit(n.vm(i+1), func(vm *mo.VirtualMachine) { vm.Config.Uuid = twin }); err != nil {
			t.Fatal(err)
		}
		n.add(t, vspheretest.NestedHost{Name: "twin-" + n.vm(i+1), VM: n.vm(i + 1), Swapped: i == 1})
	}
	if err := n.inner.EditHost("twin-esx-02", func(h *mo.HostSystem) { h.Config.Network.Pnic = nil }); err != nil {
		t.Fatal(err)
	}
	n.begin(t, 2)
	got := n.do(t, admin.RegistrationRequest{})
	if h := got["twin-esx-01"]; h.State != admin.Registered || h.VM != n.vm(1) || !strings.Contains(h.MatchedBy, "network card") {
		t.Errorf("told apart by its card: %+v", h)
	}
	if h := got["twin-esx-02"]; h.State != admin.Ambiguous || !strings.Contains(h.Reason, "esx-01, esx-02 have its UUID") {
		t.Errorf("without cards: %+v", h)
	}
	for i := range 2 { // as they were before their VMs became clones
		if h := got[n.vm(i+1)]; h.State != admin.NoBMC {
			t.Errorf("of a UUID that nobody has: %+v", h)
		}
	}
	if n.updates() != 1 {
		t.Errorf("UpdateIpmi was called %d times", n.updates())
	}
}

// TestNotReady: only a BMC that answers is registered.
func TestNotReady(t *testing.T) {
	n := newNest(t, 2, "127.61.11.1", RegisterDisabled)
	n.start(t, func(g *Gateway) { g.registerPort = testPort })
	waits := func() (name string) {
		for _, b := range n.gw.BMCs() {
			if b.State == admin.Pending {
				name = b.Name
			}
		}
		return name
	}
	eventually(t, "one has an address and one has not", func() error {
		if len(n.gw.BMCs()) != 2 || waits() == "" {
			return errors.New("not yet")
		}
		return n.up("inner")
	})
	got := n.do(t, admin.RegistrationRequest{})
	if h := got[waits()]; h.State != admin.NoBMC || !strings.Contains(h.Reason, "waits") {
		t.Errorf("got %+v", h)
	}
	if n.updates() != 1 {
		t.Errorf("UpdateIpmi was called %d times", n.updates())
	}
}

// TestRegisterRefused is for what cannot be done at all.
func TestRegisterRefused(t *testing.T) {
	n := newNest(t, 1, "127.61.12.1-127.61.12.20", RegisterApply)
	n.start(t) // where BMCs are not on the port that vCenter knows
	n.ready(t, n.vm(1))
	for _, tt := range []struct {
		name    string
		request admin.RegistrationRequest
		is      error
		want    string
	}{
		{"port", admin.RegistrationRequest{}, admin.ErrRefused, "vCenter knows only 623"},
		{"nobody", admin.RegistrationRequest{Tenant: "nobody"}, admin.ErrNotFound, "nobody"},
	} {
		if _, err := n.gw.RegisterHosts(t.Context(), tt.request, admin.Caller{}); !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if n.updates() != 0 {
		t.Errorf("UpdateIpmi was called %d times", n.updates())
	}
	n.stop()
	n.config.Tenants[0].Register = Register{}
	n.start(t)
	n.ready(t, n.vm(1))
	if _, err := n.gw.RegisterHosts(t.Context(), admin.RegistrationRequest{}, admin.Caller{}); !errors.Is(err, admin.ErrRefused) || !strings.Contains(err.Error(), "tenants[].register.vcenter") {
		t.Errorf("no tenant registers: %v", err)
	}
}
