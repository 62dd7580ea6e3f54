package usecases

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// journal is how the use cases went.
var journal = &results{tests: make(map[string]string), clients: make(map[string]string), skipped: make(map[string]string), versions: make(map[string]string)}

// A row is one step of a use case.
type row struct {
	useCase, step string
	result        string
	took          time.Duration
	figures       string // measured in this run; empty: none
}

// results are written by use cases that run side by side.
type results struct {
	mu       sync.Mutex
	tests    map[string]string // use case -> the test that tells it
	clients  map[string]string // use case -> the program it is about
	skipped  map[string]string // use case -> why
	versions map[string]string // program -> its version
	rows     []*row
}

// begin forgets what an earlier run of the same test has noted (-count).
func (r *results) begin(t *testing.T, useCase, client string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.tests[useCase]; other != "" && other != t.Name() {
		t.Fatalf("%s is also called %q", other, useCase)
	}
	r.tests[useCase], r.clients[useCase] = t.Name(), client
	r.rows = slices.DeleteFunc(r.rows, func(old *row) bool { return old.useCase == useCase })
}

func (r *results) skip(useCase, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped[useCase] = reason
}

func (r *results) saw(program, version string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions[program] = version
}

// add has a row for a step that begins. It fails until something else is noted.
func (r *results) add(t *testing.T, useCase, step string) *row {
	t.Helper()
	if strings.Contains(step, "|") {
		t.Fatalf("%q would break the table", step)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range r.rows {
		if other.useCase == useCase && other.step == step {
			t.Fatalf("two steps of %q are %q", useCase, step)
		}
	}
	added := &row{useCase: useCase, step: step, result: "FAIL"}
	r.rows = append(r.rows, added)
	return added
}

// measure has figures of a step that is there.
func (r *results) measure(useCase, step, figures string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range r.rows {
		if row.useCase == useCase && row.step == step {
			row.figures = figures
		}
	}
}

func (r *results) note(noted *row, passed bool, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	noted.took = took
	if passed {
		noted.result = "pass"
	}
}
