package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The part of the documentation that a run with -update writes.
const (
	beginMark = "<!-- interop: written by `make interop` -->"
	endMark   = "<!-- interop: end -->"
)

var compatibilityPath = filepath.Join("..", "..", "..", "docs", "reference", "compatibility.md")

// TestCompatibilityListsTheCases: the committed table has every case there is,
// and none besides. What it says of them is the last `make interop`'s.
func TestCompatibilityListsTheCases(t *testing.T) {
	if *update {
		t.Skip("TestInterop writes it")
	}
	_, table, _ := splitCompatibility(t)
	var got, want []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); len(cells) == 3 && !strings.HasPrefix(cells[0], "| client") {
			got = append(got, strings.TrimPrefix(cells[0], "| ")+": "+cells[1])
		}
	}
	for _, c := range clients() {
		for _, r := range c.cases {
			want = append(want, c.name+": "+r.name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s lists other cases, run `make interop` (-want +got):\n%s", compatibilityPath, diff)
	}
}

// TestCasesHaveNamesOfTheirOwn, because the table tells them apart by name.
func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range clients() {
		for _, r := range c.cases {
			name := c.name + ": " + r.name
			if seen[name] {
				t.Errorf("two cases are %q", name)
			}
			seen[name] = true
			if strings.Contains(name, "|") {
				t.Errorf("%q would break the table", name)
			}
			if len(r.want)+len(r.not) == 0 && r.power == "" && r.boot == "" {
				t.Errorf("%q wants nothing: it cannot fail", name)
			}
		}
	}
}

func splitCompatibility(t *testing.T) (before, table, after string) {
	t.Helper()
	text, err := os.ReadFile(compatibilityPath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), beginMark)
	table, after, ended := strings.Cut(rest, endMark)
	if !ok || !ended {
		t.Fatalf("%s has lost its marks %q and %q", compatibilityPath, beginMark, endMark)
	}
	return before, table, after
}

// writeCompatibility puts what the journal has between the marks.
func writeCompatibility(t *testing.T, all []*client) {
	t.Helper()
	before, _, after := splitCompatibility(t)
	var b strings.Builder
	passed, total := 0, 0
	fmt.Fprintf(&b, "\n| program | version |\n|---|---|\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| %s | %s |\n", c.name, journal.versions[c.name])
	}
	fmt.Fprintf(&b, "\n| client | case | result |\n|---|---|---|\n")
	for _, c := range all {
		for _, r := range c.cases {
			outcome := journal.outcome[[2]string{c.name, r.name}]
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.name, r.name, outcome)
			total++
			if outcome == "pass" {
				passed++
			}
		}
	}
	fmt.Fprintf(&b, "\n%d of %d pass.\n", passed, total)
	if err := os.WriteFile(compatibilityPath, []byte(before+beginMark+"\n"+b.String()+endMark+after), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d cases pass; see %s", passed, total, compatibilityPath)
}
