package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	for _, tt := range []struct {
		name, level, format string
		begins              string // of the first line
		lines               int    // of a debug, an info and an error message
	}{
		{"auto is JSON where nobody reads along", "info", "auto", `{"time":`, 2},
		{"json", "debug", "json", `{"time":`, 3},
		{"text", "error", "text", "time=", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			log := newLog(&out, tt.level, tt.format)
			log.Debug("d")
			log.Info("i")
			log.Error("e")
			if got := strings.Count(out.String(), "\n"); got != tt.lines || !strings.HasPrefix(out.String(), tt.begins) {
				t.Errorf("got %d lines, want %d beginning with %s:\n%s", got, tt.lines, tt.begins, &out)
			}
		})
	}
}
