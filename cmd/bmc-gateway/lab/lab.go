package lab

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// readyLimit is how long a busy machine may take until what was started is there.
const readyLimit = 3 * time.Minute

// A Config says what lab to set up.
type Config struct {
	Name    string                // of the vCenter
	Prefix  string                // of the VMs' names, "-01" follows; default "node"
	Tenants []Tenant              // their VMs are numbered through, in this order
	Edit    func(*gateway.Config) // changes the configuration before the gateway starts; nil: nothing
}

// A Tenant is some of the VMs and how their BMCs behave.
type Tenant struct {
	Name string
	VMs  int
	V15  bmc.V15 // sessions of IPMI 1.5
}

// A Lab is a gateway between a simulated vCenter and 127.0.0.0/8.
type Lab struct {
	VCenter *vspheretest.VCenter
	Gateway *gateway.Gateway
	Port    uint16 // of all BMCs
	Socket  string // of the gateway's administration

	prefix string
}

// Start sets up a lab that ends with the test, and waits until each VM has its
// BMC. All VMs are on.
func Start(t testing.TB, c Config) *Lab {
	t.Helper()
	if c.Prefix == "" {
		c.Prefix = "node"
	}
	vms := 0
	for _, tenant := range c.Tenants {
		vms += tenant.VMs
	}
	vc, err := vspheretest.Start(vspheretest.Config{Name: c.Name, VMs: vms, Prefix: c.Prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vc.Close)
	l := &Lab{VCenter: vc, prefix: c.Prefix}
	next := 0
	for _, tenant := range c.Tenants {
		for range tenant.VMs {
			vm := l.VM(next)
			next++
			if err := vc.SetTools(vm, true); err != nil { // so that power soft has somebody to ask
				t.Fatal(err)
			}
			if err := vc.Tag(tenant.tag(), vm); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.run(t, c)
	for n := range vms {
		l.Ready(t, l.VM(n))
	}
	return l
}

// VM is the name of the n-th VM, from 0.
func (l *Lab) VM(n int) string { return fmt.Sprintf("%s-%02d", l.prefix, n+1) }

// run runs the gateway until the test ends.
func (l *Lab) run(t testing.TB, c Config) {
	t.Helper()
	net := claim(t)
	l.Port = net.port(t)
	config := l.configuration(t, c, net)
	l.Socket = config.AdminSocket
	if c.Edit != nil {
		c.Edit(&config)
	}
	gw, err := gateway.New(config, gateway.Version{Text: "test", Firmware: [2]uint8{1, 23}}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Gateway = gw
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- gw.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the gateway ended with %v", err)
		}
	})
}

// BMC returns what the gateway says of the VM's BMC; a zero BMC, with the
// reason, when it has none.
func (l *Lab) BMC(vm string) admin.BMC {
	b, err := admin.Find(l.Gateway.BMCs(), vm)
	if err != nil {
		return admin.BMC{Reason: err.Error()}
	}
	return b
}

// Ready waits until the VM has its BMC and returns it.
func (l *Lab) Ready(t testing.TB, vm string) admin.BMC {
	t.Helper()
	var b admin.BMC
	Until(t, vm+" is ready", func() error {
		if b = l.BMC(vm); b.State != admin.Ready {
			return fmt.Errorf("it is %s: %s", b.State, b.Reason)
		}
		return nil
	})
	return b
}

// Until polls until f returns nil, and ends the test when that takes three minutes.
func Until(t testing.TB, what string, f func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(readyLimit); time.Now().Before(deadline); {
		if err = f(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: the test ended: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("%s: %v", what, err)
}
