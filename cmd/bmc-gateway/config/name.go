package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// nameForm is what vCenters, pools and tenants may be called: the names become
// labels, parts of paths and words on a command line.
var nameForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// maxName bounds names, for tables and labels.
const maxName = 63

// A naming is the names given so far in one list, with the places they stand at.
type naming struct {
	names  []string
	places []node
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
		n.refuse("%q is taken already, in %s; names are unique", s, t.places[i].seenFrom(n))
		return s
	}
	t.names, t.places = append(t.names, s), append(t.places, n)
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

// seenFrom tells where n stands to a reader of another place.
func (n node) seenFrom(other node) string {
	if n.report.file == other.report.file {
		return fmt.Sprintf("line %d", n.line)
	}
	return fmt.Sprintf("%s:%d", n.report.file, n.line)
}
