package vspheretest_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func TestVersions(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	w := newWatch(t, c)
	w.filter(t, vmView(t, c, c.ServiceContent.RootFolder), "runtime.powerState")
	w.sync(t)
	first := w.version
	must(t, v.SetPower("vc-vm-01", off))
	set, err := w.next(t.Context(), 10)
	must(t, err)
	if set == nil || set.Version == first {
		t.Fatalf("answer %+v, want one with a version other than %q", set, first)
	}
	t.Run("a lost answer is repeated", func(t *testing.T) {
		w.version = first
		again, err := w.next(t.Context(), 0)
		must(t, err)
		if again == nil || again.Version != set.Version || len(again.FilterSet) != 1 {
			t.Errorf("got %+v, want version %s again", again, set.Version)
		}
	})
	t.Run("nothing new", func(t *testing.T) {
		again, err := w.next(t.Context(), 0)
		must(t, err)
		if again != nil {
			t.Errorf("got %+v, want nil", again)
		}
	})
	t.Run("unknown version", func(t *testing.T) {
		bogus := *w
		bogus.version = "bogus"
		if _, err := bogus.next(t.Context(), 0); !fault.Is(err, &types.InvalidCollectorVersion{}) {
			t.Errorf("%v, want InvalidCollectorVersion", err)
		}
	})
	t.Run("empty version starts over", func(t *testing.T) {
		w.version = ""
		all, err := w.next(t.Context(), 0)
		must(t, err)
		if all == nil || all.FilterSet[0].ObjectSet[0].Kind != types.ObjectUpdateKindEnter {
			t.Errorf("got %+v, want the VM to enter", all)
		}
	})
}

// TestWaitEnds checks all that must end a wait in flight.
func TestWaitEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		end   func(*testing.T, *vspheretest.VCenter, *watch)
		fault types.BaseMethodFault // nil: any error
	}{
		{"session killed", func(_ *testing.T, v *vspheretest.VCenter, _ *watch) { v.KillSessions() }, &types.NotAuthenticated{}},
		{"logged out", func(t *testing.T, _ *vspheretest.VCenter, w *watch) {
			must(t, session.NewManager(w.c).Logout(t.Context()))
		}, &types.NotAuthenticated{}},
		{"cancelled", func(t *testing.T, _ *vspheretest.VCenter, w *watch) {
			must(t, w.pc.CancelWaitForUpdates(t.Context()))
		}, &types.RequestCanceled{}},
		{"collector destroyed", func(t *testing.T, _ *vspheretest.VCenter, w *watch) {
			must(t, w.pc.Destroy(t.Context()))
		}, &types.RequestCanceled{}},
		{"vCenter closed", func(_ *testing.T, v *vspheretest.VCenter, _ *watch) { v.Close() }, nil},
		{"network down", func(_ *testing.T, v *vspheretest.VCenter, _ *watch) { v.Down() }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := start(t, vspheretest.Config{VMs: 1})
			w := newWatch(t, login(t, v))
			w.filter(t, vmView(t, w.c, w.c.ServiceContent.RootFolder), "name")
			w.sync(t)
			v.ResetCalls()
			done := make(chan error, 1)
			go func() {
				_, err := w.next(t.Context(), 3600)
				done <- err
			}()
			eventually(t, "the wait is in flight", func() bool { return v.Calls()["WaitForUpdatesEx"] == 1 })
			tt.end(t, v, w)
			select {
			case err := <-done:
				if err == nil || tt.fault != nil && !fault.Is(err, tt.fault) {
					t.Errorf("the wait ended with %v, want %T", err, tt.fault)
				}
			case <-time.After(time.Minute):
				t.Error("the wait goes on")
			}
		})
	}
}

func TestKilledSession(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	v.KillSessions()
	if got := v.Sessions(); got != 0 {
		t.Errorf("%d sessions, want none", got)
	}
	if _, err := methods.GetCurrentTime(t.Context(), c); !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("call: %v, want NotAuthenticated", err)
	}
	var vm mo.VirtualMachine
	err := property.DefaultCollector(c).RetrieveOne(t.Context(), vmOf(c, v, "vc-vm-01").Reference(), []string{"name"}, &vm)
	if !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("property read: %v, want NotAuthenticated", err)
	}
	must(t, session.NewManager(c).Login(t.Context(), account))
	w := newWatch(t, c)
	w.filter(t, vmView(t, c, c.ServiceContent.RootFolder), "name")
	if pages := w.sync(t); len(pages) != 1 {
		t.Errorf("%d pages after the new login, want 1", len(pages))
	}
}

func TestRemovedVMIsNotFound(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	c := login(t, v)
	vm := vmOf(c, v, "vc-vm-01")
	if _, err := vm.PowerState(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, v.RemoveVM("vc-vm-01"))
	if _, err := vm.PowerOff(t.Context()); !fault.Is(err, &types.ManagedObjectNotFound{}) {
		t.Errorf("call: %v, want ManagedObjectNotFound", err)
	}
	if _, err := vm.PowerState(t.Context()); !fault.Is(err, &types.ManagedObjectNotFound{}) {
		t.Errorf("property read: %v, want ManagedObjectNotFound", err)
	}
}
