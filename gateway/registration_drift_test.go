package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// edit changes what vCenter has of a host's BMC, as somebody in its client would.
func (n *nest) edit(t *testing.T, host string, change func(*types.HostIpmiInfo)) {
	t.Helper()
	err := n.inner.EditHost(host, func(h *mo.HostSystem) {
		has := types.HostIpmiInfo{}
		if h.Config.Ipmi != nil {
			has = *h.Config.Ipmi
		}
		change(&has)
		h.Config.Ipmi = &has
	})
	if err != nil {
		t.Fatal(err)
	}
}

func foreign(h *types.HostIpmiInfo) {
	*h = types.HostIpmiInfo{BmcIpAddress: "192.0.2.77", BmcMacAddress: "00:25:90:aa:bb:cc", Login: "root"}
}

// updates is how often vCenter was told of a BMC.
func (n *nest) updates() int { return n.inner.Calls()["UpdateIpmi"] }

// TestDrift is made right again, for each of what may differ, and a BMC that is
// somebody else's is left alone.
func TestDrift(t *testing.T) {
	n := newNest(t, 4, "127.61.1.1-127.61.1.20", RegisterApply)
	n.edit(t, n.vm(4), foreign)
	n.begin(t, 4)
	want := n.all(4, admin.Registered)
	want[n.vm(4)] = admin.Elsewhere
	n.reach(t, "registered", want)
	if got := n.inner.HostIPMI(n.vm(4)); got.Login != "root" {
		t.Errorf("another BMC was replaced: %+v", got.Login)
	}
	n.inner.ResetCalls()
	var before []types.HostIpmiInfo
	for i := range 3 {
		before = append(before, n.has(t, n.vm(i+1)))
	}
	n.edit(t, n.vm(1), func(h *types.HostIpmiInfo) { h.BmcIpAddress = "192.0.2.9" })
	n.edit(t, n.vm(2), func(h *types.HostIpmiInfo) { h.BmcMacAddress = "02:00:00:00:00:99" })
	n.edit(t, n.vm(3), func(h *types.HostIpmiInfo) { h.Login = "operator" })
	within(t, 60*time.Second, "three are made right", func() error {
		for i := range 3 {
			if n.inner.HostIPMI(n.vm(i+1)) != before[i] { // the same account, too
				return errors.New("not all yet")
			}
		}
		return nil
	})
	n.reach(t, "registered again", want)
	if n.updates() != 3 {
		t.Errorf("UpdateIpmi was called %d times", n.updates())
	}

	// An operator may have it replaced.
	if got := n.do(t, admin.RegistrationRequest{Adopt: true, DryRun: true})[n.vm(4)]; got.State != admin.WouldRegister || !strings.Contains(got.Reason, "192.0.2.77") {
		t.Errorf("dry run: %+v", got)
	}
	if got := n.do(t, admin.RegistrationRequest{Adopt: true})[n.vm(4)]; got.State != admin.Registered {
		t.Errorf("adopt: %+v", got)
	}
	n.has(t, n.vm(4))
}

// login logs in at a BMC and out again.
func (n *nest) login(t *testing.T, vm string, as types.HostIpmiInfo) error {
	t.Helper()
	b := n.ready(t, vm)
	suite, err := ipmi.CipherSuiteByID(3)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, b)
	s, err := c.Login(t.Context(), remote.Login{Suite: suite, User: as.Login, Password: as.Password, Privilege: ipmi.Operator})
	if err == nil {
		err = s.Close(t.Context())
	}
	return err
}

// TestRotate replaces the accounts, and those before hold until then: one that vCenter
// does not take changes nothing.
func TestRotate(t *testing.T) {
	n := newNest(t, 2, "127.61.2.1-127.61.2.20", RegisterDisabled)
	n.begin(t, 2)
	if got := n.do(t, admin.RegistrationRequest{}); got[n.vm(1)].State != admin.Registered || got[n.vm(2)].State != admin.Registered {
		t.Fatalf("got %+v", got)
	}
	first, second := n.has(t, n.vm(1)), n.has(t, n.vm(2))
	if err := n.login(t, n.vm(1), first); err != nil {
		t.Errorf("with its account: %v", err)
	}
	if err := n.login(t, n.vm(2), first); err == nil {
		t.Error("the account of one BMC is taken by another")
	}
	n.inner.Inject(vspheretest.Fault{Method: "UpdateIpmi", VM: n.vm(2), Fault: &types.MissingBmcSupport{}, Times: 1})
	got := n.do(t, admin.RegistrationRequest{Rotate: true})
	if got[n.vm(1)].State != admin.Registered || got[n.vm(2)].State != admin.Failed {
		t.Errorf("got %+v", got)
	}
	now := n.has(t, n.vm(1))
	if now.Login == first.Login || now.Password == first.Password {
		t.Error("it is the same account")
	}
	if err := n.login(t, n.vm(1), now); err != nil {
		t.Errorf("with the new account: %v", err)
	}
	if err := n.login(t, n.vm(1), first); err == nil {
		t.Error("the account before is still taken")
	}
	if err := n.login(t, n.vm(2), second); err != nil || n.has(t, n.vm(2)) != second {
		t.Errorf("the account that vCenter has does not hold: %v", err)
	}
	if all := n.ready(t, n.vm(2)).Accounts; len(all) != 3 {
		t.Errorf("accounts: %+v", all)
	}
	n.secret(t, []string{first.Password, second.Password, now.Password})
}

// TestRestart keeps the accounts and tells vCenter nothing that it knows.
func TestRestart(t *testing.T) {
	n := newNest(t, 3, "127.61.3.1-127.61.3.20", RegisterApply)
	n.begin(t, 3)
	n.reach(t, "registered", n.all(3, admin.Registered))
	before := n.has(t, n.vm(1))
	n.stop()
	n.inner.ResetCalls()
	n.begin(t, 3)
	n.reach(t, "registered", n.all(3, admin.Registered))
	if n.updates() != 0 {
		t.Errorf("UpdateIpmi was called %d times", n.updates())
	}
	if n.has(t, n.vm(1)) != before {
		t.Error("the account is another")
	}
	if err := n.login(t, n.vm(1), before); err != nil {
		t.Errorf("with the account: %v", err)
	}

	// A VM that has no lease any more needs none.
	n.stop()
	n.config.Tenants[0].Register = Register{}
	n.begin(t, 3)
	if err := n.login(t, n.vm(1), before); err == nil {
		t.Error("without register the account still holds")
	}
}

// TestUnregister takes back what is ours and nothing else.
func TestUnregister(t *testing.T) {
	n := newNest(t, 3, "127.61.4.1-127.61.4.20", RegisterDisabled)
	n.edit(t, n.vm(3), foreign)
	n.begin(t, 3)
	n.do(t, admin.RegistrationRequest{})
	before := n.has(t, n.vm(1))
	n.inner.ResetCalls()
	if got := n.do(t, admin.RegistrationRequest{Unregister: true, DryRun: true}); got[n.vm(1)].Reason != "it would be unregistered" || got[n.vm(3)].Reason == got[n.vm(1)].Reason || n.updates() != 0 {
		t.Errorf("dry run: %+v, %d calls", got[n.vm(1)], n.updates())
	}
	// It is found by its login even when nothing says which VM it is.
	if err := n.inner.EditHost(n.vm(2), func(h *mo.HostSystem) {
		hardware := *h.Hardware
		hardware.SystemInfo = types.HostSystemInfo{Vendor: "VMware, Inc."}
		h.Hardware = &hardware
	}); err != nil {
		t.Fatal(err)
	}
	got := n.do(t, admin.RegistrationRequest{Unregister: true})
	for host, want := range map[string]admin.Registration{n.vm(1): admin.Unregistered, n.vm(2): admin.Unregistered, n.vm(3): admin.Elsewhere} {
		if got[host].State != want {
			t.Errorf("%s is %+v, want %s", host, got[host], want)
		}
	}
	if has := n.inner.HostIPMI(n.vm(1)); has != (types.HostIpmiInfo{}) || n.inner.HostIPMI(n.vm(3)).Login != "root" || n.updates() != 2 {
		t.Errorf("vCenter has %q, and the other %q; %d calls", has.Login, n.inner.HostIPMI(n.vm(3)).Login, n.updates())
	}
	if err := n.login(t, n.vm(1), before); err == nil {
		t.Error("the account still holds")
	}
	if left, err := n.gw.state().Grants(); len(left) > 0 || err != nil {
		t.Errorf("%d accounts are left, %v", len(left), err)
	}
	// Of what somebody has taken out of vCenter by hand the account is left.
	n.do(t, admin.RegistrationRequest{})
	before = n.has(t, n.vm(1))
	n.edit(t, n.vm(1), func(h *types.HostIpmiInfo) { *h = types.HostIpmiInfo{} })
	n.inner.ResetCalls()
	if got := n.do(t, admin.RegistrationRequest{Unregister: true})[n.vm(1)]; got.State != admin.Unregistered || n.updates() != 0 {
		t.Errorf("taken out by hand: %+v, %d calls", got, n.updates())
	}
	if err := n.login(t, n.vm(1), before); err == nil {
		t.Error("the account that was left still holds")
	}
	// Of apply it would not last.
	n.stop()
	n.config.Tenants[0].Register.Mode = RegisterApply
	n.begin(t, 3)
	_, err := n.gw.RegisterHosts(t.Context(), admin.RegistrationRequest{Unregister: true}, admin.Caller{})
	if !errors.Is(err, admin.ErrRefused) || !strings.Contains(err.Error(), "register.mode") {
		t.Errorf("of apply: %v", err)
	}
}
