package docstest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// made are pages that other tests make and keep true.
var made = []string{"docs/reference/cli.md"}

// documents are README.md and all pages below docs, by their path in the repository.
func documents(t *testing.T) []string {
	t.Helper()
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"README.md"}
	err = filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			path, _ = filepath.Rel(root, path)
			all = append(all, path)
		}
		return err
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("%v; only %d pages", err, len(all))
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parsed(t *testing.T, name string) *page {
	t.Helper()
	p, err := parsePage(name, read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// needWorlds skips the test where no world can be made; in CI that is a failure.
func needWorlds(t *testing.T) {
	t.Helper()
	fail := t.Skip
	if os.Getenv("CI") == "true" {
		fail = t.Fatal
	}
	if os.Geteuid() != 0 {
		fail("namespaces need root")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			fail(err)
		}
	}
}

// What the pages show is true.
func TestPages(t *testing.T) {
	needWorlds(t)
	for _, name := range documents(t) {
		if slices.Contains(made, name) {
			continue
		}
		p := parsed(t, name)
		t.Run(strings.TrimPrefix(strings.TrimSuffix(name, ".md"), "docs/"), func(t *testing.T) {
			t.Parallel()
			for _, problem := range play(t, p) {
				t.Error(problem)
			}
		})
	}
}
