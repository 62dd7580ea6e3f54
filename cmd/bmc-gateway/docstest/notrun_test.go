package docstest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is not run into docs/reference/compatibility.md")

const (
	notRunPage  = "docs/reference/compatibility.md"
	notRunBegin = "<!-- docs: written by `go test ./cmd/bmc-gateway/docstest -run TestNotRunIsListed -update` -->\n"
	notRunEnd   = "<!-- docs: end -->\n"
)

// What is shown and was not executed is listed, with the reason.
func TestNotRunIsListed(t *testing.T) {
	text := read(t, notRunPage)
	before, rest, begins := strings.Cut(text, notRunBegin)
	listed, after, ends := strings.Cut(rest, notRunEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for it", notRunPage)
	}
	want := notRunTable(t)
	if *update {
		root, err := repository()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, notRunPage), []byte(before+notRunBegin+want+notRunEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if listed != want {
		t.Errorf("%s lists\n%s\nand not run are\n%s\nrun the test with -update", notRunPage, listed, want)
	}
}

func notRunTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| page | begins with | why it is not run |\n|---|---|---|\n")
	for _, name := range documents(t) {
		if slices.Contains(made, name) {
			continue
		}
		for _, x := range parsed(t, name).parts {
			reason, unrun := x.notes["not run"]
			if !unrun {
				continue
			}
			first, _, _ := strings.Cut(strings.TrimSpace(x.text), "\n")
			first = strings.TrimSpace(strings.NewReplacer("|", `\|`, "`", "'").Replace(first))
			if r := []rune(first); len(r) > 50 {
				first = string(r[:50]) + "…"
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s |\n", name, first, strings.Join(strings.Fields(reason), " "))
		}
	}
	return b.String() + "\n"
}
