package vspheretest_test

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"sync"
	"syscall"
	"testing"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func TestTwoSideBySide(t *testing.T) {
	a := start(t, vspheretest.Config{Name: "a", VMs: 2, Datacenter: "Berlin"})
	b := start(t, vspheretest.Config{Name: "b", VMs: 2, InstanceUUID: "11111111-2222-3333-4444-555555555555"})
	ca, cb := login(t, a), login(t, b)
	if got := ca.ServiceContent.About.InstanceUuid; got != a.InstanceUUID() {
		t.Errorf("about.instanceUuid of a = %q, want %q", got, a.InstanceUUID())
	}
	if got := cb.ServiceContent.About.InstanceUuid; got != "11111111-2222-3333-4444-555555555555" {
		t.Errorf("about.instanceUuid of b = %q, want the configured one", got)
	}
	seen := map[string]string{}
	for vm, v := range map[string]*vspheretest.VCenter{"a-vm-01": a, "a-vm-02": a, "b-vm-01": b, "b-vm-02": b} {
		instance, bios := v.UUIDs(vm)
		for _, id := range []string{instance, bios} {
			if other, dup := seen[id]; dup || len(id) != 36 {
				t.Errorf("UUID %q of %s is also one of %s", id, vm, other)
			}
			seen[id] = vm
		}
	}
	task, err := vmOf(ca, a, "a-vm-01").PowerOff(t.Context())
	if err := finish(t, task, err); err != nil {
		t.Fatal(err)
	}
	if got := a.Power("a-vm-01"); got != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("a-vm-01 is %s after power off", got)
	}
	if got := b.Power("b-vm-01"); got != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("b-vm-01 is %s, want untouched", got)
	}
}

func TestCertificateIsChecked(t *testing.T) {
	a := start(t, vspheretest.Config{Name: "a", IPs: []net.IP{net.IPv4(192, 0, 2, 7)}})
	b := start(t, vspheretest.Config{Name: "b"})
	sc := soap.NewClient(a.URL(), false)
	sc.DefaultTransport().TLSClientConfig.RootCAs = b.CAPool()
	t.Cleanup(sc.CloseIdleConnections)
	if _, err := sc.Client.Get(a.URL().String()); !soap.IsCertificateUntrusted(err) {
		t.Errorf("a's certificate against b's CA: error %v, want untrusted", err)
	}
	login(t, a)
}

func TestListenAddress(t *testing.T) {
	v := start(t, vspheretest.Config{Listen: "127.0.0.3:0"})
	if got := v.URL().Hostname(); got != "127.0.0.3" {
		t.Errorf("URL says %s, want the address of Listen", got)
	}
	c := login(t, v) // the certificate is good for it
	conn, err := tls.Dial("tcp", c.URL().Host, &tls.Config{RootCAs: v.CAPool()})
	must(t, err)
	defer conn.Close()
	if got, want := v.Thumbprint(), soap.ThumbprintSHA256(conn.ConnectionState().PeerCertificates[0]); got != want {
		t.Errorf("thumbprint %s, want %s", got, want)
	}
	port := c.URL().Port()
	if _, err := vspheretest.Start(vspheretest.Config{Listen: "127.0.0.3:" + port}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second vCenter on the same port: %v, want address in use", err)
	}
}

func TestLoginIsChecked(t *testing.T) {
	v := start(t, vspheretest.Config{Username: "gw", Password: "one"})
	try := func(user, password string) error {
		return session.NewManager(connect(t, v)).Login(t.Context(), url.UserPassword(user, password))
	}
	if err := try("gw", "one"); err != nil {
		t.Errorf("right password: %v", err)
	}
	if err := try("gw", "two"); !fault.Is(err, &types.InvalidLogin{}) {
		t.Errorf("wrong password: %v, want InvalidLogin", err)
	}
	v.SetLogin("gw", "two")
	if err := try("gw", "two"); err != nil {
		t.Errorf("rotated password: %v", err)
	}
	if got := v.Sessions(); got != 2 {
		t.Errorf("%d sessions, want 2", got)
	}
}

// Means something under the race detector.
func TestStartsSideBySide(t *testing.T) {
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			v, err := vspheretest.Start(vspheretest.Config{})
			if err != nil {
				t.Error(err)
				return
			}
			v.Close()
		})
	}
	wg.Wait()
}
