package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// doctor runs it on the gateway's host and returns what it says, whatever its exit
// status.
func (s *site) doctor(words ...string) string {
	args := append([]string{s.gw.bin, "--socket", filepath.Join(s.gw.dir, "admin.sock"),
		"doctor", "--config", filepath.Join(s.gw.dir, "config.yaml")}, words...)
	out, _ := s.lan.command(s.gw.host, args...).CombinedOutput()
	return string(out)
}

// What is wrong on the link, at the vCenter and on the host is found from the
// gateway's host, and nothing is left behind by looking.
func TestDoctor(t *testing.T) {
	s := newSite(t)
	s.lan.addHost(t, "other", "10.99.0.4/24")
	s.lan.in(t, "other", "ip", "addr", "add", "10.99.0.105/24", "dev", "eth0")
	s.lan.in(t, "gw", "ip", "route", "add", "local", "10.7.0.0/24", "dev", "eth0", "proto", "176")
	s.gw.start(t)
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	address := s.gw.address(t, patience, "vc-vm-01")
	before := s.gw.onInterface(t)

	text := s.doctor()
	for _, want := range []string{
		"warning  duplicates in pool lab: 10.99.0.105 is ",
		"-> add 10.99.0.105 to the pool's exclude list",
		"warning  routes left behind: the local route to 10.7.0.0/24",
		"-> ip route del local 10.7.0.0/24 dev eth0 table local proto 176",
		"ok       vcenter vc: login: ",
		"ok       vcenter vc: clock: ",
		"vc-vm-01 at " + address + ":623 answers",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if after := s.gw.onInterface(t); len(after) != len(before) {
		t.Errorf("on eth0: before %v, after %v", before, after)
	}
	if text := s.doctor("--offline"); strings.Contains(text, "vcenter") || !strings.Contains(text, "duplicates") {
		t.Errorf("offline it says\n%s", text)
	}
	s.vc.do(t, "down")
	if text := s.doctor("--within", "3s"); !strings.Contains(text, "problem  vcenter vc: ") {
		t.Errorf("no problem with a vCenter that is gone:\n%s", text)
	}
}
