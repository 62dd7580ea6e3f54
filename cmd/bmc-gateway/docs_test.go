package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shownCommand is a command of ours in a text, after a prompt.
var shownCommand = regexp.MustCompile(`(?m)^(?:    )?[$#] (?:sudo )?bmc-gateway ([a-z][^#\n|&]*)`)

// substituted is what the shell puts in place of another command.
var substituted = regexp.MustCompile(`"?\$\([^)]*\)"?`)

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
			words := strings.Fields(substituted.ReplaceAllString(m[1], "WORD"))
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
