package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file that could not be written whole does not take the place of the one before.
func TestReplaceThatFails(t *testing.T) {
	broken := errors.New("no space left on device")
	dir := t.TempDir()
	path := filepath.Join(dir, "copy.db")
	if err := os.WriteFile(path, []byte("good"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := replace(path, func(f *os.File) error {
		_, err := f.WriteString("half")
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "good" {
		t.Errorf("it says %q, %v", got, err)
	}

	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "by a directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	whole := func(f *os.File) error { _, err := f.WriteString("whole"); return err }
	if err := replace(taken, whole); err == nil {
		t.Error("a directory was replaced")
	}
	if err := replace(filepath.Join(dir, "nowhere", "copy.db"), whole); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a directory that is not there: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.new")); err != nil || len(left) != 0 {
		t.Errorf("left behind are %q, %v", left, err)
	}
	if err := replace(path, whole); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "whole" {
		t.Errorf("then it says %q, %v", got, err)
	}
}
