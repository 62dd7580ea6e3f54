package docstest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// wanted is what a wrong page says about itself.
var wanted = regexp.MustCompile(`<!-- want: (.*) -->`)

// The test finds what is wrong in a page.
func TestWrongPages(t *testing.T) {
	needWorlds(t)
	files, err := filepath.Glob("testdata/wrong/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("%v; only %d wrong pages", err, len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m := wanted.FindStringSubmatch(string(text))
			if m == nil {
				t.Fatal("it does not say what is wrong")
			}
			p, err := parsePage("wrong/"+filepath.Base(file), string(text))
			if err != nil {
				t.Fatal(err)
			}
			problems := play(t, p)
			if len(problems) != 1 || !strings.Contains(problems[0], m[1]) {
				t.Errorf("problems %q, want one with %q", problems, m[1])
			}
		})
	}
}

// And nothing in one that is right.
func TestRightPage(t *testing.T) {
	needWorlds(t)
	text, err := os.ReadFile("testdata/right.md")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePage("right.md", string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range play(t, p) {
		t.Error(problem)
	}
}

// Comments and blocks that are not closed, or belong to nothing, are errors.
func TestPagesThatCannotBeRead(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"block without end":      {"```yaml\na: b\n", "p:1: the block does not end"},
		"comment without end":    {"text\n\n<!-- run: true\n", "p:3: the comment does not end"},
		"comment before text":    {"<!-- stdin: word -->\ntext\n", "p:2: a comment belongs to no block"},
		"comment before the end": {"text\n\n<!-- file: x -->\n", "the last comment belongs to no block"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parsePage("p", row.text); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
		})
	}
}
