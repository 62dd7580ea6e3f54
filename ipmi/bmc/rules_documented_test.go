package bmc_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clientRules is how many rules the reference has, R1 to R26.
const clientRules = 26

// TestEveryRuleHasATest: each row of the reference names tests that exist, and
// each test of a rule is in the row of that rule.
func TestEveryRuleHasATest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "client-rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`TestR\d\d\w+`)
	var documented []string
	rule := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| R") {
			continue
		}
		rule++
		if want := fmt.Sprintf("| R%d |", rule); !strings.HasPrefix(line, want) {
			t.Errorf("row %d is not %q", rule, want)
		}
		tests := name.FindAllString(line, -1)
		if !slices.ContainsFunc(tests, func(s string) bool { return strings.Contains(s, fmt.Sprintf("R%02d", rule)) }) {
			t.Errorf("R%d has no test that names it", rule)
		}
		documented = append(documented, tests...)
	}
	if rule != clientRules {
		t.Errorf("%d rules, want %d", rule, clientRules)
	}
	slices.Sort(documented)
	if diff := cmp.Diff(ruleTests(t), slices.Compact(documented)); diff != "" {
		t.Errorf("tests of rules (-in the code +in the reference):\n%s", diff)
	}
}

// ruleTests are the names of all tests of rules in this directory.
func ruleTests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^func (TestR\d\d\w+)\(`)
	var names []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return names
}
