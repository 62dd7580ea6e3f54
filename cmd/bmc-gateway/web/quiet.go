package web

import (
	"context"
	"log/slog"
)

// quiet is a log in which the library's announcements are no news.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(&demoted{log.Handler()}) }

// A demoted handler takes information for debugging.
type demoted struct{ slog.Handler }

// Enabled implements slog.Handler.
func (d *demoted) Enabled(ctx context.Context, l slog.Level) bool {
	return d.Handler.Enabled(ctx, demote(l))
}

// Handle implements slog.Handler.
func (d *demoted) Handle(ctx context.Context, r slog.Record) error {
	r.Level = demote(r.Level)
	return d.Handler.Handle(ctx, r)
}

func demote(l slog.Level) slog.Level {
	if l == slog.LevelInfo {
		return slog.LevelDebug
	}
	return l
}
