package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/google/go-cmp/cmp"
)

type entry struct {
	Message  string
	Priority journal.Priority
	Fields   map[string]string
}

func TestJournalFields(t *testing.T) {
	var got []entry
	var failed bytes.Buffer
	h := &journalHandler{level: slog.LevelInfo, otherwise: &failed, send: func(m string, p journal.Priority, f map[string]string) error {
		got = append(got, entry{m, p, f})
		return nil
	}}
	log := slog.New(h).With("tenant", "lab-a")
	log.Debug("not told")
	log.Info("command", "bmc", slog.GroupValue(slog.String("name", "web 1"), slog.Any("address", netip.MustParseAddr("10.0.0.1"))), "took", 20*time.Millisecond)
	log.WithGroup("g").Warn("login failed", "account", "evil\nPRIORITY=0", "from-where", `"x"`)
	log.Error("an error", "error", errors.New("no such thing"), "empty", "")
	want := []entry{
		{`command tenant=lab-a bmc.name="web 1" bmc.address=10.0.0.1 took=20ms`, journal.PriInfo,
			map[string]string{"BMCGW_TENANT": "lab-a", "BMCGW_BMC_NAME": "web 1", "BMCGW_BMC_ADDRESS": "10.0.0.1", "BMCGW_TOOK": "20ms"}},
		{`login failed tenant=lab-a g.account="evil\nPRIORITY=0" g.from-where="\"x\""`, journal.PriWarning,
			map[string]string{"BMCGW_TENANT": "lab-a", "BMCGW_G_ACCOUNT": "evil\nPRIORITY=0", "BMCGW_G_FROM_WHERE": `"x"`}},
		{`an error tenant=lab-a error="no such thing" empty=""`, journal.PriErr,
			map[string]string{"BMCGW_TENANT": "lab-a", "BMCGW_ERROR": "no such thing", "BMCGW_EMPTY": ""}},
	}
	if diff := cmp.Diff(want, got); diff != "" || failed.Len() > 0 {
		t.Errorf("(-want +got):\n%s\n%s", diff, &failed)
	}
}

func TestJournalThatTakesNothing(t *testing.T) {
	var out bytes.Buffer
	h := &journalHandler{otherwise: &out, send: func(string, journal.Priority, map[string]string) error { return errors.New("gone") }}
	slog.New(h).Info("hello", "to", "you")
	if out.String() != "INFO hello to=you\n" {
		t.Errorf("got %q", out.String())
	}
}

// TestJournalHandlerKeepsTheRules of log/slog, as far as the journal has a place for
// them: it has its own time and level.
func TestJournalHandlerKeepsTheRules(t *testing.T) {
	var got []map[string]any
	h := &journalHandler{send: func(m string, _ journal.Priority, f map[string]string) error {
		one := map[string]any{slog.MessageKey: m, slog.LevelKey: "INFO", slog.TimeKey: time.Now()}
		for k, v := range f {
			one[k] = v
		}
		got = append(got, one)
		return nil
	}}
	log := slog.New(h)
	log.Info("m", slog.Group("", slog.Int("a", 1)), slog.Attr{}, slog.Group("empty"))
	log.WithGroup("").With("b", 2).Info("n")
	if got[0]["BMCGW_A"] != "1" || len(got[0]) != 4 || got[1]["BMCGW_B"] != "2" {
		t.Errorf("got %v", got[:2])
	}
}
