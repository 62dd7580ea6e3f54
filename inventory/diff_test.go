package inventory

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// addresses are compared as they are.
var addresses = cmpopts.EquateComparable(netip.Addr{})

func vm(name, id string) VM {
	return VM{Name: name, Key: Key{VCenter: "vc", VM: id}, Ref: "vm-" + id}
}

func TestDiff(t *testing.T) {
	a, b, c := vm("a", "1"), vm("b", "2"), vm("c", "3")
	renamed, moved, tagged := vm("z", "1"), a, a
	moved.Ref = "vm-99"
	tagged.Tags = []string{"bmc/acme"}
	pinned := a
	pinned.Overrides.Address = netip.MustParseAddr("192.0.2.7")
	other := a
	other.Key.VCenter = "other"

	tests := []struct {
		name             string
		serving, desired []VM
		want             Changes
	}{
		{"nothing on both sides", nil, nil, Changes{}},
		{"the same in another order", []VM{a, b}, []VM{b, a}, Changes{}},
		{"all new, sorted by name", nil, []VM{c, a, b}, Changes{Add: []VM{a, b, c}}},
		{"all gone, sorted by name", []VM{b, a}, nil, Changes{Remove: []VM{a, b}}},
		{"renamed keeps its key", []VM{a}, []VM{renamed}, Changes{Change: []Change{{a, renamed}}}},
		{"registered again", []VM{a}, []VM{moved}, Changes{Change: []Change{{a, moved}}}},
		{"tagged", []VM{a}, []VM{tagged}, Changes{Change: []Change{{a, tagged}}}},
		{"pinned", []VM{a}, []VM{pinned}, Changes{Change: []Change{{a, pinned}}}},
		{"same VM UUID in another vCenter", []VM{a}, []VM{other}, Changes{Remove: []VM{a}, Add: []VM{other}}},
		{"same name, sorted by key", nil, []VM{vm("x", "2"), vm("x", "1")}, Changes{Add: []VM{vm("x", "1"), vm("x", "2")}}},
		{"a key twice counts once", nil, []VM{renamed, a}, Changes{Add: []VM{a}}},
		{"some of each", []VM{a, b}, []VM{renamed, c}, Changes{Remove: []VM{b}, Change: []Change{{a, renamed}}, Add: []VM{c}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			serving, desired := slices.Clone(tt.serving), slices.Clone(tt.desired)
			got := Diff(tt.serving, tt.desired)
			if d := cmp.Diff(tt.want, got, addresses); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if !cmp.Equal(serving, tt.serving, addresses) || !cmp.Equal(desired, tt.desired, addresses) {
				t.Error("Diff changed its arguments")
			}
		})
	}
}

func TestEqualLooksAtEveryField(t *testing.T) {
	changes := map[string]func(*VM){
		"key":       func(v *VM) { v.Key.VM = "x" },
		"ref":       func(v *VM) { v.Ref = "x" },
		"name":      func(v *VM) { v.Name = "x" },
		"bios":      func(v *VM) { v.BIOSUUID = "x" },
		"template":  func(v *VM) { v.Template = true },
		"agent":     func(v *VM) { v.Agent = true },
		"tags":      func(v *VM) { v.Tags = []string{"x"} },
		"folders":   func(v *VM) { v.Folders = []string{"x"} },
		"below":     func(v *VM) { v.Below = []string{"x"} },
		"disabled":  func(v *VM) { v.Overrides.Disabled = true },
		"address":   func(v *VM) { v.Overrides.Address = netip.MustParseAddr("192.0.2.7") },
		"protected": func(v *VM) { v.Overrides.Protected = true },
		"mac":       func(v *VM) { v.Overrides.MAC = [6]byte{2} },
		"problems":  func(v *VM) { v.Overrides.Problems = []string{"x"} },
	}
	for name, change := range changes {
		v := vm("a", "1")
		change(&v)
		if v.Equal(vm("a", "1")) {
			t.Errorf("%s: equal after the change", name)
		}
	}
	if !vm("a", "1").Equal(vm("a", "1")) {
		t.Error("not equal to itself")
	}
}
