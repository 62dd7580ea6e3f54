package vsphere

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// kindBMCs are BMCs that take everybody, when they are let.
type kindBMCs struct{ visited, proceed chan struct{} }

func (k kindBMCs) Check(ctx context.Context, bmc types.HostIpmiInfo) (string, types.BaseMethodFault) {
	if k.visited != nil {
		k.visited <- struct{}{}
		select {
		case <-k.proceed:
		case <-ctx.Done():
		}
	}
	return bmc.BmcMacAddress, nil
}

func (k kindBMCs) PowerOn(context.Context, types.HostIpmiInfo) error { return nil }

// nestedLab is a lab whose hosts "esx-01" and so on are VMs of another one.
func nestedLab(t *testing.T, hosts int, bmcs vspheretest.BMCs) (l *lab, outer *vspheretest.VCenter) {
	t.Helper()
	outer, err := vspheretest.Start(vspheretest.Config{Name: "outer", VMs: hosts, Prefix: "esx"})
	must(t, err)
	t.Cleanup(outer.Close)
	inner, err := vspheretest.Start(vspheretest.Config{Name: "lab", VMs: 2, Prefix: "lab", BMCs: bmcs})
	must(t, err)
	t.Cleanup(inner.Close)
	for i := range hosts {
		must(t, inner.AddNestedHost(vspheretest.NestedHost{Outer: outer, VM: fmt.Sprintf("esx-%02d", i+1)}))
	}
	return &lab{VCenter: inner, t: t}, outer
}

func (l *lab) host(name string) Host {
	l.t.Helper()
	hosts, err := l.v.Hosts(l.t.Context())
	must(l.t, err)
	at := slices.IndexFunc(hosts, func(h Host) bool { return h.Name == name })
	if at < 0 {
		l.t.Fatalf("no host %q among %d", name, len(hosts))
	}
	return hosts[at]
}

func TestHosts(t *testing.T) {
	t.Parallel()
	l, outer := nestedLab(t, 2, kindBMCs{})
	must(t, l.EditHost("esx-02", func(h *mo.HostSystem) {
		h.Runtime.ConnectionState = types.HostSystemConnectionStateDisconnected
		h.Config.Ipmi = &types.HostIpmiInfo{BmcIpAddress: "192.0.2.1", BmcMacAddress: "02:00:00:00:00:01", Login: "root"}
	}))
	l.ready()
	l.ResetCalls()
	_, bios := outer.UUIDs("esx-01")
	got := l.host("esx-01")
	if got.UUID != bios || got.Vendor != "VMware, Inc." || !got.Connected || got.BMC != (HostBMC{}) || got.VCenter != l.InstanceUUID() || got.Ref != l.HostRef("esx-01") {
		t.Errorf("got %+v", got)
	}
	if len(got.ServiceTags) != 2 || !strings.HasPrefix(got.ServiceTags[0], "VMware-") || got.ServiceTags[0] != got.ServiceTags[1] {
		t.Errorf("service tags %q", got.ServiceTags)
	}
	var macs [][6]byte
	must(t, outer.Edit("esx-01", func(vm *mo.VirtualMachine) {
		for _, d := range vm.Config.Hardware.Device {
			if card, ok := d.(types.BaseVirtualEthernetCard); ok {
				mac, err := net.ParseMAC(card.GetVirtualEthernetCard().MacAddress)
				must(t, err)
				macs = append(macs, [6]byte(mac))
			}
		}
	}))
	if diff := cmp.Diff(macs, got.MACs); diff != "" || len(macs) == 0 {
		t.Errorf("network cards (-want +got):\n%s", diff)
	}
	if got := l.host("esx-02"); got.Connected || got.BMC != (HostBMC{Address: "192.0.2.1", MAC: "02:00:00:00:00:01", Login: "root"}) {
		t.Errorf("got %+v", got)
	}
	if n, by := l.calls(); n != 2*3 {
		t.Errorf("two looks took %v", by)
	}
	must(t, l.EditHost("esx-02", func(h *mo.HostSystem) { h.Runtime.PowerState = types.HostSystemPowerStateStandBy }))
	if !l.host("esx-02").Connected {
		t.Error("a host in standby counts as lost")
	}
}

// TestHostsAlone: a vCenter that no tenant selects from is not asked for its VMs, and
// hints at what happens to its hosts.
func TestHostsAlone(t *testing.T) {
	t.Parallel()
	l, _ := nestedLab(t, 1, kindBMCs{})
	l.ready(func(c *Config) { c.Hosts, c.AttributePrefix = true, "bmc." })
	if s := l.v.Status(); s.VMs != 0 {
		t.Errorf("%d VMs are known", s.VMs)
	}
	if _, err := l.v.List(t.Context()); !errors.Is(err, ErrStale) {
		t.Errorf("the VMs that it has not looked at are %v", err)
	}
	if _, err := l.v.State(l.key("lab-01")); !errors.Is(err, ErrStale) {
		t.Errorf("the state of a VM that it has not looked at is %v", err)
	}
	hints, cancel := l.v.SubscribeHosts()
	defer cancel()
	must(t, l.EditHost("esx-01", func(h *mo.HostSystem) { h.Config.Ipmi = &types.HostIpmiInfo{Login: "root"} }))
	select {
	case <-hints:
	case <-time.After(30 * time.Second):
		t.Error("nothing is said of a host that has changed")
	}

	// A tenant comes that selects VMs, and goes again.
	wanted := Wanted{Hosts: true, Selectors: []inventory.Selector{{Names: []string{"lab-*"}}}}
	must(t, l.v.Want(wanted))
	l.sees("lab-01", PoweredOn)
	l.selected(wanted.Selectors[0], "lab-01", "lab-02")
	must(t, l.v.Want(Wanted{Hosts: true}))
	l.eventually("VMs are forgotten", func() error {
		if _, err := l.v.List(t.Context()); !errors.Is(err, ErrStale) {
			return fmt.Errorf("they are known: %v", err)
		}
		return nil
	})
	if !l.v.Connected() {
		t.Error("it is not connected any more")
	}
	l.host("esx-01")
}

func TestUpdateIPMI(t *testing.T) {
	t.Parallel()
	l, _ := nestedLab(t, 1, kindBMCs{})
	l.ready(func(c *Config) { c.Hosts = true })
	h := l.host("esx-01")
	login := HostLogin{HostBMC: HostBMC{Address: "192.0.2.1", MAC: "02:00:00:00:00:01", Login: "vc-abc"}, Password: "S3cretS3cretS3cr"}
	if said := fmt.Sprintf("%v %+v %#v %s", login, login, login, login); strings.Contains(said, "S3cret") {
		t.Errorf("the password prints itself: %s", said)
	}
	must(t, l.v.UpdateIPMI(NewCommand("acme").In(t.Context()), h, login))
	if got := l.HostIPMI("esx-01"); got != (types.HostIpmiInfo{BmcIpAddress: "192.0.2.1", BmcMacAddress: "02:00:00:00:00:01", Login: "vc-abc", Password: "S3cretS3cretS3cr"}) {
		t.Errorf("vCenter has %+v", got)
	}
	if got := l.host("esx-01").BMC; got != login.HostBMC {
		t.Errorf("vCenter tells %+v", got)
	}
	if ids := l.OperationIDs("UpdateIpmi"); len(ids) != 1 || !strings.HasPrefix(ids[0], "bmc-gateway-acme-") {
		t.Errorf("operation ids %q", ids)
	}
	must(t, l.v.UpdateIPMI(t.Context(), h, HostLogin{}))
	if got := l.HostIPMI("esx-01"); got != (types.HostIpmiInfo{}) {
		t.Errorf("vCenter has still %+v", got)
	}
	for _, tt := range []struct {
		fault types.BaseMethodFault
		want  error
	}{
		{&types.InvalidIpmiLoginInfo{}, ErrBMCLogin}, {&types.InvalidBmcRole{}, ErrBMCRole}, {&types.MissingBmcSupport{}, ErrNoBMC},
		{&types.NoPermission{}, ErrDenied}, {&types.ManagedObjectNotFound{}, ErrNotFound}, {&types.InvalidIpmiMacAddress{}, ErrFailed},
	} {
		l.Inject(vspheretest.Fault{Method: "UpdateIpmi", Fault: tt.fault, Times: 1})
		if err := l.v.UpdateIPMI(t.Context(), h, login); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "esx-01") || strings.Contains(err.Error(), "S3cret") {
			t.Errorf("%T: %v", tt.fault, err)
		}
	}
	l.Inject(vspheretest.Fault{Method: "UpdateIpmi", Fault: &types.InvalidIpmiMacAddress{UserProvidedMacAddress: "a", ObservedMacAddress: "b"}, Times: 1})
	var other *OtherBMCError
	if err := l.v.UpdateIPMI(t.Context(), h, login); !errors.As(err, &other) || other.Told != "a" || other.Observed != "b" {
		t.Errorf("another MAC: %v", err)
	}
	// A session that has ended is opened again.
	l.KillSessions()
	if err := l.v.UpdateIPMI(t.Context(), h, login); err != nil {
		t.Errorf("after the session ended: %v", err)
	}
}

// TestUpdateIPMIWaits: two at a time, and while vCenter waits for slow BMCs it does
// not count as gone.
func TestUpdateIPMIWaits(t *testing.T) {
	t.Parallel()
	b := kindBMCs{visited: make(chan struct{}, 8), proceed: make(chan struct{})}
	l, _ := nestedLab(t, 4, b)
	l.ready(func(c *Config) { c.Hosts, c.CallTimeout = true, 4*time.Second })
	done := make(chan error, 4)
	for i := range 4 {
		h := l.host(fmt.Sprintf("esx-%02d", i+1))
		go func() {
			done <- l.v.UpdateIPMI(t.Context(), h, HostLogin{HostBMC: HostBMC{Address: "192.0.2.1", MAC: "02:00:00:00:00:01", Login: "l"}, Password: "p"})
		}()
	}
	<-b.visited
	<-b.visited
	select { // longer than a call may take that is not slow
	case <-b.visited:
		t.Error("a third BMC is visited meanwhile")
	case err := <-done:
		t.Errorf("one ended: %v", err)
	case <-time.After(5 * time.Second):
	}
	if !l.v.Connected() {
		t.Error("vCenter counts as gone")
	}
	close(b.proceed)
	for range 4 {
		must(t, <-done)
	}
}

// TestCheckHosts: where BMCs are registered the hosts are looked at, and what the
// role lacks on them.
func TestCheckHosts(t *testing.T) {
	t.Parallel()
	hosts := func(c *Config) { c.Hosts = true }
	l, _ := nestedLab(t, 2, kindBMCs{})
	bad, all := l.check(hosts)
	if last := all[len(all)-1]; len(bad) > 0 || last.Topic != "hosts" || last.Text != "VMs: 2 of 4" {
		t.Errorf("found %q, %+v", bad, all)
	}
	allow := l.Deny("Host.Config.Settings", "esx-02")
	want := []string{"hosts: the role lacks Host.Config.Settings on esx-02: BMCs cannot be registered with these hosts" +
		" -> add Host.Config.Settings to the role, or assign the role to them: see docs/howto/vcenter-role.md"}
	if bad, _ := l.check(hosts); !slices.Equal(bad, want) {
		t.Errorf("found %q", bad)
	}
	allow()
	bare := newLab(t, 1)
	if bad, _ := bare.check(hosts); len(bad) != 1 || !strings.HasPrefix(bad[0], "hosts: none that is a VM among 2 -> see whether register.vcenter") {
		t.Errorf("found %q", bad)
	}
}
