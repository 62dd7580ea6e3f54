package inventory

import (
	"fmt"
	"path"
	"slices"
)

// A Selector says which VMs are a tenant's: those that carry one of the tags or
// lie in one of the folders, whose name one of the patterns matches, and that
// nothing excludes. Patterns are those of path.Match on the display name,
// case-sensitive.
type Selector struct {
	Tags      []string // "category/name"
	Folders   []string // inventory paths, "/Datacenter/vm/Folder"
	Recursive bool     // Folders means everything below them too
	Names     []string // patterns; none: any name

	ExcludeTags    []string
	ExcludeFolders []string // with everything below them, whatever Recursive says
	ExcludeNames   []string // patterns
}

// Match reports whether the selector wants the VM.
//
//	never | tag or folder | name  | excluded | wanted
//	yes   | any           | any   | any      | no
//	no    | no            | any   | any      | no
//	no    | any           | no    | any      | no
//	no    | yes, –        | yes, –| yes      | no
//	no    | yes, –        | yes, –| no       | yes
//
// Never are templates, agents and VMs whose attributes say so. "–" is what the
// selector does not name: no tags and no folders leave the choice to the names,
// no names to tags and folders. One that names none of the three wants nothing.
// A folder that is not asked for recursively wants only the VMs that lie directly
// in it.
func (s Selector) Match(vm VM) bool {
	if vm.Template || vm.Agent || vm.Overrides.Disabled || s.wantsNothing() {
		return false
	}
	return s.places(vm) && (len(s.Names) == 0 || matches(s.Names, vm.Name)) && !s.excludes(vm)
}

func (s Selector) wantsNothing() bool {
	return len(s.Tags)+len(s.Folders)+len(s.Names) == 0
}

func (s Selector) places(vm VM) bool {
	return len(s.Tags)+len(s.Folders) == 0 || intersects(s.Tags, vm.Tags) ||
		intersects(s.Folders, vm.Folders) || s.Recursive && intersects(s.Folders, vm.Below)
}

func (s Selector) excludes(vm VM) bool {
	return intersects(s.ExcludeTags, vm.Tags) || intersects(s.ExcludeFolders, vm.Below) || matches(s.ExcludeNames, vm.Name)
}

// Check returns an error that names the first pattern that path.Match cannot
// understand; Match takes such a pattern for one that matches nothing.
func (s Selector) Check() error {
	for _, p := range slices.Concat(s.Names, s.ExcludeNames) {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("name pattern %q: %w", p, err)
		}
	}
	return nil
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		match, err := path.Match(pattern, name)
		return err == nil && match
	})
}

func intersects(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
