package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Value is one key as it is in force, and where that was said.
type Value struct {
	Key    string `json:"key"`    // "tenants[lab-a].ipmi.port"
	Text   string `json:"value"`  // as a file has it; a password is REDACTED
	Origin string `json:"origin"` // "config.yaml:12", the name of an environment variable, "default"
}

// Effective returns every key that is in force, given or not, in the order of
// the reference. Its error is as Load's: a configuration that is refused is not shown.
func Effective(path string, env func(string) string) ([]Value, error) {
	if _, _, err := Load(path, env); err != nil {
		return nil, err
	}
	text, err := read(path, fileLimit)
	if err != nil {
		return nil, err
	}
	l := newLoader(path, env)
	root, _ := l.report.parse(text)
	l.readDropIns()
	e := &effective{loader: l, forms: make(map[string]Form)}
	for _, f := range Forms() {
		e.forms[f.Key] = f
	}
	e.main = root.section(e.forms[""].keys...)
	e.section("", "", root)
	return e.values, nil
}

type effective struct {
	*loader
	forms  map[string]Form
	main   section
	values []Value
}

// section tells the keys of a section; form is its key among the forms, key what
// it is called here.
func (e *effective) section(form, key string, n node) {
	given := n.section(e.forms[form].keys...)
	for _, name := range e.forms[form].keys {
		at := given.get(name)
		e.value(strings.TrimPrefix(form+"."+name, "."), strings.TrimPrefix(key+"."+name, "."), at)
	}
}

func (e *effective) value(form, key string, n node) {
	f := e.forms[form]
	switch {
	case f.Kind == Section && (f.Words == nil || n.given() && n.yaml.Kind == yaml.MappingNode):
		e.section(form, key, n)
	case f.Kind == List && e.forms[form+"[]"].Kind == Section:
		e.entries(form, key, n)
	case e.env(EnvName(key)) != "":
		e.tell(key, e.env(EnvName(key)), EnvName(key))
	case n.given():
		e.tell(key, plain(n.yaml), n.place())
	case strings.HasPrefix(form, "tenants[]."):
		e.inherited(strings.TrimPrefix(form, "tenants[]."), key, f)
	case f.Default != "":
		e.tell(key, f.Default, "default")
	}
}

// entries tells the entries of vcenters, pools and tenants over all files, and of
// the lists in them, each by its name.
func (e *effective) entries(form, key string, n node) {
	all := n.list()
	if !strings.Contains(form, "[]") {
		all = e.all(e.main, form, "")
	}
	for i, one := range all {
		name := fmt.Sprint(i)
		for _, k := range []string{"name", "username"} {
			if at := one.section(e.forms[form+"[]"].keys...).keys[k]; at.given() && name == fmt.Sprint(i) {
				name = at.yaml.Value
			}
		}
		e.section(form+"[]", fmt.Sprintf("%s[%s]", key, name), one)
	}
}

// inherited tells what a tenant has from the section defaults.
func (e *effective) inherited(name, key string, f Form) {
	n := e.main.get("defaults")
	form := "defaults"
	for _, part := range strings.Split(name, ".") {
		known := e.forms[form].keys
		if form += "." + part; e.forms[form].Key == "" {
			n = node{report: e.report}
			break
		}
		n = n.section(known...).get(part)
	}
	switch {
	case n.given():
		e.tell(key, plain(n.yaml), n.place())
	case f.Default != "":
		e.tell(key, f.Default, "default")
	}
}

func (e *effective) tell(key, text, origin string) {
	if strings.HasSuffix(key, ".password") {
		text = "REDACTED"
	}
	e.values = append(e.values, Value{key, text, origin})
}

func (n node) place() string { return fmt.Sprintf("%s:%d", n.report.file, n.line) }

// plain is a value on one line.
func plain(n *yaml.Node) string {
	switch n.Kind {
	case yaml.AliasNode:
		return plain(n.Alias)
	case yaml.SequenceNode:
		parts := make([]string, len(n.Content))
		for i, one := range n.Content {
			parts[i] = plain(one)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yaml.MappingNode:
		var parts []string
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, n.Content[i].Value+": "+plain(n.Content[i+1]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return n.Value
	}
}
