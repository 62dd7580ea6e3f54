package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
	"github.com/vmware/govmomi/vim25/types"
)

// one, two and three are the VMs of the discovery tests. The first two are selected.
const one, two, three = "vc-a-vm-01", "vc-a-vm-02", "vc-a-vm-03"

// discovering starts a gateway that serves the folder lab and the tag bmc/enabled.
func discovering(t *testing.T, before func(*vspheretest.VCenter) error) (*vspheretest.VCenter, *lab) {
	t.Helper()
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 3})
	for _, folder := range []string{"lab/deep", "lab/attic"} {
		if _, err := vc.CreateFolder(folder); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{vc.MoveToFolder("lab", one, two), vc.Tag("bmc/enabled"), vc.Tag("bmc/never"), before(vc)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{
		Tags: []string{"bmc/enabled"}, Folders: []string{"/DC0/vm/lab"}, Recursive: true,
		ExcludeTags: []string{"bmc/never"}, ExcludeFolders: []string{"/DC0/vm/lab/attic"}, ExcludeNames: []string{"*-off"},
	}, "127.7.5.1-127.7.5.20")
	// Hints alone are to be enough.
	l.config.VCenters[0].TagInterval, l.config.VCenters[0].TagHintGap = time.Hour, 50*time.Millisecond
	l.start(t)
	l.ready(t, one)
	l.ready(t, two)
	return vc, l
}

// Each thing that can happen to a VM in vCenter, and what becomes of its BMC:
// "same" goes on as it was, "anew" has its address and was started again, "moved"
// has another address, "new" was not there. What is not named has none.
func TestDiscoveryEvents(t *testing.T) {
	type sim = *vspheretest.VCenter
	nothing := func(sim) error { return nil }
	tests := []struct {
		name   string
		before func(sim) error
		event  func(sim) error
		want   []string
	}{
		{"tagged", nothing, func(v sim) error { return v.Tag("bmc/enabled", three) }, []string{one + " same", two + " same", three + " new"}},
		{"untagged", func(v sim) error { return v.Tag("bmc/enabled", three) }, func(v sim) error { return v.Untag("bmc/enabled", three) }, []string{one + " same", two + " same"}},
		{"untagged and still in the folder", func(v sim) error { return v.Tag("bmc/enabled", two) }, func(v sim) error { return v.Untag("bmc/enabled", two) }, []string{one + " same", two + " same"}},
		{"moved in", nothing, func(v sim) error { return v.MoveToFolder("lab", three) }, []string{one + " same", two + " same", three + " new"}},
		{"moved out", nothing, func(v sim) error { return v.MoveToFolder("", two) }, []string{one + " same"}},
		{"moved to a folder below", nothing, func(v sim) error { return v.MoveToFolder("lab/deep", two) }, []string{one + " same", two + " kept"}},
		{"moved to an excluded folder", nothing, func(v sim) error { return v.MoveToFolder("lab/attic", two) }, []string{one + " same"}},
		{"given an excluding tag", nothing, func(v sim) error { return v.Tag("bmc/never", two) }, []string{one + " same"}},
		{"renamed", nothing, func(v sim) error { return v.Rename(two, "other") }, []string{one + " same", "other same"}},
		{"renamed to an excluded name", nothing, func(v sim) error { return v.Rename(two, "vm-off") }, []string{one + " same"}},
		{"created", nothing, func(v sim) error { return v.AddVM("fresh", "lab") }, []string{one + " same", two + " same", "fresh new"}},
		{"deleted", nothing, func(v sim) error { return v.RemoveVM(two) }, []string{one + " same"}},
		{"cloned with its BIOS UUID", nothing, func(v sim) error { return v.Clone(two, "clone", "lab") }, []string{one + " same", two + " same", "clone new"}},
		{"a namesake in another folder", nothing, func(v sim) error { return v.AddVM(two, "lab/deep") }, []string{one + " same", two + " same", two + " new"}},
		{"unregistered and registered again", nothing, func(v sim) error { return v.Reregister(two) }, []string{one + " same", two + " kept"}},
		{"migrated to another host", nothing, func(v sim) error { return v.Migrate(two) }, []string{one + " same", two + " same"}},
		{"powered off", nothing, func(v sim) error { return v.SetPower(two, "poweredOff") }, []string{one + " same", two + " same"}},
		{"its host is lost", nothing, func(v sim) error { return v.SetConnection(two, "disconnected") }, []string{one + " same", two + " same"}},
		{"made a template", func(v sim) error { return v.SetPower(two, types.VirtualMachinePowerStatePoweredOff) }, func(v sim) error { return v.SetTemplate(two, true) }, []string{one + " same"}},
		{"taken over by a solution", nothing, func(v sim) error { return v.SetManagedBy(two, "com.vmware.vim.eam") }, []string{one + " same"}},
		{"disabled by its attribute", nothing, func(v sim) error { return v.SetAttribute(two, "bmc.disabled", "true") }, []string{one + " same"}},
		{"a wrong attribute", nothing, func(v sim) error { return v.SetAttribute(two, "bmc.disabled", "perhaps") }, []string{one + " same", two + " same"}},
		{"given a hardware address", nothing, func(v sim) error { return v.SetAttribute(two, "bmc.mac", "02:00:00:00:00:07") }, []string{one + " same", two + " anew"}},
		{"given an address", nothing, func(v sim) error { return v.SetAttribute(two, "bmc.address", "127.7.5.15") }, []string{one + " same", two + " moved"}},
		{"given another VM's address", nothing, func(v sim) error { return v.SetAttribute(two, "bmc.address", "127.7.5.1") }, []string{one + " kept", two + " kept"}},
		{"its folder is moved away", nothing, func(v sim) error { return firstOf(v.MoveToFolder("lab/deep", two), v.MoveFolder("lab/deep", "")) }, []string{one + " same"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			vc, l := discovering(t, tt.before)
			before := l.endpoints()
			// What comes after it in vCenter's own order, so that "same" is not "not yet".
			if err := firstOf(tt.event(vc), vc.AddVM("marker", "lab")); err != nil {
				t.Fatal(err)
			}
			want := append(slices.Clone(tt.want), "marker new")
			slices.Sort(want)
			eventually(t, tt.name, func() error {
				if got := l.became(before, want); !slices.Equal(got, want) {
					return fmt.Errorf("got %q, want %q", got, want)
				}
				return nil
			})
		})
	}
}

// A folder that is not found any more takes nobody's BMC: the tenant's inventory is
// not known.
func TestRenamedFolderTakesNoBMC(t *testing.T) {
	vc, l := discovering(t, func(*vspheretest.VCenter) error { return nil })
	before := l.endpoints()
	if err := vc.RenameFolder("lab", "bal"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log tells of it", func() error {
		if !strings.Contains(string(l.log.Bytes()), "inventory unknown, serving what is served") {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	want := []string{one + " same", two + " same"}
	if got := l.became(before, want); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// An answering is where a BMC answers and since when.
type answering struct{ name, address, since string }

// endpoints returns the BMCs that are ready, by instance UUID.
func (l *lab) endpoints() map[string]answering {
	all := make(map[string]answering)
	for _, b := range l.gw.BMCs() {
		all[b.VM.InstanceUUID] = answering{b.Name, b.Address.String(), string(b.State) + b.Since.String()}
	}
	return all
}

// became says of each BMC what has become of it, sorted. "kept" is said instead of
// "same" and "anew" where either is wanted.
func (l *lab) became(before map[string]answering, want []string) (got []string) {
	for vm, now := range l.endpoints() {
		was, known := before[vm]
		word := "same"
		switch {
		case !known:
			word = "new"
		case was.address != now.address:
			word = "moved"
		case slices.Contains(want, now.name+" kept"):
			word = "kept"
		case was.since != now.since:
			word = "anew"
		}
		got = append(got, now.name+" "+word)
	}
	slices.Sort(got)
	return got
}
