package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// TestYAMLSaysWhatJSONSays, also where a text looks like something else.
func TestYAMLSaysWhatJSONSays(t *testing.T) {
	bmcs := lab()
	for i, name := range []string{"true", "12", "0x1f", "null", "a: b", "- c", "#d", "", "2026-11-21", "1e3", "~", "yes", "line\nbreak", "é\x00"} {
		b := bmcs[0]
		b.Name, b.MAC = name, strings.Repeat("0", i)
		bmcs = append(bmcs, b)
	}
	socket := daemon(t, bmcs)
	_, text, _ := command(t, none, "--socket", socket, "list", "-o", "yaml")
	if !strings.HasPrefix(text, "apiVersion: bmc-gateway/v1\nkind: BMCList\nitems:\n  - tenant: lab-a\n    name: esxi01\n") {
		t.Errorf("it begins with\n%.200s", text)
	}
	_, plain, _ := command(t, none, "--socket", socket, "list", "-o", "json")
	var fromYAML, fromJSON any
	if err := yaml.Unmarshal([]byte(text), &fromYAML); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	again, err := json.Marshal(fromYAML)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(json.Unmarshal(again, &fromYAML), json.Unmarshal([]byte(plain), &fromJSON)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fromYAML, fromJSON) {
		t.Errorf("(-JSON +YAML):\n%s", cmp.Diff(fromJSON, fromYAML))
	}
}

func TestShowYAML(t *testing.T) {
	code, text, _ := command(t, none, "--socket", daemon(t, lab()), "show", "-o", "yaml", "esxi01")
	if code != 0 || !strings.Contains(text, "\nkind: BMCDetail\n") || !strings.Contains(text, "\naddress: 10.120.8.17\n") {
		t.Errorf("exit code %d\n%s", code, text)
	}
}

func TestListCSV(t *testing.T) {
	_, text, _ := command(t, none, "--socket", daemon(t, lab()), "list", "-o", "csv")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 5 || rows[0][1] != "NAME" || rows[1][1] != "esxi01" || rows[3][15] != "address pool exhausted" {
		t.Fatalf("%v, %q", err, rows)
	}
	if _, err := time.Parse(time.RFC3339, rows[1][7]); err != nil || rows[2][7] != "-" {
		t.Errorf("last requests %q and %q, want a time and none", rows[1][7], rows[2][7])
	}
}

func TestListSelected(t *testing.T) {
	socket := daemon(t, lab())
	for _, tt := range []struct {
		selector string
		want     string
	}{
		{"power=off", "lab-a/web1"},
		{"power!=unknown,tenant=lab-a", "lab-a/esxi01 lab-a/web1"},
		{"name=web1,state=pending", "lab-b/web1"},
		{"vcenter=vc-lab,power=on,protected=false", "lab-a/esxi01"},
		{"power=suspended", ""},
	} {
		code, text, stderr := command(t, none, "--socket", socket, "list", "-o", "name", "-l", tt.selector)
		if got := strings.Join(strings.Fields(text), " "); got != tt.want || code != 0 {
			t.Errorf("%s: %q, exit code %d %s", tt.selector, got, code, stderr)
		}
	}
	if code, _, stderr := command(t, none, "--socket", socket, "list", "-l", "colour=red"); code != 2 || !strings.Contains(stderr, "selectors are key=value") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestWatchedList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := admin.BMC{Tenant: "a", Name: "one", State: admin.Ready, Power: admin.PowerOn, Port: 623}
		two := admin.BMC{Tenant: "a", Name: "two", State: admin.Pending, Power: admin.PowerUnknown, Port: 623}
		off, busy := one, one
		off.Power = admin.PowerOff
		busy.Requests, busy.LastRequest = 7, time.Now()
		answers := [][]admin.BMC{{one, two}, {one, two}, {busy, two}, {off, two}, {off}}
		ctx, cancel := context.WithCancel(t.Context())
		var out bytes.Buffer
		l := &listWatch{w: &out, headers: true}
		err := l.run(ctx, func() ([]admin.BMC, error) {
			if len(answers) == 0 {
				cancel()
				return nil, context.Canceled
			}
			now := answers[0]
			answers = answers[1:]
			return now, nil
		})
		if err != nil {
			t.Errorf("interrupted: %v", err)
		}
		want := []string{
			"TENANT NAME STATUS POWER ADDRESS PORT SESSIONS LAST REQUEST VCENTER",
			"a one ready on - 623 0 - -",
			"a two pending unknown - 623 - - -",
			"a one ready off - 623 0 - -",
			"a two gone unknown - 623 - - -",
		}
		if diff := cmp.Diff(want, squeeze(strings.Split(out.String(), "\n"))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		aligned(t, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"))
	})
}

func TestWatchedListEndsWithTheDaemon(t *testing.T) {
	l := &listWatch{w: new(bytes.Buffer)}
	if err := l.run(t.Context(), func() ([]admin.BMC, error) { return nil, admin.ErrUnreachable }); !errors.Is(err, admin.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

// TestFormats: what json tells is there as yaml, and a table as csv, with every
// command that offers them.
func TestFormats(t *testing.T) {
	socket := daemon(t, lab())
	for _, args := range [][]string{{"leases"}, {"access", "list"}, {"maintenance"}, {"removals"}, {"status"}, {"reload"}, {"version"}, {"events"}, {"power", "on", "lab-a/esxi01"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			ask := func(output string) string {
				_, text, _ := command(t, none, append([]string{"--socket", socket, "-o", output}, args...)...)
				return text
			}
			var fromYAML, fromJSON struct{ Kind string }
			if err := errors.Join(yaml.Unmarshal([]byte(ask("yaml")), &fromYAML), json.Unmarshal([]byte(ask("json")), &fromJSON)); err != nil {
				t.Fatal(err)
			}
			if fromYAML.Kind == "" || fromYAML != fromJSON {
				t.Errorf("yaml is of kind %q, json of %q", fromYAML.Kind, fromJSON.Kind)
			}
			if cmd, _, _ := (&program{}).root().Find(args); !strings.Contains(cmd.Flag("output").Usage, "csv") {
				return
			}
			table := strings.Split(strings.TrimSpace(ask("table")), "\n")
			rows, err := csv.NewReader(strings.NewReader(ask("csv"))).ReadAll()
			if err != nil || len(rows) != len(table) || !strings.HasPrefix(table[0], rows[0][0]) {
				t.Errorf("%v in\n%q\n%q", err, rows, table)
			}
		})
	}
}

// A text stays one for readers of YAML 1.1 as well.
func TestYAMLForOldReaders(t *testing.T) {
	document := map[string]any{"a": "on", "b": "No", "c": "12:34:56", "d": "02:5a:1c:9e:40:11", "e": true, "f": "only", "g": "1.5"}
	var b bytes.Buffer
	if err := printYAML(&b, document); err != nil {
		t.Fatal(err)
	}
	want := "a: \"on\"\nb: \"No\"\nc: \"12:34:56\"\nd: 02:5a:1c:9e:40:11\ne: true\nf: only\ng: \"1.5\"\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
