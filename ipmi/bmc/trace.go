package bmc

import (
	"context"
	"sync"
)

// A Trace is what a Machine says of a command while it carries it out, for whoever
// audits it: where else it can be found. It travels with the context.
type Trace struct {
	mu              sync.Mutex
	operation, task string
}

type traceKey struct{}

// In returns a context in which the Machine finds the trace.
func (t *Trace) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TraceIn returns the trace of the command that ctx belongs to, or one that nobody
// reads.
func TraceIn(ctx context.Context) *Trace {
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok {
		return t
	}
	return new(Trace)
}

// Note says under which id the command is carried out, and by which task; what was
// noted before is replaced.
func (t *Trace) Note(operation, task string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.operation, t.task = operation, task
}

// Noted returns what was noted last.
func (t *Trace) Noted() (operation, task string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.operation, t.task
}
