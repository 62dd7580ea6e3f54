package vsphere

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

func TestSelectByTag(t *testing.T) {
	l := newLab(t, 3)
	must(t, l.Tag("bmc/acme", "lab-01"))
	must(t, l.Tag("bmc/other", "lab-03"))
	l.ready(func(c *Config) { c.Tags = []string{"bmc/acme", "bmc/other"} })
	sel := inventory.Selector{Tags: []string{"bmc/acme"}}
	l.selected(sel, "lab-01")
	hints, cancel := l.v.Subscribe()
	defer cancel()

	must(t, l.Tag("bmc/acme", "lab-02"))
	<-hints
	l.selected(sel, "lab-01", "lab-02")
	must(t, l.Untag("bmc/acme", "lab-01"))
	<-hints
	l.selected(sel, "lab-02")
	l.selected(inventory.Selector{Tags: []string{"bmc/other"}}, "lab-03")
}

// One call a look, once the names are known.
func TestTagLookUpIsOneCall(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	must(t, l.Tag("bmc/other"))
	l.ready(func(c *Config) { c.Tags = []string{"bmc/acme", "bmc/other"} })
	l.selected(inventory.Selector{Tags: []string{"bmc/acme"}}, "lab-01")
	l.ResetCalls()
	const look = "POST tag-association list-attached-objects-on-tags"
	l.eventually("three looks", func() error {
		if l.Calls()[look] < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	n, by := l.calls()
	if n != by[look] {
		t.Errorf("calls beside the looks: %v", by)
	}
}

func TestMissingTag(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	l.ready(func(c *Config) { c.Tags = []string{"bmc/acme", "bmc/late", "none/late"} })
	ours := l.v.Source(inventory.Selector{Tags: []string{"bmc/acme"}})
	l.eventually("the other tenant's source works", func() error {
		_, err := ours.List(t.Context())
		return err
	})
	_, err := l.v.List(t.Context())
	if err == nil || !strings.Contains(err.Error(), `"bmc/late"`) || !strings.Contains(err.Error(), `"none/late"`) || strings.Contains(err.Error(), "acme") {
		t.Errorf("err = %v, want one that names the two missing tags", err)
	}
	must(t, l.Tag("bmc/late", "lab-01"))
	must(t, l.Tag("none/late"))
	l.selected(inventory.Selector{Tags: []string{"bmc/late"}}, "lab-01")
}

// A look-up that fails changes nothing, until what is known is too old.
func TestTagErrorsKeepWhatIsKnown(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	l.ready(func(c *Config) { c.Tags, c.Freshness = []string{"bmc/acme"}, 6*time.Second })
	sel := inventory.Selector{Tags: []string{"bmc/acme"}}
	l.selected(sel, "lab-01")
	remove := l.Inject(vspheretest.Fault{Method: "POST tag-association list-attached-objects-on-tags", Status: 500})
	defer remove()
	l.eventually("an error", func() error {
		if s := l.v.Status(); !strings.Contains(s.LastError, "tags") {
			return errors.New(s.LastError)
		}
		return nil
	})
	l.selected(sel, "lab-01")
	l.eventually("too old", func() error {
		if _, err := l.v.List(t.Context()); !errors.Is(err, ErrStale) {
			return errors.New("still answered")
		}
		return nil
	})
	l.sees("lab-01", PoweredOn) // tags are no matter of the power state
	remove()
	l.selected(sel, "lab-01")
}

func TestSelectByFolder(t *testing.T) {
	l := newLab(t, 4)
	acme, err := l.CreateFolder("acme")
	must(t, err)
	deep, err := l.CreateFolder("acme/deep/er")
	must(t, err)
	must(t, l.MoveToFolder(acme, "lab-01"))
	must(t, l.MoveToFolder(deep, "lab-02"))
	l.ready(func(c *Config) {
		c.Folders = []Folder{{Path: acme}, {Path: acme, Recursive: true}}
	})
	direct := inventory.Selector{Folders: []string{acme}}
	below := inventory.Selector{Folders: []string{acme}, Recursive: true}
	l.selected(direct, "lab-01")
	l.selected(below, "lab-01", "lab-02")

	must(t, l.MoveToFolder(acme, "lab-03"))
	l.selected(direct, "lab-01", "lab-03")
	must(t, l.MoveToFolder(deep, "lab-01"))
	l.selected(direct, "lab-03")
	l.selected(below, "lab-01", "lab-02", "lab-03")
	must(t, l.MoveToFolder("/DC0/vm", "lab-02", "lab-03"))
	l.selected(direct)
	l.selected(below, "lab-01")
	must(t, l.AddVM("new", acme))
	l.selected(direct, "new")
	must(t, l.RemoveVM("new"))
	l.selected(direct)
}

func TestMissingFolder(t *testing.T) {
	t.Parallel()
	l := newLab(t, 2)
	l.ready(func(c *Config) { c.Folders = []Folder{{Path: "/DC0/vm/late", Recursive: true}, {Path: "/DC0"}} })
	_, err := l.v.List(t.Context())
	if err == nil || !strings.Contains(err.Error(), `"/DC0/vm/late": not found`) || !strings.Contains(err.Error(), `"/DC0": is a Datacenter`) {
		t.Errorf("err = %v, want one that names both folders", err)
	}
	l.sees("lab-01", PoweredOn) // a missing folder is no matter of the power state
	_, err = l.CreateFolder("late")
	must(t, err)
	must(t, l.MoveToFolder("late", "lab-02"))
	sel := inventory.Selector{Folders: []string{"/DC0/vm/late"}, Recursive: true}
	src := l.v.Source(sel)
	l.eventually("the folder is found", func() error {
		vms, err := src.List(t.Context())
		if err != nil {
			return err
		}
		for _, vm := range vms {
			if sel.Match(vm) && vm.Name == "lab-02" {
				return nil
			}
		}
		return errors.New("VM is not in it")
	})
}

func TestTemplatesAgentsAndNames(t *testing.T) {
	l := newLab(t, 3).ready(func(c *Config) { c.Folders = []Folder{{Path: "/DC0/vm"}} })
	all := inventory.Selector{Folders: []string{"/DC0/vm"}}
	l.selected(all, "lab-01", "lab-02", "lab-03")
	must(t, l.SetManagedBy("lab-02", "com.vmware.vim.eam"))
	l.selected(all, "lab-01", "lab-03")
	must(t, l.SetManagedBy("lab-02", ""))
	must(t, l.SetPower("lab-01", "poweredOff"))
	must(t, l.SetTemplate("lab-01", true))
	l.selected(all, "lab-02", "lab-03")
	must(t, l.Rename("lab-03", "a%2fb%5cc%25"))
	l.selected(all, `a/b\c%`, "lab-02")
}

func TestRegisteredAgain(t *testing.T) {
	l := newLab(t, 1).ready()
	key, ref := l.key("lab-01"), l.Ref("lab-01")
	must(t, l.Reregister("lab-01"))
	l.sees("lab-01", PoweredOff)
	if got := l.key("lab-01"); got != key {
		t.Fatalf("key = %v, want %v", got, key)
	}
	if l.Ref("lab-01") == ref {
		t.Fatal("the simulator kept the managed object id")
	}
	must(t, l.v.PowerOn(t.Context(), key))
	l.sees("lab-01", PoweredOn)
	vms, err := l.v.List(t.Context())
	must(t, err)
	if len(vms) != 1 || vms[0].Ref != l.Ref("lab-01") {
		t.Errorf("list = %+v, want the VM once under its new id", vms)
	}
}

func TestListFields(t *testing.T) {
	l := newLab(t, 1)
	must(t, l.Tag("bmc/acme", "lab-01"))
	must(t, l.Tag("bmc/unasked", "lab-01"))
	l.ready(func(c *Config) {
		c.Tags, c.Folders = []string{"bmc/acme"}, []Folder{{Path: "/DC0/vm"}, {Path: "/DC0/vm", Recursive: true}}
	})
	l.selected(inventory.Selector{Tags: []string{"bmc/acme"}}, "lab-01")
	vms, err := l.v.List(t.Context())
	must(t, err)
	_, bios := l.UUIDs("lab-01")
	want := inventory.VM{
		Key: l.key("lab-01"), Ref: l.Ref("lab-01"), Name: "lab-01", BIOSUUID: bios,
		Tags: []string{"bmc/acme"}, Folders: []string{"/DC0/vm"}, Below: []string{"/DC0/vm"},
	}
	if len(vms) != 1 || !vms[0].Equal(want) {
		t.Errorf("got  %+v\nwant %+v", vms, want)
	}
}
