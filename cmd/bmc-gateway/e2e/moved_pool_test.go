package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// A pool that is on another interface after a restart, or after a reload, leaves no
// address on the one it had: an hour's lifetime is no reason for two to own it.
func TestPoolMovesToAnotherInterface(t *testing.T) {
	s := newSite(t)
	addInterface(t, s.lan, s.gw.host, "eth1")
	s.gw.configure(t, "  prefix_length: 24\n", "  prefix_length: 24\n  lifetime: 1h\n")
	s.gw.start(t)
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	address := s.gw.address(t, patience, "vc-vm-01")
	s.wantOwner(t, address, "eth0")

	s.gw.stop(t, syscall.SIGKILL)
	s.gw.configure(t, "interface: eth0", "interface: eth1")
	s.gw.start(t)
	if again := s.gw.address(t, patience, "vc-vm-01"); again != address {
		t.Errorf("vc-vm-01 had %s and has %s", address, again)
	}
	s.wantOwner(t, address, "eth1")
	within(t, patience, "power status", s.want(address, "on"))
	if log := s.gw.logged(t); !strings.Contains(log, "left on another interface") {
		t.Errorf("nothing in the log:\n%s", log)
	}

	s.gw.configure(t, "interface: eth1", "interface: eth0")
	if said := s.gw.ask("reload"); !strings.Contains(said, "replace") {
		t.Fatalf("reload: %s", said)
	}
	s.gw.address(t, patience, "vc-vm-01")
	s.wantOwner(t, address, "eth0")
	within(t, patience, "power status", s.want(address, "on"))
}

// addInterface gives a host another interface on the same bridge.
func addInterface(t *testing.T, l *lan, host, name string) {
	t.Helper()
	port := "q-" + host
	run(t, "ip", "link", "add", name, "netns", l.ns(host), "type", "veth", "peer", "name", port, "netns", l.ns("lan"))
	l.in(t, "lan", "ip", "link", "set", port, "master", "br0", "up")
	l.in(t, host, "ip", "link", "set", name, "up")
}

// wantOwner waits until that interface, and no other, has the address.
func (s *site) wantOwner(t *testing.T, address, iface string) {
	t.Helper()
	within(t, patience, address+" is on "+iface+" alone", func() error {
		var on []string
		for line := range strings.Lines(s.lan.in(t, s.gw.host, "ip", "-o", "-4", "addr", "show")) {
			if fields := strings.Fields(line); strings.HasPrefix(fields[3], address+"/") {
				on = append(on, fields[1])
			}
		}
		if len(on) != 1 || on[0] != iface {
			return fmt.Errorf("it is on %v", on)
		}
		return nil
	})
}
