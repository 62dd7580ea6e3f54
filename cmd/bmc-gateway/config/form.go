package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Kind is what a value of the configuration is.
type Kind string

// The kinds, as JSON Schema calls them but for Duration, which is text with a unit.
const (
	Text     Kind = "string"
	Truth    Kind = "boolean"
	Whole    Kind = "integer"
	Number   Kind = "number"
	Duration Kind = "duration"
	Section  Kind = "object"
	List     Kind = "array"
)

// A Form is what a key may hold. It is recorded while a configuration is read, so
// that it cannot differ from what is accepted.
type Form struct {
	Key     string // "tenants[].ipmi.port"
	Kind    Kind
	Words   []string // all that a text may be; nil: any
	Default string   // as written in a file; empty: none
	Least   string   // of numbers and durations, empty: no limit
	Most    string
	Needed  bool
	keys    []string // of a section
}

// forms are those of all keys, by key. A nil forms records nothing.
type forms struct {
	all   map[string]*Form
	order []string
}

// Forms returns the forms of all keys, in the order in which they are read.
func Forms() []Form {
	f := &forms{all: make(map[string]*Form)}
	l := &loader{report: (&findings{forms: f}).about(""), env: func(string) string { return "" }, pinned: make(map[netip.Addr]node)}
	root, ok := l.report.parse([]byte(skeleton))
	if !ok {
		panic("config: the skeleton is no configuration")
	}
	l.config(root)
	var list []Form
	for _, key := range f.order {
		list = append(list, *f.all[key])
	}
	return list
}

// skeleton has an entry in each list of sections, and each section that is read
// only when it is there. What is wrong with it is no matter.
const skeleton = `apiVersion: bmc-gateway/v1
vcenters: [{}]
pools: [{ranges: [""], exclude: [""]}]
tenants: [{accounts: [{}], pins: [{}], legacy_ports: [{}]}]
`

var element = regexp.MustCompile(`\[\d+\]`)

// form returns what is recorded of a key, to be completed; nil when nothing is recorded.
func (n node) form(k Kind) *Form {
	f := n.report.forms
	if f == nil {
		return nil
	}
	key := element.ReplaceAllString(n.key, "[]")
	if f.all[key] == nil {
		f.all[key] = &Form{Key: key}
		f.order = append(f.order, key)
	}
	f.all[key].Kind = k
	return f.all[key]
}

// is records a form in full.
func (n node) is(k Kind, otherwise, least, most any) {
	if f := n.form(k); f != nil {
		f.Default, f.Least, f.Most = written(otherwise), written(least), written(most)
	}
}

// written is a value as a file has it; "" for nil.
func written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Duration:
		return short(v)
	default:
		return fmt.Sprint(v)
	}
}

func (n node) oneOfWords(words []string, otherwise string) {
	if f := n.form(Text); f != nil {
		f.Words, f.Default = slices.Clone(words), otherwise
	}
}

// orOneOf is for a section that may be a word instead, by default the first.
func (n node) orOneOf(words ...string) {
	if f := n.form(Section); f != nil {
		f.Words, f.Default = words, words[0]
	}
}

func (n node) isNeeded() {
	if f := n.form(Text); f != nil {
		f.Needed = true
	}
}

// isReplaceable is for a key that is needed unless another one is given.
func (n node) isReplaceable() {
	if f := n.form(Text); f != nil {
		f.Needed = false
	}
}

func (n node) hasKeys(keys []string) {
	if f := n.form(Section); f != nil {
		f.keys = slices.Clone(keys)
	}
}

// Name is the last part of the key; empty for the element of a list.
func (f Form) Name() string {
	name := f.Key[strings.LastIndexByte(f.Key, '.')+1:]
	if strings.HasSuffix(name, "[]") {
		return ""
	}
	return name
}

// element is any element of a list.
func (n node) element() node { return node{report: n.report, key: n.key + "[0]"} }

// parent returns the key of the section or list that a key is in.
func (f Form) parent() string {
	if inner, ok := strings.CutSuffix(f.Key, "[]"); ok {
		return inner
	}
	i := strings.LastIndexByte(f.Key, '.')
	if i < 0 {
		return ""
	}
	return f.Key[:i]
}
