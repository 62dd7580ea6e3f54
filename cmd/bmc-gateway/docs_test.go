package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
)

// shownCommand is a command of ours in a text, after a prompt.
var shownCommand = regexp.MustCompile(`(?m)^    [$#] (?:sudo )?bmc-gateway ([a-z][^#\n|&]*)`)

// Every command and flag that the documentation shows is there.
func TestDocumentedCommandsExist(t *testing.T) {
	files := []string{"../../README.md"}
	err := filepath.WalkDir("../../docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range shownCommand.FindAllStringSubmatch(string(text), -1) {
			shown++
			words := strings.Fields(m[1])
			cmd, rest, err := (&program{}).root().Find(words)
			if err != nil || !cmd.HasParent() {
				t.Errorf("%s: bmc-gateway %s: no such command", filepath.Base(file), m[1])
				continue
			}
			if err := cmd.ParseFlags(rest); err != nil {
				t.Errorf("%s: bmc-gateway %s: %v", filepath.Base(file), m[1], err)
			}
		}
	}
	if shown < 20 {
		t.Errorf("only %d commands are shown", shown)
	}
}

// The configurations of the README and of the quick start can be used.
func TestDocumentedConfigurations(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(apiVersion.*?)```")
	for _, file := range []string{"../../README.md", "../../docs/quickstart.md"} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m := block.FindSubmatch(text)
			if m == nil {
				t.Fatal("there is no configuration")
			}
			path := filepath.Join(t.TempDir(), "config.yaml")
			if err := os.WriteFile(path, m[1], 0o600); err != nil {
				t.Fatal(err)
			}
			for _, name := range regexp.MustCompile(`password_file: ([^\s,]+)`).FindAllSubmatch(m[1], -1) {
				secret := filepath.Join(filepath.Dir(path), string(name[1]))
				if err := os.MkdirAll(filepath.Dir(secret), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(secret, []byte("S3cretWord"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, warnings, err := config.Load(path, func(string) string { return "" })
			if err != nil && strings.Contains(err.Error(), "ca_file") && !strings.Contains(err.Error(), "\n") {
				err = nil // there is no such CA
			}
			if err != nil || len(warnings) > 0 {
				t.Errorf("%v, warnings %v", err, warnings)
			}
		})
	}
}
