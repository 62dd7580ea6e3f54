package vsphere

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

// While the watch is built again, a folder that could not be looked up in time is
// not a folder that nothing is in.
func TestFolderKeepsItsMembersWhenTheLookUpFails(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2).ready(func(c *Config) {
		c.CallTimeout = time.Second
		c.Folders = []Folder{{Path: "/DC0/vm"}}
	})
	sel := inventory.Selector{Folders: []string{"/DC0/vm"}}
	l.selected(sel, "lab-01", "lab-02")
	l.ResetCalls()
	l.Inject(vspheretest.Fault{Method: "FindByInventoryPath", Delay: 1500 * time.Millisecond, Times: 1})
	before := l.v.Status().LastAnswer
	l.KillSessions()
	l.eventually("an answer after the look-up that failed", func() error {
		vms, err := l.v.List(t.Context())
		if err != nil {
			return err
		}
		for _, vm := range vms {
			if !sel.Match(vm) {
				t.Fatalf("%s is in folders %v", vm.Name, vm.Folders)
			}
		}
		if l.Calls()["FindByInventoryPath"] < 2 || !l.v.Status().LastAnswer.After(before) {
			return errors.New("not yet")
		}
		return nil
	})
}

// One folder that the account may not look into is no matter of the others.
func TestDeniedFolder(t *testing.T) {
	l := newLab(t, 1)
	remove := l.Inject(vspheretest.Fault{Method: "FindByInventoryPath", Fault: &types.NoPermission{}})
	l.ready(func(c *Config) { c.Folders = []Folder{{Path: "/DC0/vm"}} })
	_, err := l.v.List(t.Context())
	if err == nil || !strings.Contains(err.Error(), `"/DC0/vm": `+denied) {
		t.Errorf("List: %v, want the folder and the reason", err)
	}
	must(t, l.SetPower("lab-01", types.VirtualMachinePowerStatePoweredOff))
	l.sees("lab-01", PoweredOff)
	if soap, _ := l.logins(); soap != 2 {
		t.Errorf("%d logins, want the first two: nothing is wrong with the session", soap)
	}

	// It may also be seen from outside and not be looked into.
	remove()
	c, err := l.v.operations.acquire(t.Context())
	must(t, err)
	col, err := newCollector(t.Context(), c, new(Wanted))
	must(t, err)
	l.Inject(vspheretest.Fault{Method: "CreateContainerView", Fault: &types.NoPermission{}, Times: 1})
	for _, want := range []string{denied, ""} {
		if _, problem, err := col.place(t.Context(), Folder{Path: "/DC0/vm"}); err != nil || problem != want {
			t.Errorf("problem %q, err %v, want %q", problem, err, want)
		}
	}
}

// held returns what the clients hold on the server, by the calls made.
func (l *lab) held() string {
	by := l.Calls()
	return fmt.Sprintf("%d collectors, %d views",
		by["CreatePropertyCollector"]-by["DestroyPropertyCollector"], by["CreateContainerView"]-by["DestroyView"])
}

func TestNothingIsLeftOnTheServer(t *testing.T) {
	tests := []struct {
		name   string
		faults []vspheretest.Fault
	}{
		{"filters are refused", []vspheretest.Fault{
			{Method: "CreateFilter", Fault: &types.SystemError{}, Times: 2},
		}},
		{"the collector is gone", []vspheretest.Fault{
			{Method: "WaitForUpdatesEx", Fault: &types.RequestCanceled{}, Times: 1},
			{Method: "DestroyPropertyCollector", Fault: &types.ManagedObjectNotFound{}, Times: 1},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, 1)
			for _, f := range tt.faults {
				l.Inject(f)
			}
			l.ready(func(c *Config) { c.Folders = []Folder{{Path: "/DC0/vm"}} })
			l.selected(inventory.Selector{Folders: []string{"/DC0/vm"}}, "lab-01")
			if got, want := l.held(), "1 collectors, 4 views"; got != want {
				t.Errorf("holds %s, want %s; calls %v", got, want, l.Calls())
			}
		})
	}
}

// The watch is made anew every now and then, which nobody notices: what is known
// is kept, and nothing is left on the server.
func TestResync(t *testing.T) {
	l := newLab(t, 3)
	must(t, l.Tag("bmc/acme", "lab-01"))
	l.ready(func(c *Config) {
		c.Resync, c.AttributePrefix = 10*time.Millisecond, "bmc."
		c.Folders, c.Tags = []Folder{{Path: "/DC0/vm"}}, []string{"bmc/acme"}
	})
	sel := inventory.Selector{Folders: []string{"/DC0/vm"}}
	l.selected(sel, "lab-01", "lab-02", "lab-03")
	l.ResetCalls()
	state := types.VirtualMachinePowerStatePoweredOff
	for l.Calls()["CreatePropertyCollector"] < 10 {
		must(t, l.SetPower("lab-02", state)) // has the wait return
		vms, err := l.v.List(t.Context())
		must(t, err)
		for _, vm := range vms {
			if !sel.Match(vm) {
				t.Fatalf("%+v is not selected amid a resync", vm)
			}
		}
		if state = types.VirtualMachinePowerStatePoweredOn; l.Power("lab-02") == state {
			state = types.VirtualMachinePowerStatePoweredOff
		}
	}
	// Counted amid a resync, it may be four views more or less than at the start; of
	// what is left behind there is one more each time.
	by := l.Calls()
	for made, gone := range map[string]string{
		"CreatePropertyCollector": "DestroyPropertyCollector", "CreateContainerView": "DestroyView", "CreateCollectorForEvents": "DestroyCollector",
	} {
		if by[made] > by[gone]+4 {
			t.Errorf("%d times %s and %d times %s", by[made], made, by[gone], gone)
		}
	}
	if soap, _ := l.logins(); soap != 0 {
		t.Errorf("%d logins", soap)
	}
}
