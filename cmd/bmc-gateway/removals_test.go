package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// Removals are held of the one tenant lab-a when the daemon has BMCs at all.
func (f fixed) Removals() []admin.Removals {
	if len(f) == 0 {
		return nil
	}
	since := time.Now().Add(-90 * time.Minute)
	return []admin.Removals{{Tenant: "lab-a", ID: "3f9a1c2b", Of: 4, BMCs: []admin.Removal{
		{Name: "esxi01", Address: netip.MustParseAddr("10.120.8.17"), Reason: "the VM is not selected any more", Since: since,
			Until: time.Date(2026, 11, 19, 7, 2, 11, 0, time.UTC)},
		{Name: "we\tb1", Reason: "vCenter does not name the VM any more", Since: since},
		{Name: "web2", Reason: "vCenter does not name the VM any more", Since: since, Confirmed: true},
	}}}
}

func (f fixed) ConfirmRemovals(tenant, id string, _ admin.Caller) (int, error) {
	if tenant != "lab-a" || id != "3f9a1c2b" {
		return 0, fmt.Errorf("set %q: %w", id, admin.ErrChanged)
	}
	return 3, nil
}

func TestRemovals(t *testing.T) {
	socket := daemon(t, lab())
	code, stdout, stderr := command(t, none, "--socket", socket, "removals")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	want := []string{
		"tenant lab-a: 3 removals are held, of 4 BMCs. If that is meant:",
		"bmc-gateway removals confirm lab-a 3f9a1c2b",
		"NAME ADDRESS HELD FOR UNTIL REASON",
		"esxi01 10.120.8.17 1h 2026-11-19T07:02:11Z the VM is not selected any more",
		"we?b1 - 1h confirmed vCenter does not name the VM any more",
		"web2 - 1h now vCenter does not name the VM any more",
	}
	if diff := cmp.Diff(want, squeeze(strings.Split(stdout, "\n"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, stdout, _ = command(t, none, "--socket", socket, "removals", "-o", "json")
	var got struct {
		Kind  string
		Items []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || got.Kind != "RemovalsList" || len(got.Items) != 1 || got.Items[0].ID != "3f9a1c2b" {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestNoRemovals(t *testing.T) {
	if code, stdout, _ := command(t, none, "--socket", daemon(t, fixed{}), "removals"); code != 0 || stdout != "no removal is held\n" {
		t.Errorf("exit code %d, %q", code, stdout)
	}
}

func TestConfirmRemovals(t *testing.T) {
	socket := daemon(t, lab())
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"the set shown", []string{"lab-a", "3f9a1c2b"}, 0, "tenant lab-a: 3 removals confirmed"},
		{"another set", []string{"lab-a", "00000000"}, 5, "what is held has changed"},
		{"without a set", []string{"lab-a"}, 2, "an argument is missing: bmc-gateway removals confirm TENANT SET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := command(t, none, append([]string{"--socket", socket, "removals", "confirm"}, tt.args...)...)
			if code != tt.code || !strings.Contains(stdout+stderr, tt.says) {
				t.Errorf("exit code %d, %q, want %d with %q", code, stdout+stderr, tt.code, tt.says)
			}
		})
	}
}

func TestHeldRemovalsAreDegraded(t *testing.T) {
	s := aStatus()
	s.VCenters = nil
	s.Tenants = []admin.Tenant{{Name: "lab-a", BMCs: 4, Ready: 3, Held: 1}}
	want := []string{`tenant lab-a: 1 removal is held, see "bmc-gateway removals"`}
	if diff := cmp.Diff(want, degraded(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
