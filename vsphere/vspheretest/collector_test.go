package vspheretest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// folderOf creates a folder and finds it by the path that CreateFolder returns.
func folderOf(t *testing.T, c *vim25.Client, v *vspheretest.VCenter, path string) *object.Folder {
	t.Helper()
	full, err := v.CreateFolder(path)
	must(t, err)
	f, err := find.NewFinder(c).Folder(t.Context(), full)
	must(t, err)
	return f
}

func TestEveryChangeIsDelivered(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 2})
	c := login(t, v)
	vm := vmOf(c, v, "vc-vm-01")
	ref := vm.Reference()
	folder := folderOf(t, c, v, "tenants/acme")
	field, err := object.GetCustomFieldsManager(c)
	must(t, err)
	def, err := field.Add(t.Context(), "bmc.address", "VirtualMachine", nil, nil)
	must(t, err)
	reconfigure := func(spec types.VirtualMachineConfigSpec) error {
		task, err := vm.Reconfigure(t.Context(), spec)
		return finish(t, task, err)
	}

	w := newWatch(t, c)
	f := w.filter(t, vmView(t, c, c.ServiceContent.RootFolder), "name", "parent", "config.annotation", "config.bootOptions",
		"config.template", "customValue", "runtime.powerState", "runtime.connectionState", "runtime.question", "guest.toolsRunningStatus")
	w.sync(t)
	if got := len(w.known[f]); got != 2 {
		t.Fatalf("%d VMs known, want 2", got)
	}
	known := func(path string) string { return fmt.Sprint(w.known[f][ref][path]) }
	for _, tt := range []struct {
		name   string
		change func() error
		path   string
		want   func() bool
	}{
		{"power off", func() error { task, err := vm.PowerOff(t.Context()); return finish(t, task, err) }, "runtime.powerState",
			func() bool { return known("runtime.powerState") == "poweredOff" }},
		{"annotation", func() error { return reconfigure(types.VirtualMachineConfigSpec{Annotation: "hello"}) }, "config.annotation",
			func() bool { return known("config.annotation") == "hello" }},
		{"boot options", func() error {
			return reconfigure(types.VirtualMachineConfigSpec{BootOptions: &types.VirtualMachineBootOptions{BootDelay: 77}})
		}, "config.bootOptions", func() bool {
			o, ok := w.known[f][ref]["config.bootOptions"].(types.VirtualMachineBootOptions)
			return ok && o.BootDelay == 77
		}},
		{"custom value", func() error { return field.Set(t.Context(), ref, def.Key, "192.0.2.9") }, "customValue", func() bool {
			list, ok := w.known[f][ref]["customValue"].(types.ArrayOfCustomFieldValue)
			return ok && len(list.CustomFieldValue) == 1
		}},
		{"folder move by a client", func() error {
			task, err := folder.MoveInto(t.Context(), []types.ManagedObjectReference{ref})
			return finish(t, task, err)
		}, "parent", func() bool { return w.known[f][ref]["parent"] == folder.Reference() }},
		{"rename by a client", func() error { task, err := vm.Rename(t.Context(), "web"); return finish(t, task, err) }, "name",
			func() bool { return known("name") == "web" }},
		{"tools", func() error { must(t, v.SetPower("web", on)); return v.SetTools("web", true) }, "guest.toolsRunningStatus",
			func() bool { return known("guest.toolsRunningStatus") == "guestToolsRunning" }},
		{"disconnected host", func() error {
			return v.SetConnection("web", types.VirtualMachineConnectionStateDisconnected)
		}, "runtime.connectionState", func() bool { return known("runtime.connectionState") == "disconnected" }},
		{"question asked", func() error { return v.SetQuestion("web", true) }, "runtime.question",
			func() bool { return w.known[f][ref]["runtime.question"] != nil }},
		{"question answered", func() error { return v.SetQuestion("web", false) }, "runtime.question",
			func() bool { return w.known[f][ref]["runtime.question"] == nil }},
		{"template", func() error { return v.SetTemplate("web", true) }, "config.template",
			func() bool { return known("config.template") == "true" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want() {
				t.Fatal("known before the change")
			}
			must(t, tt.change())
			w.until(t, tt.path, tt.want)
		})
	}
}

func TestMembership(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 3})
	c := login(t, v)
	folderOf(t, c, v, "b")
	folderOf(t, c, v, "a/deep")
	a := folderOf(t, c, v, "a")
	list, err := view.NewManager(c).CreateListView(t.Context(), []types.ManagedObjectReference{vmOf(c, v, "vc-vm-03").Reference()})
	must(t, err)

	w := newWatch(t, c)
	all := w.filter(t, vmView(t, c, c.ServiceContent.RootFolder), "name")
	inA := w.filter(t, vmView(t, c, a.Reference()), "name")
	listed := w.filter(t, list.Reference(), "name")
	w.sync(t)
	names := func(f types.ManagedObjectReference) string {
		var out []string
		for _, props := range w.known[f] {
			out = append(out, fmt.Sprint(props["name"]))
		}
		slices.Sort(out)
		return fmt.Sprint(out)
	}
	for _, step := range []struct {
		name             string
		change           func() error
		all, inA, listed string
	}{
		{"at first", func() error { return nil }, "[vc-vm-01 vc-vm-02 vc-vm-03]", "[]", "[vc-vm-03]"},
		{"moved in below", func() error { return v.MoveToFolder("a/deep", "vc-vm-01") }, "[vc-vm-01 vc-vm-02 vc-vm-03]", "[vc-vm-01]", "[vc-vm-03]"},
		{"moved within", func() error { return v.MoveToFolder("a", "vc-vm-01") }, "[vc-vm-01 vc-vm-02 vc-vm-03]", "[vc-vm-01]", "[vc-vm-03]"},
		{"created", func() error { return v.AddVM("new", "a/deep") }, "[new vc-vm-01 vc-vm-02 vc-vm-03]", "[new vc-vm-01]", "[vc-vm-03]"},
		{"moved out", func() error { return v.MoveToFolder("b", "vc-vm-01") }, "[new vc-vm-01 vc-vm-02 vc-vm-03]", "[new]", "[vc-vm-03]"},
		{"removed", func() error { return v.RemoveVM("new") }, "[vc-vm-01 vc-vm-02 vc-vm-03]", "[]", "[vc-vm-03]"},
		{"list changed", func() error {
			_, err := list.Add(t.Context(), []types.ManagedObjectReference{vmOf(c, v, "vc-vm-02").Reference()})
			must(t, err)
			_, err = list.Remove(t.Context(), []types.ManagedObjectReference{vmOf(c, v, "vc-vm-03").Reference()})
			return err
		}, "[vc-vm-01 vc-vm-02 vc-vm-03]", "[]", "[vc-vm-02]"},
		{"listed VM removed", func() error { return v.RemoveVM("vc-vm-02") }, "[vc-vm-01 vc-vm-03]", "[]", "[]"},
	} {
		t.Run(step.name, func(t *testing.T) {
			must(t, step.change())
			w.until(t, fmt.Sprintf("all %s, in a %s, listed %s; it has %s, %s, %s", step.all, step.inA, step.listed, names(all), names(inA), names(listed)),
				func() bool { return names(all) == step.all && names(inA) == step.inA && names(listed) == step.listed })
		})
	}
	_, err = methods.DestroyPropertyFilter(t.Context(), c, &types.DestroyPropertyFilter{This: inA})
	must(t, err)
	must(t, v.AddVM("late", "a"))
	w.until(t, "late in all", func() bool { return names(all) == "[late vc-vm-01 vc-vm-03]" })
	if got := names(inA); got != "[]" {
		t.Errorf("a destroyed filter still tells: %s", got)
	}
}

// TestNewVMIsComplete checks that nobody sees a VM while it is being made.
func TestNewVMIsComplete(t *testing.T) {
	v := start(t, vspheretest.Config{})
	c := login(t, v)
	w := newWatch(t, c)
	w.filter(t, vmView(t, c, c.ServiceContent.RootFolder), "name", "config.instanceUuid", "runtime.host")
	w.sync(t)
	done := make(chan error, 1)
	go func() {
		for i := range 20 {
			if err := v.AddVM(fmt.Sprintf("n%d", i), ""); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for entered := 0; entered < 20; {
		set, err := w.next(t.Context(), 10)
		must(t, err)
		if set == nil {
			t.Fatalf("nothing for 10 s after %d of 20 VMs", entered)
		}
		for _, o := range set.FilterSet[0].ObjectSet {
			switch {
			case o.Kind != types.ObjectUpdateKindEnter:
				t.Errorf("%s of %v: name, identity and host are not to change", o.Kind, o.ChangeSet)
			case len(o.ChangeSet) != 3:
				t.Errorf("entered with %v only", o.ChangeSet)
			}
			entered++
		}
	}
	must(t, <-done)
}

func TestReregisterKeepsIdentity(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 1})
	ref := v.Ref("vc-vm-01")
	instance, bios := v.UUIDs("vc-vm-01")
	must(t, v.Reregister("vc-vm-01"))
	if got := v.Ref("vc-vm-01"); got == ref || got == "" {
		t.Errorf("managed object id %q, want another than %q", got, ref)
	}
	if i, b := v.UUIDs("vc-vm-01"); i != instance || b != bios {
		t.Errorf("UUIDs %s %s, want %s %s", i, b, instance, bios)
	}
}

func TestPages(t *testing.T) {
	v := start(t, vspheretest.Config{VMs: 250})
	c := login(t, v)
	w := newWatch(t, c)
	f := w.filter(t, vmView(t, c, c.ServiceContent.RootFolder), "name")
	pages := w.sync(t)
	if len(pages) != 3 {
		t.Fatalf("%d pages, want 3", len(pages))
	}
	for i, want := range []int{100, 100, 50} {
		got := len(pages[i].FilterSet[0].ObjectSet)
		truncated := pages[i].Truncated != nil && *pages[i].Truncated
		if got != want || truncated != (i < 2) {
			t.Errorf("page %d: %d objects, truncated %v; want %d, %v", i, got, truncated, want, i < 2)
		}
	}
	if len(w.known[f]) != 250 {
		t.Errorf("%d VMs known, want 250", len(w.known[f]))
	}
}
