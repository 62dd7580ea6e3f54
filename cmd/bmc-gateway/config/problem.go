package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong with the configuration and where it stands.
type Problem struct {
	File string // empty: the value came from the environment, and Key names the variable
	Line int    // 1 is the first; 0: the file as a whole
	Key  string // "pools[0].ranges[1]"
	Text string // what is wrong; remedy
}

// String returns "file:line: key: what is wrong; remedy".
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Text
}

// A Warning is something that works and should not stay.
type Warning Problem

// String returns the warning as Problem.String does.
func (w Warning) String() string { return Problem(w).String() }

// Problems is everything that is wrong, in the order of the files. It is the
// error of Load when the first file could be read.
type Problems []Problem

// Error returns the problems, one on each line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// A report collects what is found while one file is read.
type report struct {
	file string
	*findings
}

// findings are those of all files.
type findings struct {
	files    []string // in the order they are read
	problems Problems
	warnings []Warning
	forms    *forms // nil: what a key may hold is not recorded
}

// about returns the report of one more file.
func (f *findings) about(file string) *report {
	f.files = append(f.files, file)
	return &report{file, f}
}

func (r *report) refuse(line int, key, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, line, key, fmt.Sprintf(format, args...)})
}

func (r *report) warn(line int, key, format string, args ...any) {
	r.warnings = append(r.warnings, Warning{r.file, line, key, fmt.Sprintf(format, args...)})
}

// sorted returns the problems and warnings by file and line; of one line, as found.
func (f *findings) sorted() (Problems, []Warning) {
	order := func(a, b Problem) int {
		return cmp.Or(cmp.Compare(slices.Index(f.files, a.File), slices.Index(f.files, b.File)), cmp.Compare(a.Line, b.Line))
	}
	slices.SortStableFunc(f.problems, order)
	slices.SortStableFunc(f.warnings, func(a, b Warning) int { return order(Problem(a), Problem(b)) })
	return f.problems, f.warnings
}
