package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// dropInDir is where further files are, beside the main one. They are read in the
// order of their names.
const dropInDir = "conf.d"

// readDropIns reads the files that add vCenters, pools and tenants, so that each
// tenant can own its file. What is the daemon's as a whole stands in the main
// file only. One that cannot be read is a problem of its own.
func (l *loader) readDropIns() {
	dir := filepath.Join(l.dir, dropInDir)
	entries, err := os.ReadDir(dir) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.problems = append(l.problems, Problem{Text: err.Error()})
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".yaml" {
			continue // an editor's backup, a package manager's .dpkg-dist
		}
		path := filepath.Join(dir, e.Name())
		report := l.about(path)
		text, err := read(path, fileLimit)
		if err != nil {
			l.problems = append(l.problems, Problem{Text: err.Error()})
			continue
		}
		if root, ok := report.parse(text); ok {
			s := root.section("apiVersion", "vcenters", "pools", "tenants")
			s.checkVersion()
			l.dropIns = append(l.dropIns, s)
		}
	}
}

// all returns the entries of a list over all files; remedy is for there being none.
func (l *loader) all(main section, key, remedy string) []node {
	var added []node
	for _, s := range l.dropIns {
		added = append(added, s.get(key).list()...)
	}
	if len(added) > 0 {
		return append(main.get(key).list(), added...)
	}
	return main.get(key).filled(remedy)
}
