package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A node is a value of the file with the place it stands at. One that is not in
// the file has no yaml and the line of the section it is missing from.
type node struct {
	report *report
	key    string // "pools[0].ranges[1]"
	line   int
	yaml   *yaml.Node
	spoilt bool // not readable, which has been said: that it is missing is no second problem
}

func (n node) given() bool { return n.yaml != nil }

func (n node) refuse(format string, args ...any) { n.report.refuse(n.line, n.key, format, args...) }

func (n node) warn(format string, args ...any) { n.report.warn(n.line, n.key, format, args...) }

// missing reports a key that is not in the file.
func (n node) missing(remedy string) {
	if !n.spoilt {
		n.refuse("is missing; %s", remedy)
	}
}

// below returns the place of a part of n. An alias stands for what it names,
// at the line where it is used.
func (n node) below(key string, y *yaml.Node) node {
	line := y.Line
	if y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	return node{report: n.report, key: key, line: line, yaml: y}
}

// A section is a mapping of known keys.
type section struct {
	node
	keys map[string]node
}

// section reads n as a mapping and refuses every key that is not among the
// known ones, twice the same key, and a key without a value. A section that is
// not in the file is an empty one.
func (n node) section(known ...string) section {
	n.hasKeys(known)
	s := section{n, make(map[string]node, len(known))}
	spoilt := n.spoilt || n.given() && n.yaml.Kind != yaml.MappingNode
	for _, k := range known {
		s.keys[k] = node{report: n.report, key: n.join(k), line: n.line, spoilt: spoilt}
	}
	if !n.given() {
		return s
	}
	if n.yaml.Kind != yaml.MappingNode {
		n.refuse("is %s; a section with the keys %s is wanted", kind(n.yaml), strings.Join(known, ", "))
		return s
	}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		s.take(n.yaml.Content[i], n.yaml.Content[i+1], known)
	}
	return s
}

func (s section) take(key, value *yaml.Node, known []string) {
	at := s.below(s.join(key.Value), value)
	at.line = key.Line
	was, ok := s.keys[key.Value]
	switch {
	case !ok:
		meant := nearest(key.Value, known)
		if meant == "" {
			at.refuse("no such key; the keys here are %s", strings.Join(known, ", "))
			return
		}
		at.refuse("no such key; did you mean %q?", meant)
		s.spoil(meant)
	case was.given():
		at.refuse("is given twice, the first time in line %d; keep one", was.line)
	case at.yaml.Tag == "!!null":
		at.refuse("has no value; give it one or remove the key")
		s.spoil(key.Value)
	default:
		s.keys[key.Value] = at
	}
}

func (s section) spoil(key string) {
	n := s.keys[key]
	n.spoilt = true
	s.keys[key] = n
}

// get returns the value of a key; asking for one that section was not told of
// is a mistake of the program.
func (s section) get(key string) node {
	n, ok := s.keys[key]
	if !ok {
		panic(fmt.Sprintf("config: %s asked for the key %q, which is not known there", s.key, key))
	}
	return n
}

func (n node) join(key string) string {
	if n.key == "" {
		return key
	}
	return n.key + "." + key
}

// list returns the elements of a list; none when it is not in the file.
func (n node) list() []node {
	n.form(List)
	if !n.given() {
		return nil
	}
	if n.yaml.Kind != yaml.SequenceNode {
		n.refuse("is %s; a list is wanted, such as [a, b]", kind(n.yaml))
		return nil
	}
	var all []node
	for i, y := range n.yaml.Content {
		one := n.below(fmt.Sprintf("%s[%d]", n.key, i), y)
		if one.yaml.Tag == "!!null" {
			one.refuse("has no value; give it one or remove it")
			continue
		}
		all = append(all, one)
	}
	return all
}

// filled is list for a key that needs at least one element.
func (n node) filled(remedy string) []node {
	if f := n.form(List); f != nil {
		f.Needed = true
	}
	switch {
	case !n.given():
		n.missing(remedy)
	case n.yaml.Kind == yaml.SequenceNode && len(n.yaml.Content) == 0:
		n.refuse("is empty; %s", remedy)
	}
	return n.list()
}

// kind says in words what stands in the file.
func kind(y *yaml.Node) string {
	switch y.Kind {
	case yaml.MappingNode:
		return "a section"
	case yaml.SequenceNode:
		return "a list"
	}
	switch y.Tag {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	}
	return "text"
}

// nearest returns the known key that was probably meant, or "".
func nearest(key string, known []string) string {
	best, distance := "", 2+len(key)/4 // further away it would be a guess
	for _, k := range known {
		if d := edits(strings.ToLower(key), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// edits returns how many bytes have to be put in, taken out or replaced to make
// b of a (Levenshtein distance).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{replaced, row[j] + 1, row[j+1] + 1})
		}
	}
	return row[len(b)]
}
