package docstest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A step is a command of a terminal and what is shown beneath it.
type step struct {
	line    int
	command string
	want    []string
}

// steps takes a terminal apart.
func steps(p part) []step {
	prompt := promptOf(p.text)
	var all []step
	continues := false
	for i, line := range strings.Split(strings.TrimSuffix(p.text, "\n"), "\n") {
		command, isCommand := strings.CutPrefix(line, prompt)
		more, isMore := strings.CutPrefix(line, "> ")
		isMore = isMore && len(all) > 0 && len(all[len(all)-1].want) == 0
		switch {
		case continues, isMore:
			last := &all[len(all)-1]
			if !isMore {
				more = line
			}
			last.command += "\n" + more
			continues = strings.HasSuffix(more, `\`)
		case isCommand:
			all = append(all, step{line: p.line + i, command: command})
			continues = strings.HasSuffix(command, `\`)
		default:
			all[len(all)-1].want = append(all[len(all)-1].want, line)
		}
	}
	for i := range all {
		for n := len(all[i].want); n > 0 && strings.TrimSpace(all[i].want[n-1]) == ""; n-- {
			all[i].want = all[i].want[:n-1]
		}
	}
	return all
}

// asksCode says whether the command prints the exit code of the one before.
func (s step) asksCode() bool { return strings.HasPrefix(s.command, "echo $?") }

var (
	blanks   = regexp.MustCompile(`[ \t]+`)
	anything = regexp.MustCompile(`…|\.\.\.`)
)

// isGap says whether the line stands for any number of lines.
func isGap(want string) bool {
	want = strings.TrimSpace(want)
	return want == "…" || want == "..."
}

func tidy(line string) string { return blanks.ReplaceAllString(strings.TrimSpace(line), " ") }

// matchesLine compares a line that is shown with one that was printed.
func matchesLine(want, got string) bool {
	pieces := anything.Split(tidy(want), -1)
	if len(pieces) == 1 {
		return pieces[0] == tidy(got)
	}
	for i := range pieces {
		pieces[i] = regexp.QuoteMeta(pieces[i])
	}
	return regexp.MustCompile("^" + strings.Join(pieces, ".*") + "$").MatchString(tidy(got))
}

// compare says what is wrong with what was printed; nil is nothing.
func compare(want []string, printed string) error {
	var got []string
	for line := range strings.Lines(printed) {
		if strings.TrimSpace(line) != "" {
			got = append(got, strings.TrimRight(line, "\n"))
		}
	}
	want = slices.DeleteFunc(slices.Clone(want), func(line string) bool { return strings.TrimSpace(line) == "" })
	if len(want) == 0 {
		return nil
	}
	if missing, ok := matches(want, got); !ok {
		return fmt.Errorf("no %q in what it printed:\n%s", missing, printed)
	}
	return nil
}

// matches says whether the lines are those that are wanted, and if not which of
// them was not found.
func matches(want, got []string) (missing string, ok bool) {
	if len(want) == 0 {
		if len(got) > 0 {
			return "(the end)", false
		}
		return "", true
	}
	if !isGap(want[0]) {
		if len(got) == 0 || !matchesLine(want[0], got[0]) {
			return want[0], false
		}
		return matches(want[1:], got[1:])
	}
	for skipped := 0; skipped <= len(got); skipped++ {
		if missing, ok = matches(want[1:], got[skipped:]); ok {
			return "", true
		}
	}
	return missing, false
}
