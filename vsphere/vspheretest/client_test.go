package vspheretest_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func start(t *testing.T, cfg vspheretest.Config) *vspheretest.VCenter {
	t.Helper()
	v, err := vspheretest.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// connect makes a plain client that trusts nothing but the vCenter's own CA.
func connect(t *testing.T, v *vspheretest.VCenter) *vim25.Client {
	t.Helper()
	sc := soap.NewClient(v.URL(), false)
	sc.DefaultTransport().TLSClientConfig.RootCAs = v.CAPool()
	sc.DefaultTransport().MaxIdleConnsPerHost = 16
	t.Cleanup(sc.CloseIdleConnections)
	c, err := vim25.NewClient(t.Context(), sc)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var account = url.UserPassword("administrator@vsphere.local", "secret")

// login is connect with the default account.
func login(t *testing.T, v *vspheretest.VCenter) *vim25.Client {
	t.Helper()
	c := connect(t, v)
	if err := session.NewManager(c).Login(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	return c
}

func vmOf(c *vim25.Client, v *vspheretest.VCenter, name string) *object.VirtualMachine {
	return object.NewVirtualMachine(c, types.ManagedObjectReference{Type: "VirtualMachine", Value: v.Ref(name)})
}

// finish waits for the task that a call started.
func finish(t *testing.T, task *object.Task, err error) error {
	t.Helper()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return task.Wait(ctx)
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
