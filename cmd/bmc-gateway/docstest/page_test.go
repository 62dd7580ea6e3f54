package docstest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A page is a document of ours, as the test sees it.
type page struct {
	name  string
	world []string // VMs of tenant lab-a; nil: nothing is configured
	parts []part
}

// A part is a block of a page, or what is done unseen between two.
type part struct {
	line     int    // of the page, of its first line
	language string // of a block with a fence
	hidden   bool   // the text is that of a comment "run"
	text     string
	notes    map[string]string // the comments in front of it
}

// isTerminal says whether the block shows commands.
func (p part) isTerminal() bool {
	return !p.hidden && (p.language == "" || p.language == "console") && promptOf(p.text) != ""
}

// promptOf is what the first line begins with, "$ " or "# ".
func promptOf(text string) string {
	if strings.HasPrefix(text, "$ ") || strings.HasPrefix(text, "# ") {
		return text[:2]
	}
	return ""
}

// blockNotes are the comments that belong to the block behind them.
var blockNotes = map[string]bool{"not run": true, "stdin": true, "file": true, "check": true, "merge": true, "retry": true}

// note is a comment: its word, and what it says.
var note = regexp.MustCompile(`(?s)^<!--\s*([a-z ]+):(.*?)-->\s*$`)

// A reader goes through the lines of a page.
type reader struct {
	lines []string
	at    int
	page  *page
	notes map[string]string // of the block that comes
}

func parsePage(name, text string) (*page, error) {
	r := &reader{lines: strings.Split(text, "\n"), page: &page{name: name}, notes: make(map[string]string)}
	for r.at < len(r.lines) {
		line := r.lines[r.at]
		var err error
		switch {
		case strings.HasPrefix(line, "```"):
			err = r.fenced(strings.TrimPrefix(line, "```"))
		case strings.HasPrefix(line, "<!--"):
			err = r.comment()
		case strings.HasPrefix(line, "    ") && r.blankBefore():
			r.indented()
		case strings.TrimSpace(line) == "":
			r.at++
		case len(r.notes) > 0:
			err = errors.New("a comment belongs to no block")
		default:
			r.at++
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, r.at+1, err)
		}
	}
	if len(r.notes) > 0 {
		return nil, fmt.Errorf("%s: the last comment belongs to no block", name)
	}
	return r.page, nil
}

func (r *reader) blankBefore() bool {
	return r.at == 0 || strings.TrimSpace(r.lines[r.at-1]) == "" || strings.HasSuffix(r.lines[r.at-1], "-->")
}

// add takes lines as the next block.
func (r *reader) add(line int, language string, lines []string) {
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n ") + "\n"
	r.page.parts = append(r.page.parts, part{line: line + 1, language: language, text: text, notes: r.notes})
	r.notes = make(map[string]string)
}

func (r *reader) fenced(language string) error {
	first := r.at + 1
	for r.at++; r.at < len(r.lines); r.at++ {
		if strings.TrimSpace(r.lines[r.at]) == "```" {
			r.add(first, strings.TrimSpace(language), r.lines[first:r.at])
			r.at++
			return nil
		}
	}
	r.at = first - 1
	return errors.New("the block does not end")
}

func (r *reader) indented() {
	first := r.at
	var lines []string
	for ; r.at < len(r.lines); r.at++ {
		line := r.lines[r.at]
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "    ") {
			break
		}
		lines = append(lines, strings.TrimPrefix(line, "    "))
	}
	r.add(first, "", lines)
}

func (r *reader) comment() error {
	first := r.at
	for ; r.at < len(r.lines) && !strings.Contains(r.lines[r.at], "-->"); r.at++ {
	}
	if r.at == len(r.lines) {
		r.at = first
		return errors.New("the comment does not end")
	}
	r.at++
	m := note.FindStringSubmatch(strings.Join(r.lines[first:r.at], "\n"))
	if m == nil {
		return nil
	}
	word, says := m[1], strings.Trim(m[2], " \n")
	switch {
	case word == "world":
		r.page.world = strings.Fields(says)
	case word == "run":
		r.page.parts = append(r.page.parts, part{line: first + 1, hidden: true, text: says + "\n"})
	case blockNotes[word]:
		r.notes[word] = says
	}
	return nil
}
