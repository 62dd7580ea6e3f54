package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
)

const (
	// fieldPrefix stands before our fields in the journal: BMCGW_TENANT.
	fieldPrefix = "BMCGW_"
	// fieldLength is the most that journald takes of a field's name.
	fieldLength = 64
)

// A journalHandler writes to systemd's journal: the message with its attributes as
// text, for who reads along, and each attribute as a field, for who looks for it.
// The time is the journal's own.
type journalHandler struct {
	level slog.Level
	send  func(message string, p journal.Priority, fields map[string]string) error
	// otherwise takes what the journal does not.
	otherwise io.Writer
	attrs     []attribute
	group     string // of attributes to come, with a dot behind it
}

// An attribute is one of a message, its groups in its key.
type attribute struct{ key, value string }

// Enabled implements slog.Handler.
func (h *journalHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// Handle implements slog.Handler.
func (h *journalHandler) Handle(_ context.Context, r slog.Record) error {
	all := h.attrs[:len(h.attrs):len(h.attrs)]
	r.Attrs(func(a slog.Attr) bool {
		all = appendAttribute(all, h.group, a)
		return true
	})
	text, fields := r.Message, make(map[string]string, len(all))
	for _, a := range all {
		text += " " + a.key + "=" + quoted(a.value)
		fields[fieldName(a.key)] = a.value
	}
	err := h.send(text, priority(r.Level), fields)
	if err != nil {
		_, err = fmt.Fprintf(h.otherwise, "%s %s\n", r.Level, text)
	}
	return err
}

// WithAttrs implements slog.Handler.
func (h *journalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = h.attrs[:len(h.attrs):len(h.attrs)]
	for _, a := range attrs {
		with.attrs = appendAttribute(with.attrs, h.group, a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *journalHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.group += name + "."
	return &with
}

// appendAttribute takes groups apart.
func appendAttribute(all []attribute, group string, a slog.Attr) []attribute {
	v := a.Value.Resolve()
	switch {
	case v.Kind() == slog.KindGroup:
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range v.Group() {
			all = appendAttribute(all, group, inner)
		}
		return all
	case a.Key == "":
		return all
	case v.Kind() == slog.KindTime:
		return append(all, attribute{group + a.Key, v.Time().UTC().Format(time.RFC3339Nano)})
	default:
		return append(all, attribute{group + a.Key, v.String()})
	}
}

// quoted keeps a value that came from the network from looking like more than one,
// or like another line.
func quoted(s string) string {
	if s == "" || strings.ContainsAny(s, " =\",()") || strconv.Quote(s) != `"`+s+`"` {
		return strconv.Quote(s)
	}
	return s
}

// fieldName is the key as the journal has it: capital letters, digits, underscores.
func fieldName(key string) string {
	name := fieldPrefix + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		default:
			return '_'
		}
	}, key)
	return name[:min(len(name), fieldLength)]
}

// sendNamed sends with the name that "journalctl -t" looks for: systemd gives it to
// what a service prints, and not to what it sends.
func sendNamed(message string, p journal.Priority, fields map[string]string) error {
	fields["SYSLOG_IDENTIFIER"] = "bmc-gateway"
	return journal.Send(message, p, fields)
}

func priority(l slog.Level) journal.Priority {
	switch {
	case l >= slog.LevelError:
		return journal.PriErr
	case l >= slog.LevelWarn:
		return journal.PriWarning
	case l >= slog.LevelInfo:
		return journal.PriInfo
	default:
		return journal.PriDebug
	}
}
