package doctor

import (
	"encoding/json"
	"fmt"
)

// A Level says how bad a finding is.
type Level uint8

// The levels, from good to bad.
const (
	OK      Level = iota
	Skipped       // could not be looked at from here
	Warning       // may surprise somebody
	Problem       // BMCs do not work, or not all of them
)

var levelNames = [...]string{"ok", "skipped", "warning", "problem"}

// String returns "ok", "skipped", "warning" or "problem".
func (l Level) String() string { return levelNames[l] }

// MarshalJSON writes the word.
func (l Level) MarshalJSON() ([]byte, error) { return json.Marshal(l.String()) }

// A Finding is what one check has found.
type Finding struct {
	Check  string `json:"check"` // "interface ens192"
	Level  Level  `json:"level"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"` // never empty with a Warning or a Problem
}

// Worst returns the highest level; OK of none.
func Worst(findings []Finding) Level {
	worst := OK
	for _, f := range findings {
		worst = max(worst, f.Level)
	}
	return worst
}

// A report collects the findings of one check.
type report struct {
	check    string
	findings []Finding
}

func (r *report) add(l Level, remedy, format string, args ...any) {
	r.findings = append(r.findings, Finding{Check: r.check, Level: l, Text: fmt.Sprintf(format, args...), Remedy: remedy})
}

func (r *report) ok(format string, args ...any)      { r.add(OK, "", format, args...) }
func (r *report) skipped(format string, args ...any) { r.add(Skipped, "", format, args...) }

func (r *report) warn(remedy, format string, args ...any) { r.add(Warning, remedy, format, args...) }
func (r *report) fail(remedy, format string, args ...any) { r.add(Problem, remedy, format, args...) }
