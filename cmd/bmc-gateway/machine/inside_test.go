package machine

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// remembered is where the first boot leaves the addresses for the second.
const remembered = "/var/tmp/addresses.json"

// TestInside is the first boot: from the package to the upgrade.
func TestInside(t *testing.T) {
	s := newSite(t)
	s.connects(t)
	t.Logf("%s, %s", strings.TrimSpace(run(t, "uname", "-r")), strings.SplitN(run(t, "systemctl", "--version"), "\n", 2)[0])
	if _, err := os.Stat("/sys/module/8021q"); err == nil {
		t.Error("the kernel has its module for VLANs before anybody asked")
	}
	for _, step := range []struct {
		name string
		do   func(*testing.T)
		must bool // nothing works without it
	}{
		{"the package starts nothing", s.installs, true},
		{"without a configuration it is not tried again", s.refuses, false},
		{"it starts", s.starts, true},
		{"user and capabilities", s.privileges, false},
		{"credentials", s.credentials, false},
		{"a VLAN is made", s.makesVLAN, false},
		{"power by VLAN, card and dummy", s.powers, false},
		{"fields in the journal", s.journals, false},
		{"exposure", s.exposed, false},
		{"reload", s.reloads, false},
		{"systemd-networkd starts anew", s.renetworked, false},
		{"the watchdog", s.watched, false},
		{"a crash", s.crashes, false},
		{"restart", s.restarts, false},
		{"upgrade", s.upgrades, false},
		{"stop", s.stops, false},
		{"a VLAN of systemd-networkd's", s.borrowsVLAN, false},
	} {
		if !t.Run(step.name, step.do) {
			t.Log(lastWords())
			if step.must {
				t.FailNow()
			}
		}
	}
	all, err := json.Marshal(s.addresses(t))
	if err != nil {
		t.Fatal(err)
	}
	write(t, remembered, string(all))
}

// TestReboot is the second boot: the service is there by itself, before its vCenter.
func TestReboot(t *testing.T) {
	s := newSite(t)
	if state, n := show(t, "ActiveState"), show(t, "NRestarts"); state != "active" || n != "0" {
		t.Fatalf("after the boot it is %s, and was started anew %s times\n%s", state, n, lastWords())
	}
	if got := complaints(t); got != "" {
		t.Errorf("systemd complains:\n%s", got)
	}
	s.reaches(t)
	s.connects(t)
	write(t, "/etc/bmc-gateway/ca.pem", string(s.vc.CA()))
	run(t, "systemctl", "reload", unit) // the CA is another
	var before map[string]string
	if err := json.Unmarshal([]byte(file(t, remembered)), &before); err != nil {
		t.Fatal(err)
	}
	if after := s.addresses(t); !maps.Equal(before, after) {
		t.Errorf("the addresses were %v and are %v", before, after)
	}
	s.answers(t)
	t.Run("remove and purge", s.removes)
}

// complaints are the warnings about the unit that are not the daemon's own, since
// the boot.
func complaints(t *testing.T) (all string) {
	t.Helper()
	for line := range strings.Lines(journal(t, "-u", unit, "-p", "warning", "-o", "json")) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if entry["_COMM"] != "bmc-gateway" {
			all += fmt.Sprintln(entry["_COMM"], entry["MESSAGE"])
		}
	}
	return all
}

// fails runs what must fail, and returns what it printed.
func fails(t *testing.T, name string, words ...string) string {
	t.Helper()
	out, err := exec.Command(name, words...).CombinedOutput()
	if err == nil {
		t.Errorf("%s %s did not fail: %s", name, strings.Join(words, " "), out)
	}
	return string(out)
}
