package inventory

import (
	"cmp"
	"slices"
)

// A Change is one VM before and after.
type Change struct {
	From, To VM
}

// Changes is what turns the VMs being served into the VMs wanted. Each list is
// sorted by name, then key. Apply Remove first, so that what it frees is there
// for Add.
type Changes struct {
	Remove []VM
	Change []Change
	Add    []VM
}

// Diff compares what is served with what is desired, by Key. It is pure, and its
// answer does not depend on the order of its arguments.
//
//	serving | desired | equal | result
//	yes     | no      | –     | Remove
//	yes     | yes     | no    | Change
//	yes     | yes     | yes   | –
//	no      | yes     | –     | Add
//
// A key that comes twice on one side counts once, with the VM that sorts first.
func Diff(serving, desired []VM) Changes {
	serving, desired = ordered(serving), ordered(desired)
	have, want := byKey(serving), byKey(desired)
	var c Changes
	for _, vm := range serving {
		if _, ok := want[vm.Key]; !ok {
			c.Remove = append(c.Remove, vm)
		}
	}
	for _, vm := range desired {
		old, ok := have[vm.Key]
		switch {
		case !ok:
			c.Add = append(c.Add, vm)
		case !old.Equal(vm):
			c.Change = append(c.Change, Change{From: old, To: vm})
		}
	}
	return c
}

// ordered returns the VMs sorted by name, then key, each key once.
func ordered(vms []VM) []VM {
	sorted := slices.SortedFunc(slices.Values(vms), compare)
	seen := make(map[Key]bool, len(sorted))
	return slices.DeleteFunc(sorted, func(vm VM) bool {
		dup := seen[vm.Key]
		seen[vm.Key] = true
		return dup
	})
}

func compare(a, b VM) int {
	return cmp.Or(
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Key.VCenter, b.Key.VCenter),
		cmp.Compare(a.Key.VM, b.Key.VM),
		cmp.Compare(a.Ref, b.Ref),
	)
}

func byKey(vms []VM) map[Key]VM {
	m := make(map[Key]VM, len(vms))
	for _, vm := range vms {
		m[vm.Key] = vm
	}
	return m
}
