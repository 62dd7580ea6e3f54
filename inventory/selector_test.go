package inventory

import (
	"strings"
	"testing"
)

func TestSelectorMatch(t *testing.T) {
	tagged := VM{Name: "web1", Tags: []string{"bmc/acme"}}
	direct := VM{Name: "web1", Folders: []string{"/DC0/vm/acme"}}
	below := VM{Name: "web1", Below: []string{"/DC0/vm/acme"}}
	as := func(vm VM, change func(*VM)) VM { change(&vm); return vm }

	byTag := Selector{Tags: []string{"bmc/other", "bmc/acme"}}
	byFolder := Selector{Folders: []string{"/DC0/vm/acme"}}
	recursive := Selector{Folders: []string{"/DC0/vm/acme"}, Recursive: true}
	byName := Selector{Names: []string{"web*", "db-?"}}
	narrowed := Selector{Tags: []string{"bmc/acme"}, Names: []string{"db*"}}
	without := Selector{Folders: []string{"/DC0/vm"}, Recursive: true, ExcludeTags: []string{"bmc/no"}, ExcludeFolders: []string{"/DC0/vm/attic"}}
	inTree := VM{Name: "web1", Below: []string{"/DC0/vm"}}
	excluding := Selector{Tags: []string{"bmc/acme"}, ExcludeNames: []string{"db*", "web?"}}

	tests := []struct {
		name string
		sel  Selector
		vm   VM
		want bool
	}{
		{"empty selector wants nothing", Selector{}, tagged, false},
		{"any of the tags", byTag, tagged, true},
		{"none of the tags", byTag, direct, false},
		{"tag of another category", Selector{Tags: []string{"other/acme"}}, tagged, false},
		{"directly in the folder", byFolder, direct, true},
		{"below the folder, not asked for", byFolder, below, false},
		{"below the folder, asked for", recursive, below, true},
		{"directly in a folder asked for recursively", recursive, direct, true},
		{"below another folder than the one asked for", recursive, VM{Name: "web1", Below: []string{"/DC0/vm/other"}}, false},
		{"folder above", Selector{Folders: []string{"/DC0/vm"}}, direct, false},
		{"tag or folder", Selector{Tags: []string{"bmc/acme"}, Folders: []string{"/DC0/vm/none"}}, tagged, true},
		{"a name alone", byName, VM{Name: "db-1"}, true},
		{"another name", byName, VM{Name: "mail"}, false},
		{"a name narrows tags", narrowed, tagged, false},
		{"tag and name", narrowed, as(tagged, func(v *VM) { v.Name = "db1" }), true},
		{"name without the tag", narrowed, VM{Name: "db1"}, false},
		{"nothing excludes it", without, inTree, true},
		{"excluded by a tag", without, as(inTree, func(v *VM) { v.Tags = []string{"bmc/no"} }), false},
		{"excluded by a folder", without, as(inTree, func(v *VM) { v.Below = []string{"/DC0/vm", "/DC0/vm/attic"} }), false},
		{"excluding alone wants nothing", Selector{ExcludeNames: []string{"db*"}}, tagged, false},
		{"disabled by its attribute", byTag, as(tagged, func(v *VM) { v.Overrides.Disabled = true }), false},
		{"a wrong attribute changes nothing", byTag, as(tagged, func(v *VM) { v.Overrides.Problems = []string{"x"} }), true},
		{"template", byTag, as(tagged, func(v *VM) { v.Template = true }), false},
		{"agent", byTag, as(tagged, func(v *VM) { v.Agent = true }), false},
		{"excluded by the second pattern", excluding, tagged, false},
		{"exclusion is case-sensitive", excluding, as(tagged, func(v *VM) { v.Name = "WEB1" }), true},
		{"exclusion covers the whole name", excluding, as(tagged, func(v *VM) { v.Name = "web10" }), true},
		{"broken pattern excludes nothing", Selector{Tags: []string{"bmc/acme"}, ExcludeNames: []string{"[web1"}}, tagged, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.sel.Match(tt.vm); got != tt.want {
				t.Errorf("Match = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSelectorCheck(t *testing.T) {
	if err := (Selector{ExcludeNames: []string{"web*", "[a-z]"}}).Check(); err != nil {
		t.Errorf("good patterns: %v", err)
	}
	if err := (Selector{Names: []string{"a[", "*"}}).Check(); err == nil {
		t.Error("a broken pattern to select by passes")
	}
	err := Selector{ExcludeNames: []string{"web*", "[a-"}}.Check()
	if err == nil || !strings.Contains(err.Error(), `"[a-"`) {
		t.Errorf("err = %v, want one that names the pattern", err)
	}
}
