package vsphere

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	enter  = types.ObjectUpdateKindEnter
	modify = types.ObjectUpdateKindModify
	leave  = types.ObjectUpdateKindLeave
)

// update makes an update of path, value pairs; a nil value unsets the property.
func update(kind types.ObjectUpdateKind, ref string, pairs ...any) types.ObjectUpdate {
	u := types.ObjectUpdate{Kind: kind, Obj: types.ManagedObjectReference{Type: "VirtualMachine", Value: ref}}
	for i := 0; i < len(pairs); i += 2 {
		u.ChangeSet = append(u.ChangeSet, types.PropertyChange{Name: pairs[i].(string), Op: types.PropertyChangeOpAssign, Val: pairs[i+1]})
	}
	return u
}

// arrive is the enter of a whole VM.
func arrive(ref, name, uuid string, power types.VirtualMachinePowerState) types.ObjectUpdate {
	return update(enter, ref, "name", name, "config.instanceUuid", uuid, "config.uuid", "bios-"+uuid,
		"runtime.powerState", power, "runtime.connectionState", types.VirtualMachineConnectionStateConnected)
}

func synced(updates ...types.ObjectUpdate) *memory {
	m := newMemory(time.Minute, []Folder{{Path: "/dc/vm/a"}})
	m.open("vc")
	m.apply(updates, time.Now())
	m.complete(time.Now(), nil)
	return m
}

func key(uuid string) inventory.Key { return inventory.Key{VCenter: "vc", VM: uuid} }

func names(t *testing.T, m *memory) map[string]string {
	t.Helper()
	vms, err := m.list(nil, nil, time.Minute)
	must(t, err)
	got := make(map[string]string)
	for _, vm := range vms {
		got[vm.Ref] = vm.Name
	}
	return got
}

func TestFreshness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := synced(arrive("vm-1", "a", "u1", "poweredOn"))
		time.Sleep(time.Minute)
		if s, err := m.state(key("u1")); err != nil || s.Power != PoweredOn {
			t.Errorf("at the freshness: %v, %v", s.Power, err)
		}
		time.Sleep(time.Second)
		if _, err := m.state(key("u1")); !errors.Is(err, ErrStale) {
			t.Errorf("after it: %v, want ErrStale", err)
		}
		if _, err := m.list(nil, nil, time.Hour); !errors.Is(err, ErrStale) {
			t.Errorf("list: %v, want ErrStale", err)
		}
		// An update is not a complete answer: pages may be missing.
		m.apply([]types.ObjectUpdate{update(modify, "vm-1", "name", "b")}, time.Now())
		if _, err := m.state(key("u1")); !errors.Is(err, ErrStale) {
			t.Errorf("after one page: %v, want ErrStale", err)
		}
		m.complete(time.Now(), nil)
		if _, err := m.state(key("u1")); err != nil {
			t.Errorf("after the last page: %v", err)
		}
	})
}

func TestIdentitySurvives(t *testing.T) {
	inaccessible := update(enter, "vm-1", "name", "a", "runtime.powerState", types.VirtualMachinePowerStatePoweredOff,
		"runtime.connectionState", types.VirtualMachineConnectionStateInaccessible)
	t.Run("configuration lost in an enter", func(t *testing.T) {
		m := synced(arrive("vm-1", "a", "u1", "poweredOn"), inaccessible)
		if d := cmp.Diff(map[string]string{"vm-1": "a"}, names(t, m)); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		if _, err := m.state(key("u1")); !errors.Is(err, ErrStale) {
			t.Errorf("state: %v, want ErrStale", err)
		}
	})
	t.Run("configuration lost in a modify", func(t *testing.T) {
		m := synced(arrive("vm-1", "a", "u1", "poweredOn"), update(modify, "vm-1", "config.instanceUuid", nil, "config.uuid", nil))
		if _, err := m.state(key("u1")); err != nil {
			t.Errorf("state: %v", err)
		}
	})
	t.Run("never known", func(t *testing.T) {
		m := synced(inaccessible)
		if got := names(t, m); len(got) != 0 {
			t.Errorf("list = %v, want none", got)
		}
		m.apply([]types.ObjectUpdate{update(modify, "vm-1", "config.instanceUuid", "U1",
			"runtime.connectionState", types.VirtualMachineConnectionStateConnected)}, time.Now())
		if s, err := m.state(key("u1")); err != nil || s.Power != PoweredOff {
			t.Errorf("once known: %v, %v", s.Power, err)
		}
	})
	t.Run("power state unset", func(t *testing.T) {
		m := synced(arrive("vm-1", "a", "u1", "poweredOff"), update(modify, "vm-1", "runtime.powerState", nil))
		if _, err := m.state(key("u1")); !errors.Is(err, ErrStale) {
			t.Errorf("state: %v, want ErrStale, never off", err)
		}
	})
}

// The new id of a VM may come before or after the old one leaves.
func TestSameVMUnderTwoIDs(t *testing.T) {
	old, next := arrive("vm-1", "old", "u1", "poweredOff"), arrive("vm-2", "new", "u1", "poweredOn")
	gone := update(modify, "vm-1", "runtime.connectionState", types.VirtualMachineConnectionStateOrphaned)
	tests := []struct {
		name    string
		updates []types.ObjectUpdate
		ref     string
		power   PowerState
	}{
		{"new before old leaves", []types.ObjectUpdate{old, next, update(leave, "vm-1")}, "vm-2", PoweredOn},
		{"old leaves before new", []types.ObjectUpdate{old, update(leave, "vm-1"), next}, "vm-2", PoweredOn},
		{"the old one's host is gone", []types.ObjectUpdate{old, next, gone}, "vm-2", PoweredOn},
		{"the hidden one changes", []types.ObjectUpdate{old, next, gone, update(modify, "vm-1", "name", "x")}, "vm-2", PoweredOn},
		{"the later leaves again", []types.ObjectUpdate{old, next, update(leave, "vm-2")}, "vm-1", PoweredOff},
		{"the later becomes another VM", []types.ObjectUpdate{old, next, update(modify, "vm-2", "config.instanceUuid", "u2")}, "vm-1", PoweredOff},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := synced(tt.updates...)
			ref, _, err := m.find(key("u1"))
			must(t, err)
			if s, err := m.state(key("u1")); ref.Value != tt.ref || err != nil || s.Power != tt.power {
				t.Errorf("%s is %v, %v, want %s %v", ref.Value, s.Power, err, tt.ref, tt.power)
			}
			m.apply([]types.ObjectUpdate{update(leave, "vm-1"), update(leave, "vm-2")}, time.Now())
			if len(m.byKey) != 0 || len(m.hidden) != 0 {
				t.Errorf("after both left: %d keys, %d hidden", len(m.byKey), len(m.hidden))
			}
		})
	}
}

func TestSweep(t *testing.T) {
	f := Folder{Path: "/dc/vm/a"}
	m := synced(arrive("vm-1", "a", "u1", "poweredOn"), arrive("vm-2", "b", "u2", "poweredOn"))
	m.applyFolder(f, []types.ObjectUpdate{update(enter, "vm-1"), update(enter, "vm-2")})
	m.sweep(map[string]bool{"vm-2": true}, map[Folder]map[string]bool{f: {"vm-2": true}}, false)
	m.complete(time.Now(), []Folder{f})
	vms, err := m.list([]Folder{f}, nil, time.Minute)
	must(t, err)
	if len(vms) != 1 || vms[0].Ref != "vm-2" || len(vms[0].Folders) != 1 {
		t.Errorf("list = %+v, want vm-2 in its folder alone", vms)
	}
}

// A folder of which nothing was named is empty, whatever was in it before.
func TestSweepOfAnEmptyFolder(t *testing.T) {
	f := Folder{Path: "/dc/vm/a"}
	m := synced(arrive("vm-1", "a", "u1", "poweredOn"))
	m.applyFolder(f, []types.ObjectUpdate{update(enter, "vm-1")})
	m.sweep(map[string]bool{"vm-1": true}, map[Folder]map[string]bool{}, false)
	m.complete(time.Now(), []Folder{f})
	vms, err := m.list([]Folder{f}, nil, time.Minute)
	must(t, err)
	if len(vms) != 1 || len(vms[0].Folders) != 0 {
		t.Errorf("list = %+v, want vm-1 in no folder", vms)
	}
}

func TestAnotherVCenter(t *testing.T) {
	m := synced(arrive("vm-1", "a", "u1", "poweredOn"))
	m.open("vc")
	if _, err := m.state(key("u1")); err != nil {
		t.Errorf("the same vCenter again: %v", err)
	}
	f := Folder{Path: "/dc/vm/a"}
	m.setTags(tagging{vcenter: "vc", at: time.Now(), refs: map[string]map[string]bool{"bmc/acme": {"vm-1": true}}})
	m.open("other")
	// A look-up that was under way comes late; it knows other VMs by these ids.
	m.setTags(tagging{vcenter: "vc", at: time.Now(), refs: map[string]map[string]bool{"bmc/acme": {"vm-1": true}}})
	if _, _, err := m.find(key("u1")); !errors.Is(err, ErrUnavailable) {
		t.Errorf("before another vCenter has told of its VMs: %v, want ErrUnavailable", err)
	}
	if _, err := m.state(key("u1")); !errors.Is(err, ErrStale) {
		t.Errorf("another vCenter: %v, want ErrStale", err)
	}
	m.apply([]types.ObjectUpdate{arrive("vm-1", "a", "u1", "poweredOn")}, time.Now())
	m.complete(time.Now(), []Folder{f})
	if _, err := m.list(nil, []string{"bmc/acme"}, time.Minute); !errors.Is(err, ErrStale) {
		t.Errorf("tags of the vCenter before: %v, want ErrStale", err)
	}
	if _, _, err := m.find(key("u1")); !errors.Is(err, ErrNotFound) {
		t.Errorf("the VM of the vCenter before: %v, want ErrNotFound", err)
	}
}

func TestDisplayName(t *testing.T) {
	for in, want := range map[string]string{
		"web1": "web1", "a%2fb": "a/b", "100%25": "100%", "c%5cd": `c\d`, "50% done": "50% done", "a+b": "a+b", "": "",
		"caf%c3%a9": "café", "no text %ff": "no text %ff",
	} {
		if got := displayName(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func TestEffects(t *testing.T) {
	m := synced(arrive("vm-1", "a", "u1", "poweredOn"))
	tests := []struct {
		name   string
		update types.ObjectUpdate
		want   effect
	}{
		{"the same again", arrive("vm-1", "a", "u1", "poweredOn"), effect{}},
		{"power", update(modify, "vm-1", "runtime.powerState", "poweredOff"), effect{power: true}},
		{"name", update(modify, "vm-1", "name", "b"), effect{list: true}},
		{"leave of nobody", update(leave, "vm-9"), effect{}},
		{"leave", update(leave, "vm-1"), effect{list: true, power: true}},
	}
	for _, tt := range tests {
		if got := m.apply([]types.ObjectUpdate{tt.update}, time.Now()); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
