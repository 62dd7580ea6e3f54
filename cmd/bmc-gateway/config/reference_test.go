package config

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/deploy"
)

const referencePage = "../../../docs/reference/configuration.md"

const referenceHead = `# Configuration keys

Made from what the program accepts and the words of [the example](../../deploy/config.example.yaml); a test keeps it
true. ` + "`bmc-gateway config schema`" + ` prints the same as JSON Schema. Durations have a unit (` + "`90s`, `5m`, `168h`" + `).
What stands under ` + "`defaults`" + ` holds for every tenant that does not say otherwise under the same name.

| key | kind | default | limits | meaning |
|---|---|---|---|---|
`

// The reference is written with -update and compared without.
func TestReferencePage(t *testing.T) {
	meanings := exampleComments(t)
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, f := range documented() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", f.Key, kindOf(f), otherwiseOf(f), limitsOf(f), meanings[f.Key])
	}
	compare(t, referencePage, b.String())
}

// documented are the forms that hold a value, in the order of the keys.
func documented() []Form {
	all := make(map[string]Form)
	for _, f := range Forms() {
		all[f.Key] = f
	}
	var list []Form
	var walk func(key string)
	walk = func(key string) {
		f := all[key]
		if f.Kind != Section || f.Words != nil {
			list = append(list, f)
		}
		if _, ok := all[key+"[]"]; ok && all[key+"[]"].Kind == Section {
			list = list[:len(list)-1]
			walk(key + "[]")
		}
		for _, name := range f.keys {
			walk(strings.TrimPrefix(key+"."+name, "."))
		}
	}
	walk("")
	return list
}

func kindOf(f Form) string {
	if f.Kind == Section {
		return "string or object"
	}
	return string(f.Kind)
}

func limitsOf(f Form) string {
	if f.Words != nil {
		return strings.Join(f.Words, ", ")
	}
	if f.Least+f.Most != "" {
		return f.Least + " to " + f.Most
	}
	return ""
}

func otherwiseOf(f Form) string {
	switch {
	case f.Needed:
		return "must be given"
	case f.Default != "":
		return "`" + f.Default + "`"
	}
	return ""
}

// commented is a key that the example only shows, with what it means behind it.
var commented = regexp.MustCompile(`(?m)^( *)# ([a-z_]+: .* # .*)$`)

// exampleComments returns what the example says behind each key, by key.
func exampleComments(t *testing.T) map[string]string {
	t.Helper()
	if _, err := os.Stat(referencePage); err != nil && !*update {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(commented.ReplaceAll([]byte(unwrapped(deploy.ExampleConfig)), []byte("$1$2")), &doc); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	collect(doc.Content[0], "", found)
	return found
}

// further is a line that goes on with the comment above it.
var further = regexp.MustCompile(`^( {20,})# (.*)$`)

// unwrapped has each comment behind a key on the line of the key.
func unwrapped(text string) string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		m := further.FindStringSubmatch(line)
		if last := len(lines) - 1; m != nil && last >= 0 && len(lines[last]) > len(m[1]) && lines[last][len(m[1])] == '#' {
			lines[last] += " " + m[2]
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func collect(n *yaml.Node, key string, found map[string]string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, value := n.Content[i], n.Content[i+1]
			inner := strings.TrimPrefix(key+"."+name.Value, ".")
			for _, c := range []string{value.LineComment, name.LineComment} {
				if c != "" && found[inner] == "" {
					found[inner] = comment(c)
				}
			}
			collect(value, inner, found)
		}
	case yaml.SequenceNode:
		for _, one := range n.Content {
			collect(one, key+"[]", found)
		}
	}
}

// comment is the text of a comment, on one line and safe in a table.
func comment(c string) string {
	var words []string
	for _, line := range strings.Split(c, "\n") {
		words = append(words, strings.Fields(strings.TrimLeft(line, "# "))...)
	}
	return strings.ReplaceAll(strings.Join(words, " "), "|", "\\|")
}
