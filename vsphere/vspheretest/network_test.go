package vspheretest_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/methods"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func TestStall(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	v.Stall(true)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := methods.GetCurrentTime(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("existing connection: %v, want no answer until the deadline", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := methods.GetCurrentTime(t.Context(), c) // a connection of its own: dialled in the stall
		done <- err
	}()
	v.Stall(false)
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("after the stall: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("no answer after the stall")
	}
}

func TestDownAndUp(t *testing.T) {
	v := start(t, vspheretest.Config{})
	c := login(t, v)
	before := v.URL().Host
	v.Down()
	v.Down()
	eventually(t, "connections are refused", func() bool { // the first may meet its old, cut connection
		_, err := methods.GetCurrentTime(t.Context(), c)
		if err == nil {
			t.Fatal("answered while down")
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	must(t, v.Up())
	if got := v.URL().Host; got != before {
		t.Errorf("up at %s, want %s again", got, before)
	}
	if _, err := methods.GetCurrentTime(t.Context(), c); err != nil {
		t.Errorf("after Up, in the old session: %v", err)
	}
}

func TestCloseWhileStalled(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	v.Inject(vspheretest.Fault{Method: "CurrentTime", Delay: time.Hour, Times: 1})
	v.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Delay: time.Hour})
	_, err := vmOf(c, v, "vc-vm-01").PowerOff(t.Context())
	must(t, err)
	answered := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := methods.GetCurrentTime(t.Context(), c)
			answered <- err
		}()
	}
	eventually(t, "a call is delayed", func() bool { return v.Calls()["CurrentTime"] > 0 })
	v.Stall(true)
	closed := make(chan struct{})
	go func() {
		v.Close()
		v.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Fatal("Close hangs")
	}
	<-answered
	<-answered
	if err := v.Up(); err == nil {
		t.Error("Up after Close: no error")
	}
}
