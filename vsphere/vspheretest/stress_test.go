package vspheretest_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// TestEverythingAtOnce is for the race detector, and checks that two watches
// end up knowing what is true.
func TestEverythingAtOnce(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 20})
	_, err := v.CreateFolder("a")
	must(t, err)
	_, err = v.CreateFolder("b")
	must(t, err)
	var wg sync.WaitGroup
	for worker := range 4 {
		c := login(t, v)
		wg.Go(func() {
			busyWorker(t, c, v, worker)
			_ = session.NewManager(c).Logout(t.Context())
		})
	}
	wg.Go(func() {
		for i := range 10 {
			extra := fmt.Sprintf("extra-%d", i)
			for _, err := range []error{
				v.AddVM(extra, "a"), v.Tag("env/prod", extra), v.MoveToFolder("b", extra), v.SetTools(extra, true), v.RemoveVM(extra),
			} {
				if err != nil {
					t.Errorf("%s: %v", extra, err)
				}
			}
		}
	})
	c := login(t, v)
	w := newWatch(t, c)
	f := w.filter(t, vmView(t, c, c.ServiceContent.RootFolder), "name", "parent", "runtime.powerState", "config.annotation", "config.bootOptions")
	stopped := make(chan struct{})
	go func() {
		wg.Wait()
		close(stopped)
	}()
	for running := true; running; {
		select {
		case <-stopped:
			running = false
		default:
			_, err := w.next(t.Context(), 1)
			must(t, err)
		}
	}
	w.sync(t)
	if got := len(w.known[f]); got != 20 {
		t.Errorf("%d VMs known, want 20", got)
	}
	for ref, props := range w.known[f] {
		name := fmt.Sprint(props["name"])
		if v.Ref(name) != ref.Value || props["runtime.powerState"] != v.Power(name) {
			t.Errorf("%s is known as %s, %v; it is %s, %s", name, ref.Value, props["runtime.powerState"], v.Ref(name), v.Power(name))
		}
		if o, ok := props["config.bootOptions"].(types.VirtualMachineBootOptions); !ok || o.BootDelay != v.BootOptions(name).BootDelay {
			t.Errorf("%s: boot options known as %+v, want %+v", name, o, v.BootOptions(name))
		}
	}
}

// busyWorker switches and reconfigures VMs; faults are expected, because
// another worker may be at the same VM.
func busyWorker(t *testing.T, c *vim25.Client, v *vspheretest.VCenter, worker int) {
	for i := range 15 {
		vm := vmOf(c, v, fmt.Sprintf("vc-vm-%02d", 1+(worker*5+i)%20))
		if task, err := vm.PowerOff(t.Context()); err == nil {
			_ = task.Wait(t.Context())
		}
		if task, err := vm.Reconfigure(t.Context(), types.VirtualMachineConfigSpec{
			Annotation: fmt.Sprint(worker, i), BootOptions: &types.VirtualMachineBootOptions{BootDelay: int64(i + 1)},
		}); err == nil {
			_ = task.Wait(t.Context())
		}
		if task, err := vm.PowerOn(t.Context()); err == nil {
			_ = task.Wait(t.Context())
		}
	}
}
