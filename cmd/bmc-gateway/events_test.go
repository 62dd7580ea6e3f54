package main

import (
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// Events are three of a lab.
func (f fixed) Events() *admin.Events {
	at := time.Date(2026, 11, 21, 7, 2, 11, 0, time.UTC)
	uid := uint32(1000)
	events := admin.NewEvents(10)
	events.Add(admin.Event{Time: at, Kind: admin.EventVCenter, Level: admin.Info, Text: "vCenter connected", VCenter: "vc-lab"})
	events.Add(admin.Event{Time: at, Kind: admin.EventCommand, Level: admin.Warning, Text: "Chassis Control off", Tenant: "lab-a", BMC: "web\x1b1",
		Via: admin.ViaIPMI, Account: "operator", From: netip.MustParseAddrPort("10.120.4.9:51244"), Code: "D5h", Operation: "bmc-gateway-lab-a-1", Error: "it is protected"})
	events.Add(admin.Event{Time: at, Kind: admin.EventCommand, Level: admin.Info, Text: "Chassis Control on", Tenant: "lab-b", BMC: "web1", Via: admin.ViaSocket, UID: &uid, Code: "00h"})
	return events
}

// TestEventOfAForgedName: a name that somebody logs in with cannot say where from.
func TestEventOfAForgedName(t *testing.T) {
	e := admin.Event{Kind: admin.EventLogin, Level: admin.Warning, Text: "login failed: abandoned", Tenant: "lab-a", BMC: "web1",
		Account: "a, from 10.0.0.1", From: netip.MustParseAddrPort("203.0.113.9:1000")}
	if got, want := eventLine(e), `login failed: abandoned (account "a, from 10.0.0.1", from 203.0.113.9:1000)`; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s at its end", got, want)
	}
}

func TestEvents(t *testing.T) {
	socket := daemon(t, lab())
	connected := "2026-11-21T07:02:11Z info vcenter vc-lab vCenter connected"
	down := "2026-11-21T07:02:11Z warning command lab-a/web?1 Chassis Control off " +
		"(account operator, from 10.120.4.9:51244, code D5h, operation bmc-gateway-lab-a-1): it is protected"
	up := "2026-11-21T07:02:11Z info command lab-b/web1 Chassis Control on (uid 1000, code 00h)"
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"all", nil, []string{connected, down, up}},
		{"of a tenant", []string{"-t", "lab-a"}, []string{connected, down}},
		{"the last", []string{"-n", "1"}, []string{up}},
		{"none", []string{"-n", "0"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket, "events"}, tt.args...)...)
			if diff := cmp.Diff(tt.want, squeeze(strings.Split(stdout, "\n"))); diff != "" || code != 0 {
				t.Errorf("exit code %d, %s (-want +got):\n%s", code, stderr, diff)
			}
		})
	}
	_, stdout, _ := command(t, none, "--socket", socket, "events", "-o", "json")
	var got struct {
		Kind  string
		Items []admin.Event
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || got.Kind != "EventList" || len(got.Items) != 3 || got.Items[1].Code != "D5h" {
		t.Errorf("%v, %+v", err, got)
	}
}

// lines counts what was written to it.
type lines struct {
	mu   sync.Mutex
	text string
	full func() // called at the third line
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text += string(p)
	if strings.Count(l.text, "\n") == 3 {
		l.full()
	}
	return len(p), nil
}

func TestWatchEventsAsLines(t *testing.T) {
	socket := daemon(t, lab())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := &lines{full: cancel}
	if code := run(ctx, []string{"--socket", socket, "events", "-w", "-o", "json", "-n", "3"}, none, out, t.Output()); code != 0 {
		t.Errorf("interrupted: exit code %d", code)
	}
	for line := range strings.Lines(out.text) {
		var e admin.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq == 0 {
			t.Errorf("%v in %q", err, line)
		}
	}
	if strings.Count(out.text, "\n") != 3 {
		t.Errorf("got %q", out.text)
	}
}
