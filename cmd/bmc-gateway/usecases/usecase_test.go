package usecases

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A program is one that a use case drives.
type program struct {
	name   string
	debian string // the package it comes in; empty: it is part of the test
	path   string // of what must be there, when that is not the name in PATH
}

func (p program) installed() bool {
	if p.debian == "" {
		return true
	}
	if p.path != "" {
		_, err := os.Stat(p.path)
		return err == nil
	}
	_, err := exec.LookPath(p.name)
	return err == nil
}

// version is that of the Debian package.
func (p program) version(t *testing.T) string {
	t.Helper()
	if p.debian == "" {
		return "of the test"
	}
	out, err := exec.CommandContext(t.Context(), "dpkg-query", "-W", "-f", "${Version} (Debian)", p.debian).Output()
	if err != nil {
		return "unknown, not Debian's"
	}
	return string(out)
}

// A useCase is a story that is being told: its steps become rows of the table.
type useCase struct {
	name string
}

// begin starts a use case, or skips it, but not in CI, where a program is
// missing. The first program is the client that the table names.
func begin(t *testing.T, name string, client program, others ...program) *useCase {
	t.Helper()
	if strings.Contains(name, "|") {
		t.Fatalf("%q would break the table", name)
	}
	for _, p := range append([]program{client}, others...) {
		if !p.installed() {
			missing(t, name, p.name+" is not installed (package "+p.debian+")")
		}
		journal.saw(p.name, p.version(t))
	}
	journal.begin(t, name, client.name)
	return &useCase{name: name}
}

// missing skips a use case that cannot be shown here, but not in CI.
func missing(t *testing.T, useCase, reason string) {
	t.Helper()
	journal.skip(useCase, reason)
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// step runs one step as a subtest and notes how it went and how long it took. It
// says whether the story can go on.
func (u *useCase) step(t *testing.T, name string, f func(t *testing.T)) bool {
	t.Helper()
	row := journal.add(t, u.name, name)
	return t.Run(name, func(t *testing.T) { timed(t, row, f) })
}

// parallel is step for one that needs none of the others: it runs with them when
// the test that calls it has ended.
func (u *useCase) parallel(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	row := journal.add(t, u.name, name)
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		timed(t, row, f)
	})
}

func timed(t *testing.T, row *row, f func(t *testing.T)) {
	began := time.Now()
	t.Cleanup(func() { journal.note(row, !t.Failed() && !t.Skipped(), time.Since(began)) })
	f(t)
}
