package docstest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#{1,6} +(.+?)\s*$`)
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	fence    = regexp.MustCompile("(?ms)^```.*?^```")
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// links are the relative ones of a page: the file from the root of the repository,
// and the anchor.
func links(t *testing.T, name string) (all [][2]string) {
	t.Helper()
	for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, name), ""), -1) {
		if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
			continue
		}
		file, anchor, _ := strings.Cut(m[1], "#")
		if file == "" {
			file = name
		} else {
			file = path.Join(path.Dir(name), file)
		}
		all = append(all, [2]string{file, anchor})
	}
	return all
}

// anchors are what the headings of a page can be linked by, as GitHub makes them.
func anchors(t *testing.T, name string) (all []string) {
	t.Helper()
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(read(t, name), ""), -1) {
		text := strings.ToLower(linkText.ReplaceAllString(m[1], "$1"))
		all = append(all, strings.ReplaceAll(notSlug.ReplaceAllString(text, ""), " ", "-"))
	}
	return all
}

// No link of the documentation is dead.
func TestLinks(t *testing.T) {
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range append(documents(t), "CHANGELOG.md") {
		for _, to := range links(t, name) {
			count++
			if _, err := os.Stat(filepath.Join(root, to[0])); err != nil {
				t.Errorf("%s: there is no %s", name, to[0])
			} else if to[1] != "" && !slices.Contains(anchors(t, to[0]), to[1]) {
				t.Errorf("%s: %s has no heading for #%s", name, to[0], to[1])
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d links", count)
	}
}

// Every page is in the index, and the index is in README.md.
func TestEveryPageIsLinked(t *testing.T) {
	const index = "docs/README.md"
	linked := linkedBy(t, index)
	for _, name := range documents(t) {
		if name != "README.md" && name != index && !slices.Contains(linked, name) {
			t.Errorf("%s does not link to %s", index, name)
		}
	}
	if !slices.Contains(linkedBy(t, "README.md"), index) {
		t.Errorf("README.md does not link to %s", index)
	}
}

func linkedBy(t *testing.T, name string) (files []string) {
	t.Helper()
	for _, to := range links(t, name) {
		files = append(files, to[0])
	}
	return files
}

// namedTest is a test that a page calls as its witness.
var namedTest = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z][A-Za-z0-9]*\b`)

// Every test that a page names is there.
func TestNamedTestsExist(t *testing.T) {
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^func (\w+)\(`)
	have := make(map[string]bool)
	err = filepath.WalkDir(root, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			have[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range documents(t) {
		for _, test := range namedTest.FindAllString(read(t, name), -1) {
			if !have[test] {
				t.Errorf("%s names %s, which is not there", name, test)
			}
		}
	}
}
