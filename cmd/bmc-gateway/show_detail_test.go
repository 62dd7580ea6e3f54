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

func (f fixed) Detail(b admin.BMC) (admin.Detail, error) {
	d := admin.Detail{BMC: b}
	switch b.State {
	case admin.Ready:
	case admin.Pending:
		return d, nil
	default:
		return d, fmt.Errorf("%s: %w", b.Name, admin.ErrNotFound)
	}
	at, busy := time.Date(2026, 11, 18, 7, 2, 11, 0, time.UTC), 92.96
	d.Commands = []admin.Command{
		{Time: at, Times: 40, Command: "Get Chassis Status", Cmd: 1, Account: "evil\x1b[2J", From: netip.MustParseAddr("10.120.4.9"), Code: "00h", Result: "ok"},
		{Time: at, Times: 1, Command: "Chassis Control", Detail: "off", Cmd: 2, Code: "C0h", Result: "node_busy", Changes: true},
	}
	d.SEL = []admin.SELEntry{
		{ID: 112, Text: "record of type E0h"},
		{ID: 111, Time: at, Sensor: "ACPI State", SensorType: "ACPI Power State", Text: "S5/G2 soft off", Direction: "asserted"},
	}
	d.SELTotal = 112
	d.Sensors = []admin.Sensor{
		{Name: "CPU Usage", Available: true, Reading: &busy, Unit: "%", State: "upper non-critical"},
		{Name: "Uptime", Unit: "d", State: "unavailable"},
	}
	return d, nil
}

func TestShowTables(t *testing.T) {
	socket := daemon(t, lab())
	tables := map[string][]string{
		"--commands": {"Commands:", "TIME TIMES COMMAND CODE ACCOUNT FROM",
			`2026-11-18T07:02:11Z 40 Get Chassis Status 00h ok evil?[2J 10.120.4.9`,
			"2026-11-18T07:02:11Z 1 Chassis Control off C0h node_busy - socket"},
		"--sel": {"Event log, the latest 2 of 112:", "ID TIME SENSOR EVENT",
			"112 - - record of type E0h", "111 2026-11-18T07:02:11Z ACPI State S5/G2 soft off asserted"},
		"--sensors": {"Sensors:", "NAME READING STATE", "CPU Usage 93.0 % upper non-critical", "Uptime - unavailable"},
	}
	for flag, want := range tables {
		code, stdout, stderr := command(t, none, "--socket", socket, "show", "esxi01", flag)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", flag, code, stderr)
		}
		lines := squeeze(strings.Split(stdout, "\n"))
		if diff := cmp.Diff(want, lines[max(0, len(lines)-len(want)):]); diff != "" || lines[0] != "Name: lab-a/esxi01" {
			t.Errorf("%s (-want +got):\n%s", flag, diff)
		}
		for other := range tables {
			if other != flag && strings.Contains(stdout, tables[other][1]) {
				t.Errorf("%s prints the table of %s:\n%s", flag, other, stdout)
			}
		}
	}
	_, stdout, _ := command(t, none, "--socket", socket, "show", "lab-b/web1", "--sel", "--sensors", "--commands")
	for _, want := range []string{"Commands: none\n", "Event log: none\n", "Sensors: none\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("of one that waits, %q is not in\n%s", want, stdout)
		}
	}
	if code, _, stderr := command(t, none, "--socket", socket, "show", "lab-b/evil\x1b[2J\tname", "--sel"); code == 0 {
		t.Errorf("one that has gone meanwhile: exit code 0, %s", stderr)
	}
}

// Machines get all of it.
func TestShowDetailJSON(t *testing.T) {
	socket := daemon(t, lab())
	_, stdout, _ := command(t, none, "--socket", socket, "show", "esxi01", "-o", "json")
	var d struct {
		Kind     string
		Name     string
		SEL      []map[string]any
		Sensors  []map[string]any
		Commands []map[string]any
		SELTotal int
	}
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Fatal(err)
	}
	if d.Kind != "BMCDetail" || d.Name != "esxi01" || len(d.SEL) != 2 || len(d.Sensors) != 2 || len(d.Commands) != 2 || d.SELTotal != 112 {
		t.Errorf("%+v", d)
	}
	if _, has := d.SEL[0]["time"]; has {
		t.Error("an entry without a time has one")
	}
	if _, has := d.Sensors[1]["reading"]; has {
		t.Error("a sensor that cannot be read has a reading")
	}
	if _, stdout, _ = command(t, none, "--socket", socket, "show", "esxi01", "-o", "yaml"); !strings.Contains(stdout, "\nkind: BMCDetail\n") || !strings.Contains(stdout, "\nselTotal: 112\n") {
		t.Errorf("YAML:\n%s", stdout)
	}
}
