package vsphere

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var addresses = cmpopts.EquateComparable(inventory.Overrides{}.Address)

// listed returns what List says, once it says so much.
func (l *lab) listed(vms int) (list []inventory.VM) {
	l.t.Helper()
	l.eventually(fmt.Sprintf("%d VMs", vms), func() (err error) {
		list, err = l.v.List(l.t.Context())
		if err == nil && len(list) != vms {
			err = fmt.Errorf("%d listed", len(list))
		}
		return err
	})
	return list
}

// Where a server's views do not follow moves, VMs tell of their new folder
// themselves, and the view is made anew.
func TestViewsThatDoNotFollowMoves(t *testing.T) {
	t.Parallel()
	l := newLab(t, 4)
	acme, err := l.CreateFolder("acme")
	must(t, err)
	deep, err := l.CreateFolder("acme/deep")
	must(t, err)
	must(t, l.MoveToFolder(acme, "lab-01"))
	l.FreezeViews(true)
	l.ready(func(c *Config) { c.Folders = []Folder{{Path: acme}, {Path: acme, Recursive: true}} })
	direct := inventory.Selector{Folders: []string{acme}}
	below := inventory.Selector{Folders: []string{acme}, Recursive: true}
	l.selected(direct, "lab-01")
	l.ResetCalls()

	must(t, l.MoveToFolder(acme, "lab-02"))
	must(t, l.MoveToFolder("/DC0/vm", "lab-01"))
	l.selected(direct, "lab-02")
	l.selected(below, "lab-02")
	must(t, l.MoveToFolder(deep, "lab-03"))
	l.selected(below, "lab-02", "lab-03")
	l.selected(direct, "lab-02")
	if soap, _ := l.logins(); soap != 0 {
		t.Errorf("%d logins", soap)
	}
	// Two renewals of two views, and nothing is left of the old ones.
	by := l.Calls()
	if made := by["CreateContainerView"]; made > 4 || made != by["DestroyView"] || by["CreateFilter"] != by["DestroyPropertyFilter"] {
		t.Errorf("calls %v", by)
	}
}

// Views that do follow are left alone.
func TestMovesCostNoCalls(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2)
	acme, err := l.CreateFolder("acme")
	must(t, err)
	l.ready(func(c *Config) { c.Folders = []Folder{{Path: acme, Recursive: true}} })
	sel := inventory.Selector{Folders: []string{acme}, Recursive: true}
	l.selected(sel)
	l.ResetCalls()
	must(t, l.MoveToFolder(acme, "lab-01"))
	l.selected(sel, "lab-01")
	answers := l.Calls()["WaitForUpdatesEx"]
	l.eventually("the look at the views", func() error { // two waits of viewLag at most
		if l.Calls()["WaitForUpdatesEx"] < answers+2 {
			return errors.New("not yet")
		}
		return nil
	})
	if n, by := l.calls(); n > 0 {
		t.Errorf("a move cost calls: %v", by)
	}
}

// A selected folder that is renamed is not found any more, and found again under
// its own name, and a folder that is moved takes its VMs along; all of that soon.
func TestFoldersRenamedAndMoved(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2)
	acme, err := l.CreateFolder("acme")
	must(t, err)
	_, err = l.CreateFolder("depot/rack")
	must(t, err)
	must(t, l.MoveToFolder(acme, "lab-01"))
	must(t, l.MoveToFolder("depot/rack", "lab-02"))
	l.ready(func(c *Config) { c.Folders = []Folder{{Path: acme, Recursive: true}} })
	sel := inventory.Selector{Folders: []string{acme}, Recursive: true}
	l.selected(sel, "lab-01")

	must(t, l.MoveFolder("depot/rack", acme))
	l.selected(sel, "lab-01", "lab-02")
	began := time.Now()
	must(t, l.RenameFolder(acme, "emca"))
	l.eventually("the folder is missed", func() error {
		_, err := l.v.List(t.Context())
		if err == nil || !strings.Contains(err.Error(), `"/DC0/vm/acme": not found`) {
			return fmt.Errorf("List: %v", err)
		}
		return nil
	})
	must(t, l.RenameFolder("emca", "acme"))
	l.selected(sel, "lab-01", "lab-02")
	// Well below the time between two look-ups of paths: the watch told of it.
	if took := time.Since(began); took > folderRetry {
		t.Errorf("seen after %v", took)
	}
	must(t, l.MoveFolder("acme/rack", "depot"))
	l.selected(sel, "lab-01")
}

// vMotion changes nothing that selects or identifies a VM.
func TestMigratedVM(t *testing.T) {
	l := newLab(t, 2).ready(func(c *Config) { c.Folders = []Folder{{Path: "/DC0/vm"}} })
	l.selected(inventory.Selector{Folders: []string{"/DC0/vm"}}, "lab-01", "lab-02")
	before := l.listed(2)
	hints, cancel := l.v.Subscribe()
	defer cancel()
	must(t, l.Migrate("lab-01"))
	must(t, l.SetPower("lab-02", "poweredOff"))
	l.sees("lab-02", PoweredOff) // came later, so the migration was seen
	l.sees("lab-01", PoweredOn)
	if d := cmp.Diff(before, l.listed(2), addresses); d != "" {
		t.Errorf("after the migration, -want +got:\n%s", d)
	}
	select {
	case <-hints:
		t.Error("a migration hints that something is to be done")
	default:
	}
}

// A clone may have the BIOS UUID of its origin, and VMs in two folders one name:
// they are different VMs.
func TestClonesAndNamesakes(t *testing.T) {
	l := newLab(t, 1).ready(func(c *Config) { c.Folders = []Folder{{Path: "/DC0/vm", Recursive: true}} })
	sel := inventory.Selector{Folders: []string{"/DC0/vm"}, Recursive: true}
	l.selected(sel, "lab-01")
	origin := l.listed(1)[0]
	must(t, l.Clone("lab-01", "clone", ""))
	l.selected(sel, "clone", "lab-01")
	for _, vm := range l.listed(2) {
		if vm.BIOSUUID != origin.BIOSUUID || vm.Name == "clone" && vm.Key == origin.Key {
			t.Errorf("%+v is no clone of %+v", vm, origin)
		}
	}

	must(t, l.AddVM("clone", "elsewhere"))
	l.selected(sel, "clone", "clone", "lab-01")
	keys := make(map[inventory.Key]bool)
	for _, vm := range l.listed(3) {
		keys[vm.Key] = true
		if _, err := l.v.State(vm.Key); err != nil {
			t.Errorf("%s: %v", vm.Name, err)
		}
	}
	if len(keys) != 3 {
		t.Errorf("%d keys for 3 VMs", len(keys))
	}
}

// What excludes VMs is looked after like what selects them.
func TestExcludedByTagAndFolder(t *testing.T) {
	l := newLab(t, 3)
	attic, err := l.CreateFolder("attic")
	must(t, err)
	must(t, l.Tag("bmc/never", "lab-02"))
	sel := inventory.Selector{Folders: []string{"/DC0/vm"}, Recursive: true, ExcludeTags: []string{"bmc/never"}, ExcludeFolders: []string{attic}}
	l.ready(func(c *Config) { c.Folders, c.Tags = Needs(sel) })
	l.selected(sel, "lab-01", "lab-03")
	must(t, l.MoveToFolder(attic, "lab-03"))
	l.selected(sel, "lab-01")
	must(t, l.Untag("bmc/never", "lab-02"))
	l.selected(sel, "lab-01", "lab-02")

	// Better nobody than one too many: what excludes must be known.
	_, err = l.v.Source(inventory.Selector{Names: []string{"*"}, ExcludeTags: []string{"bmc/unknown"}}).List(t.Context())
	if err == nil || !strings.Contains(err.Error(), `"bmc/unknown"`) {
		t.Errorf("err = %v, want one that names the tag", err)
	}
}
