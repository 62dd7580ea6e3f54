package config

import (
	"regexp"
	"slices"
	"strings"
)

// nameForm is what vCenters, pools and tenants may be called: the names become
// labels, parts of paths and words on a command line.
var nameForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// maxName bounds names, for tables and labels.
const maxName = 63

// A naming is the names given so far in one list, with the lines they stand at.
type naming struct {
	names []string
	lines []int
}

// name reads a name that is unique in its list.
func (t *naming) name(n node) string {
	s, ok := n.needed("every entry of the list has a name")
	if !ok {
		return ""
	}
	if !nameForm.MatchString(s) || len(s) > maxName {
		n.refuse("%q is no name; use up to %d of a-z, 0-9 and -, with a letter or digit at both ends", s, maxName)
	}
	if i := slices.Index(t.names, s); i >= 0 {
		n.refuse("%q is taken already, in line %d; names are unique", s, t.lines[i])
		return s
	}
	t.names, t.lines = append(t.names, s), append(t.lines, n.line)
	return s
}

// refer reads the name of an entry of the list, which what names in the singular.
func (t *naming) refer(n node, what string) string {
	s, ok := n.needed("name a " + what + ": " + t.list())
	if ok && !slices.Contains(t.names, s) {
		n.refuse("there is no %s %q; known: %s", what, s, t.list())
	}
	return s
}

func (t *naming) list() string {
	if len(t.names) == 0 {
		return "none is given"
	}
	return strings.Join(t.names, ", ")
}
