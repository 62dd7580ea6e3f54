package vsphere

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// The address is another vCenter's from one moment to the next, as after a restore
// under a new identity. Its VMs have the same object ids and are other VMs.
func TestAddressBecomesAnotherVCenters(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1).ready(func(c *Config) { c.RootCAs, c.Insecure = nil, true; c.Rate, c.Burst = 1000, 1000 })
	key := l.key("lab-01")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { // verbs on the first one's VM all the time
		defer close(done)
		for ctx.Err() == nil {
			_ = l.v.NMI(ctx, key)
		}
	}()
	l.Down()
	next, err := vspheretest.Start(vspheretest.Config{Name: "next", VMs: 1, Prefix: "lab", Listen: l.URL().Host})
	must(t, err)
	t.Cleanup(next.Close)
	if next.Ref("lab-01") != l.Ref("lab-01") {
		t.Fatal("the VMs have different object ids: nothing to confuse")
	}
	n := &lab{VCenter: next, t: t, v: l.v}
	n.sees("lab-01", PoweredOn)
	cancel()
	<-done
	if got := next.NMIs("lab-01"); got != 0 {
		t.Errorf("%d NMIs hit a VM of the other vCenter", got)
	}
	if _, err := l.v.State(key); !errors.Is(err, ErrNotFound) {
		t.Errorf("State of the first one's VM: %v, want ErrNotFound", err)
	}
	n.eventually("the link is up", func() error { // a moment after the state is known
		if !l.v.Connected() {
			return errors.New(l.v.Status().LastError)
		}
		return nil
	})
	must(t, l.v.NMI(t.Context(), n.key("lab-01")))
}

// The operations session may find out first.
func TestSessionWithAnotherVCenter(t *testing.T) {
	l := newLab(t, 1).ready()
	vm := types.ManagedObjectReference{Type: "VirtualMachine", Value: l.Ref("lab-01")}
	send := func(vcenter string) error {
		_, err := methods.SendNMI(t.Context(), l.v.operations.on(vcenter), &types.SendNMI{This: vm})
		return err
	}
	if err := send("00000000-0000-4000-8000-000000000000"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("err = %v, want ErrUnavailable", err)
	}
	if n := l.NMIs("lab-01"); n != 0 {
		t.Errorf("%d NMIs reached a VM of the wrong vCenter", n)
	}
	must(t, send(l.InstanceUUID()))
	// And once the watch has found out, a session with the one before is of no use.
	l.v.operations.mu.Lock()
	was := l.v.operations.conn
	l.v.operations.conn = &conn{cfg: was.cfg, kind: was.kind, soap: was.soap, content: was.content,
		vcenter: "00000000-0000-4000-8000-000000000000"}
	l.v.operations.mu.Unlock()
	l.v.operations.follow(l.InstanceUUID())
	must(t, send(l.InstanceUUID()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, l.v.SetBootDevice(ctx, l.key("lab-01"), BootNetwork))
}
