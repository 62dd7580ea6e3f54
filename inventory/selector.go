package inventory

import (
	"fmt"
	"path"
	"slices"
)

// A Selector says which VMs are a tenant's: those that carry one of the tags or
// lie in one of the folders, and whose name no pattern excludes.
type Selector struct {
	Tags         []string // "category/name"
	Folders      []string // inventory paths, "/Datacenter/vm/Folder"
	Recursive    bool     // Folders means everything below them too
	ExcludeNames []string // patterns of path.Match on the display name, case-sensitive
}

// Match reports whether the selector wants the VM.
//
//	template or agent | tag or folder matches | a name pattern matches | wanted
//	yes               | any                   | any                    | no
//	no                | no                    | any                    | no
//	no                | yes                   | yes                    | no
//	no                | yes                   | no                     | yes
//
// A selector that names neither tag nor folder wants nothing. A folder that is
// not asked for recursively wants only the VMs that lie directly in it.
func (s Selector) Match(vm VM) bool {
	if vm.Template || vm.Agent {
		return false
	}
	return (intersects(s.Tags, vm.Tags) || s.holds(vm)) && !s.excludes(vm.Name)
}

// Check returns an error that names the first exclude pattern that path.Match
// cannot understand; Match takes such a pattern for one that matches nothing.
func (s Selector) Check() error {
	for _, p := range s.ExcludeNames {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("name pattern %q: %w", p, err)
		}
	}
	return nil
}

func (s Selector) holds(vm VM) bool {
	return intersects(s.Folders, vm.Folders) || s.Recursive && intersects(s.Folders, vm.Below)
}

func (s Selector) excludes(name string) bool {
	return slices.ContainsFunc(s.ExcludeNames, func(pattern string) bool {
		match, err := path.Match(pattern, name)
		return err == nil && match
	})
}

func intersects(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
