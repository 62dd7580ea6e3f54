package usecases

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The part of the documentation that a run with -update writes.
const (
	beginMark = "<!-- usecases: written by `make usecases` -->"
	endMark   = "<!-- usecases: end -->"
)

var compatibilityPath = filepath.Join("..", "..", "..", "docs", "reference", "compatibility.md")

// conclude writes what was shown to the page, or compares it with what stands
// there: that only when all went well, for a step that failed may hide others.
func (r *results) conclude(passed bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortStableFunc(r.rows, func(a, b *row) int { return strings.Compare(a.useCase, b.useCase) })
	if *table != "" {
		if err := os.WriteFile(*table, []byte(r.timed()), 0o644); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(compatibilityPath)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), beginMark)
	page, after, ended := strings.Cut(rest, endMark)
	if !ok || !ended {
		return fmt.Errorf("%s has lost its marks %q and %q", compatibilityPath, beginMark, endMark)
	}
	if *update {
		if !complete() {
			r.keep(page)
		}
		return os.WriteFile(compatibilityPath, []byte(before+beginMark+"\n"+r.page()+endMark+after), 0o644)
	}
	if !passed {
		return nil
	}
	return r.compare(page)
}

// compare says which steps the page lacks, and which it has that are no more. Of
// the latter a run that left steps out (-run), or for which a program was
// missing, knows nothing.
func (r *results) compare(page string) error {
	var wrong []string
	shown := make(map[string]bool)
	for _, row := range r.rows {
		cells := row.cells(r.clients)
		shown[cells] = true
		if !strings.Contains(page, cells+" |") {
			wrong = append(wrong, "missing: "+cells)
		}
	}
	all := complete() && len(r.skipped) == 0
	for line := range strings.Lines(page) {
		cells, _, isRow := cutLast(strings.TrimSuffix(strings.TrimSpace(line), " |"), " | ")
		if all && isRow && strings.Count(cells, " | ") == 2 && !strings.HasPrefix(line, "| use case") && !shown[cells] {
			wrong = append(wrong, "no more: "+cells)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s does not list what was shown, run `make usecases`:\n%s", compatibilityPath, strings.Join(wrong, "\n"))
	}
	return nil
}

// complete reports whether all use cases were to run.
func complete() bool {
	return flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
}

// keep takes over from the page what this run knows nothing of.
func (r *results) keep(page string) {
	ran := maps.Clone(r.clients)
	for line := range strings.Lines(page) {
		line = strings.Trim(line, "| \n")
		cells := strings.Split(line, " | ")
		switch {
		case strings.HasPrefix(line, "---") || cells[0] == "use case" || cells[0] == "program":
		case len(cells) == 2 && r.versions[cells[0]] == "":
			r.versions[cells[0]] = cells[1]
		case len(cells) == 4 && ran[cells[0]] == "":
			r.clients[cells[0]] = cells[1]
			r.rows = append(r.rows, &row{useCase: cells[0], step: cells[2], result: cells[3]})
		}
	}
	slices.SortStableFunc(r.rows, func(a, b *row) int { return strings.Compare(a.useCase, b.useCase) })
}

// cutLast is strings.Cut at the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// cells are those of a row that no run changes.
func (r *row) cells(clients map[string]string) string {
	return fmt.Sprintf("| %s | %s | %s", r.useCase, clients[r.useCase], r.step)
}

// page is what goes between the marks. Times change with each run, so they are not there.
func (r *results) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n| program | version |\n|---|---|\n")
	for _, program := range slices.Sorted(maps.Keys(r.versions)) {
		fmt.Fprintf(&b, "| %s | %s |\n", program, r.versions[program])
	}
	passed := 0
	fmt.Fprintf(&b, "\n| use case | client | step | result |\n|---|---|---|---|\n")
	for _, row := range r.rows {
		fmt.Fprintf(&b, "%s | %s |\n", row.cells(r.clients), row.result)
		if row.result == "pass" {
			passed++
		}
	}
	for _, useCase := range slices.Sorted(maps.Keys(r.skipped)) {
		fmt.Fprintf(&b, "| %s | | | not run: %s |\n", useCase, r.skipped[useCase])
	}
	fmt.Fprintf(&b, "\n%d of %d pass.\n", passed, len(r.rows)+len(r.skipped))
	return b.String()
}

// timed is the table that `make usecases` prints.
func (r *results) timed() string {
	var b strings.Builder
	for _, row := range r.rows {
		client := r.clients[row.useCase]
		fmt.Fprintf(&b, "%-4s  %6.1fs  %-24s  %s %s  %s\n", row.result, row.took.Round(100*time.Millisecond).Seconds(),
			row.useCase, client, r.versions[client], row.step)
		if row.figures != "" {
			fmt.Fprintf(&b, "%16s%s\n", "", row.figures)
		}
	}
	for _, useCase := range slices.Sorted(maps.Keys(r.skipped)) {
		fmt.Fprintf(&b, "skip           %-24s  %s\n", useCase, r.skipped[useCase])
	}
	return b.String()
}
