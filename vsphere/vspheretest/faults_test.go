package vspheretest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func TestInject(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 2})
	c := login(t, v)
	powerOff := func(vm string) error {
		must(t, v.SetPower(vm, on))
		task, err := vmOf(c, v, vm).PowerOff(t.Context())
		return finish(t, task, err)
	}
	t.Run("at the call, once, one VM", func(t *testing.T) {
		v.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", VM: "vc-vm-01", Fault: &types.NoPermission{}, Times: 1})
		if err := powerOff("vc-vm-02"); err != nil {
			t.Errorf("other VM: %v", err)
		}
		if err := powerOff("vc-vm-01"); !fault.Is(err, &types.NoPermission{}) {
			t.Errorf("first: %v, want NoPermission", err)
		}
		if err := powerOff("vc-vm-01"); err != nil {
			t.Errorf("second: %v", err)
		}
	})
	t.Run("in the task, until removed", func(t *testing.T) {
		remove := v.Inject(vspheretest.Fault{Method: "PowerOffVM_Task", InTask: true, Fault: &types.ResourceInUse{}})
		for range 2 {
			if err := powerOff("vc-vm-01"); !fault.Is(err, &types.ResourceInUse{}) {
				t.Errorf("%v, want ResourceInUse", err)
			}
			if got := v.Power("vc-vm-01"); got != on {
				t.Errorf("%s after a failed task, want on", got)
			}
		}
		remove()
		if err := powerOff("vc-vm-01"); err != nil {
			t.Errorf("after remove: %v", err)
		}
	})
	t.Run("delay before the answer", func(t *testing.T) {
		const delay = 50 * time.Millisecond
		v.Inject(vspheretest.Fault{Method: "CurrentTime", Delay: delay, Times: 1})
		before := time.Now()
		_, err := methods.GetCurrentTime(t.Context(), c)
		must(t, err)
		if took := time.Since(before); took < delay {
			t.Errorf("answered after %v, want no sooner than %v", took, delay)
		}
	})
}

func TestCalls(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	must(t, v.Tag("env/prod", "vc-vm-01"))
	if got := v.Calls(); len(got) != 0 {
		t.Errorf("calls before any client: %v", got)
	}
	c := login(t, v)
	for range 3 {
		_, err := methods.GetCurrentTime(t.Context(), c)
		must(t, err)
	}
	rc := rest.NewClient(c)
	must(t, rc.Login(t.Context(), account))
	_, err := tags.NewManager(rc).ListAttachedObjectsOnTags(t.Context(), []string{"urn:vmomi:InventoryServiceTag:x:GLOBAL"})
	must(t, err)
	got := v.Calls()
	for name, want := range map[string]int{
		"RetrieveServiceContent": 1, "Login": 1, "CurrentTime": 3,
		"POST session": 1, "POST tag-association list-attached-objects-on-tags": 1,
	} {
		if got[name] != want {
			t.Errorf("%s called %d times, want %d (all: %v)", name, got[name], want, got)
		}
	}
	v.ResetCalls()
	if got := v.Calls(); len(got) != 0 {
		t.Errorf("calls after ResetCalls: %v", got)
	}
}

func TestRESTFaults(t *testing.T) {
	v := start(t, vspheretest.Config{})
	rc := rest.NewClient(login(t, v))
	v.Inject(vspheretest.Fault{Method: "POST session", Status: http.StatusInternalServerError, Times: 1})
	if err := rc.Login(t.Context(), account); !rest.IsStatusError(err, http.StatusInternalServerError) {
		t.Errorf("injected: %v, want status 500", err)
	}
	v.Refuse(http.StatusServiceUnavailable)
	if err := rc.Login(t.Context(), account); !rest.IsStatusError(err, http.StatusServiceUnavailable) {
		t.Errorf("refused: %v, want status 503", err)
	}
	v.Refuse(0)
	must(t, rc.Login(t.Context(), account))
}
