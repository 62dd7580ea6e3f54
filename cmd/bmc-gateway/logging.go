package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/sys/unix"
)

// newLog returns the daemon's log. The words are those of the configuration,
// which has checked them: auto is text on a terminal, fields where systemd's journal
// listens, else JSON.
func newLog(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	if format == "auto" && journaled(w) {
		return slog.New(&journalHandler{level: l, send: sendNamed, otherwise: w})
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "text" || format != "json" && terminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// journaled reports whether what is written would be read by systemd's journal.
func journaled(w io.Writer) bool {
	if w != io.Writer(os.Stderr) || !journal.Enabled() {
		return false
	}
	ours, err := journal.StderrIsJournalStream()
	return ours && err == nil
}

// terminal reports whether somebody reads along.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
