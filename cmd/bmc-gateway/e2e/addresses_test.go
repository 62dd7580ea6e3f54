package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// addressLifetime is short so that the test of a daemon that stays dead is, too.
const addressLifetime = 10 * time.Second

// Killed at any moment and restarted within a second, the gateway takes up its
// addresses: nobody on the link notices. Left dead, it leaves nothing behind.
func TestKilledGatewayKeepsItsAddresses(t *testing.T) {
	s := newSite(t)
	s.gw.configure(t, "  prefix_length: 24\n", fmt.Sprintf("  prefix_length: 24\n  lifetime: %s\n", addressLifetime))
	s.gw.start(t)
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	address := s.gw.address(t, patience, "vc-vm-01")
	within(t, patience, "power status", s.want(address, "on"))
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-02")
	other := s.gw.address(t, patience, "vc-vm-02")
	answers := s.watchSystems(t, address, other)

	stop := newSpeaker(t, s.lan, "client").watchARP(t, netip.MustParseAddr("10.99.0.3"), netip.MustParseAddr(address))
	for range 20 {
		pause(t, rand.N(1500*time.Millisecond))
		s.gw.stop(t, syscall.SIGKILL)
		pause(t, rand.N(900*time.Millisecond))
		s.gw.launch(t)
	}
	if again := s.gw.address(t, patience, "vc-vm-01"); again != address {
		t.Errorf("vc-vm-01 had %s and has %s", address, again)
	}
	within(t, patience, "power status", s.want(address, "on"))
	answers()
	w := stop()
	t.Logf("asked %d times, owners %v", w.asked, w.owners)
	if w.gaps != 0 || len(w.owners) != 1 {
		t.Errorf("%d of %d questions without an answer, owners %v; want none, and one owner", w.gaps, w.asked, w.owners)
	}

	s.gw.stop(t, syscall.SIGKILL)
	took := within(t, addressLifetime+patience, "the address is gone", func() error {
		if s.gw.onInterface(t)[address] {
			return errors.New("it is still there")
		}
		return nil
	})
	t.Logf("gone %s after the last kill, of a lifetime of %s", took.Round(time.Millisecond), addressLifetime)
	if left := s.gw.onInterface(t); len(left) != 1 || !left["10.99.0.1"] {
		t.Errorf("on eth0: %v", left)
	}
}

// watchSystems asks at each address which system answers, until the function it
// returns is called: it is the same from the beginning to the end, and another at
// each. While the gateway is dead, and until it knows its inventory, nobody answers.
func (s *site) watchSystems(t *testing.T, addresses ...string) (stop func()) {
	t.Helper()
	was := make(map[string]string) // the address, by system
	watches := make(map[string]func() guidWatch)
	for _, a := range addresses {
		c := dialIn(t, s.lan, "client", a)
		within(t, patience, "an answer at "+a, func() error {
			system, err := guid(t.Context(), c)
			if err == nil {
				was[system] = a
			}
			return err
		})
		watches[a] = watchGUID(t, c)
	}
	if len(was) != len(addresses) {
		t.Fatalf("the systems at %v: %x", addresses, was)
	}
	return func() {
		t.Helper()
		for a, end := range watches {
			w := end()
			t.Logf("%s was asked %d times over IPMI and answered %d times", a, w.asked, w.answered)
			if w.answered == 0 {
				t.Errorf("%s never answered", a)
			}
			for system, n := range w.systems {
				if was[system] != a {
					t.Errorf("%s answered as system %x %d times, which is at %q", a, system, n, was[system])
				}
			}
		}
	}
}

// pause waits, unless the test ends.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}

// What another host has is never taken, and another host that turns up later is
// told of.
func TestAddressOfAnotherHost(t *testing.T) {
	s := newSite(t)
	s.lan.addHost(t, "other", "10.99.0.4/24")
	for _, a := range []string{"10.99.0.100", "10.99.0.101"} {
		s.lan.in(t, "other", "ip", "addr", "add", a+"/24", "dev", "eth0")
	}
	s.gw.configure(t, "10.99.0.100-10.99.0.120", "10.99.0.100-10.99.0.102")
	s.gw.start(t)
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	address := s.gw.address(t, patience, "vc-vm-01")
	if address != "10.99.0.102" {
		t.Errorf("vc-vm-01 has %s, which another host has", address)
	}
	if have := s.gw.onInterface(t); have["10.99.0.100"] || have["10.99.0.101"] {
		t.Errorf("on eth0: %v", have)
	}
	within(t, patience, "power status", s.want(address, "on"))

	// The pool has no more: the next VM waits, and says why.
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-02")
	within(t, patience, "vc-vm-02 waits", func() error {
		bmcs, err := s.gw.list()
		if err == nil && bmcs["vc-vm-02"].State != "pending" {
			err = fmt.Errorf("%+v", bmcs["vc-vm-02"])
		}
		return err
	})

	other := newSpeaker(t, s.lan, "other")
	a := netip.MustParseAddr(address)
	if err := other.send(a, a); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "the conflict is told", func() error {
		if !strings.Contains(s.gw.logged(t), "another host says it has the address of a BMC") {
			return errors.New("nothing in the log")
		}
		return nil
	})
	within(t, patience, "status and show name it", func() error {
		text := s.gw.ask("status") + s.gw.ask("show", "vc-vm-01")
		for _, want := range []string{"addresses that another host says it has: 1", "conflict: "} {
			if !strings.Contains(text, want) {
				return fmt.Errorf("no %q in\n%s", want, text)
			}
		}
		return nil
	})
	within(t, patience, "power status", s.want(address, "on"))
}

// With the state file and its copy gone, a VM finds its address again by what the
// kernel kept with it, although another VM would come first.
func TestLostStateFile(t *testing.T) {
	s := newSite(t)
	s.gw.start(t)
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-02")
	address := s.gw.address(t, patience, "vc-vm-02")
	within(t, patience, "power status", s.want(address, "on"))
	s.gw.stop(t, syscall.SIGKILL)
	for _, name := range []string{"state.db", "state.db.copy"} {
		if err := os.Remove(filepath.Join(s.gw.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	s.gw.start(t)
	if again := s.gw.address(t, patience, "vc-vm-02"); again != address {
		t.Errorf("vc-vm-02 had %s and has %s", address, again)
	}
	if other := s.gw.address(t, patience, "vc-vm-01"); other == address {
		t.Errorf("vc-vm-01 has %s, which was another VM's", other)
	}
	within(t, patience, "power status", s.want(address, "on"))
}
