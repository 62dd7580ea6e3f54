package e2e

import (
	"fmt"
	"maps"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	operatorPassword = "operator-secret"
	vcAddress        = "10.99.0.2:8989"
)

// A site is the whole picture of the README: a client, a gateway and a vCenter.
type site struct {
	lan *lan
	vc  *vcenter
	gw  *daemon
}

func newSite(t *testing.T) *site {
	t.Helper()
	l := newLAN(t)
	l.addHost(t, "gw", "10.99.0.1/24")
	l.addHost(t, "vc", "10.99.0.2/24")
	l.addHost(t, "client", "10.99.0.3/24")
	vc := startVCenter(t, l, "vc", vcAddress)
	return &site{lan: l, vc: vc, gw: newDaemon(t, l, "gw", vcAddress, vc.ca)}
}

// ipmitool runs on the client and names no port: the BMC is on the standard one.
func (s *site) ipmitool(address string, words ...string) (string, error) {
	return s.ipmitoolOn("client", address, words...)
}

func (s *site) ipmitoolOn(host, address string, words ...string) (string, error) {
	args := append([]string{"ipmitool", "-I", "lanplus", "-N", "1", "-R", "3",
		"-H", address, "-U", "operator", "-P", operatorPassword, "-L", "OPERATOR"}, words...)
	out, err := s.lan.command(host, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return text, fmt.Errorf("ipmitool %s: %w: %s", strings.Join(words, " "), err, text)
	}
	return text, nil
}

func (s *site) want(address, power string) func() error {
	return func() error {
		out, err := s.ipmitool(address, "power", "status")
		if err == nil && out != "Chassis Power is "+power {
			return fmt.Errorf("got %q, want %s", out, power)
		}
		return err
	}
}

// The main job: tag a VM and it answers on an address of its own; untag it and
// that is gone; nothing else moves, and a restart changes nothing.
func TestTaggedVMAnswersIPMITool(t *testing.T) {
	s := newSite(t)
	s.gw.configure(t, "  accounts:\n", "  power: {cycle_off_time: 10s}\n  accounts:\n")
	s.gw.start(t)

	one, quickest := s.tag(t, "vc-vm-01")
	if !strings.HasPrefix(one, "10.99.0.1") || !s.gw.onInterface(t)[one] {
		t.Fatalf("%s is not an address of the pool on eth0", one)
	}

	two, took := s.tag(t, "vc-vm-02")
	if one == two {
		t.Fatalf("two VMs have %s", one)
	}
	// A machine that does something else may be slow, but not each time.
	for _, vm := range []string{"vc-vm-03", "vc-vm-04"} {
		if quickest = min(quickest, took); quickest > 3*time.Second {
			_, took = s.tag(t, vm)
		}
	}
	if quickest = min(quickest, took); quickest > 3*time.Second {
		t.Errorf("the soonest of four answered %s after it was tagged", quickest)
	}

	t.Run("power off", func(t *testing.T) {
		if out, err := s.ipmitool(one, "power", "off"); err != nil {
			t.Fatal(out, err)
		}
		within(t, patience, "status", s.want(one, "off"))
		if got := s.vc.do(t, "power", "vc-vm-01"); got != "poweredOff" {
			t.Errorf("vCenter says %q", got)
		}
		if err := s.want(two, "on")(); err != nil {
			t.Error("the other VM:", err)
		}
	})

	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run("restart after "+sig.String(), func(t *testing.T) {
			s.gw.stop(t, sig)
			s.gw.start(t)
			if again := s.gw.address(t, patience, "vc-vm-01"); again != one {
				t.Errorf("vc-vm-01 had %s and has %s", one, again)
			}
			if again := s.gw.address(t, patience, "vc-vm-02"); again != two {
				t.Errorf("vc-vm-02 had %s and has %s", two, again)
			}
			within(t, patience, "status", s.want(one, "off"))
		})
	}

	t.Run("killed in a power cycle", func(t *testing.T) { s.killedInACycle(t, two) })
	t.Run("untag", func(t *testing.T) { s.untag(t, one, two) })
	t.Run("tagged while the gateway was down", func(t *testing.T) { s.swapWhileDown(t, one, two) })
	t.Run("nothing is left after a stop", func(t *testing.T) {
		s.gw.stop(t, syscall.SIGTERM)
		if left := s.gw.onInterface(t); len(left) != 1 || !left["10.99.0.1"] {
			t.Errorf("on eth0: %v", left)
		}
	})
}

// tag gives a VM the tag and returns its address and when its BMC answered there.
func (s *site) tag(t *testing.T, vm string) (address string, took time.Duration) {
	t.Helper()
	began := time.Now()
	s.vc.do(t, "tag", "bmc/enabled", vm)
	address = s.gw.address(t, patience, vm)
	within(t, patience, "power status", s.want(address, "on"))
	took = time.Since(began)
	t.Logf("%s answered on %s, %s after it was tagged", vm, address, took.Round(time.Millisecond))
	return address, took
}

// killedInACycle kills the gateway while the second VM is off for a power cycle:
// the next start of the gateway ends it.
func (s *site) killedInACycle(t *testing.T, two string) {
	t.Helper()
	if out, err := s.ipmitool(two, "power", "cycle"); err != nil {
		t.Fatal(out, err)
	}
	within(t, 9*time.Second, "off", s.want(two, "off"))
	s.gw.stop(t, syscall.SIGKILL)
	if got := s.vc.do(t, "power", "vc-vm-02"); got != "poweredOff" {
		t.Fatalf("not killed in time: vCenter says %q", got)
	}
	s.gw.start(t)
	within(t, patience, "on again", s.want(two, "on"))
}

// untag takes the first VM's tag away; the second keeps its BMC.
func (s *site) untag(t *testing.T, one, two string) {
	t.Helper()
	before := s.gw.onInterface(t)
	s.vc.do(t, "untag", "bmc/enabled", "vc-vm-01")
	within(t, patience, "address is gone", func() error {
		if s.gw.onInterface(t)[one] || s.gw.listening(t, one) {
			return fmt.Errorf("%s is still there", one)
		}
		return nil
	})
	delete(before, one)
	if after := s.gw.onInterface(t); !maps.Equal(before, after) {
		t.Errorf("addresses were %v without it and are %v", before, after)
	}
	if err := s.want(two, "on")(); err != nil {
		t.Error("the other VM:", err)
	}
}

// swapWhileDown tags the first VM again and untags the second while nobody looks.
func (s *site) swapWhileDown(t *testing.T, one, two string) {
	t.Helper()
	s.gw.stop(t, syscall.SIGKILL)
	s.vc.do(t, "untag", "bmc/enabled", "vc-vm-02")
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	s.gw.start(t)
	if again := s.gw.address(t, patience, "vc-vm-01"); again != one {
		t.Errorf("vc-vm-01 had %s and has %s", one, again)
	}
	within(t, patience, "the other's address is gone", func() error {
		if s.gw.onInterface(t)[two] {
			return fmt.Errorf("%s is still there", two)
		}
		return nil
	})
}

// A vCenter that is slow or gone must not make the gateway lie.
func TestVCenterUnreachable(t *testing.T) {
	s := newSite(t)
	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	s.gw.start(t)
	bmc := s.gw.address(t, patience, "vc-vm-01")
	within(t, patience, "status", s.want(bmc, "on"))

	for name, outage := range map[string]struct{ begin, end []string }{
		"silent":     {[]string{"stall", "true"}, []string{"stall", "false"}},
		"refuses us": {[]string{"down"}, []string{"up"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.vc.do(t, outage.begin...)
			began := time.Now()
			// A slow machine's memory is not fresh any more when it is asked.
			if err := s.want(bmc, "on")(); err != nil && time.Since(began) < freshness/2 {
				t.Error("from fresh memory:", err)
			}
			quickest := time.Hour
			for n := 0; n < 3 && quickest > 4*time.Second; n++ { // the machine may be busy, but not each time
				asked := time.Now()
				// Not "off": a vCenter that was only silent may still carry it out.
				if out, err := s.ipmitool(bmc, "power", "reset"); err == nil {
					t.Errorf("a command nobody has accepted: %q", out)
				}
				quickest = min(quickest, time.Since(asked))
			}
			// The session's set-up and the answer; the BMC's own limit is 2 s.
			if quickest > 4*time.Second {
				t.Errorf("the refusal took %s", quickest)
			}
			within(t, freshness+patience, "status fails once it is stale", func() error {
				out, err := s.ipmitool(bmc, "power", "status")
				if strings.HasSuffix(out, "is off") {
					t.Fatalf("%s after the vCenter went: %q", time.Since(began), out)
				}
				if err == nil {
					return fmt.Errorf("still %q", out)
				}
				return nil
			})
			if out, err := s.ipmitool(bmc, "power", "reset"); err == nil {
				t.Errorf("a command with the vCenter known to be gone: %q", out)
			}
			s.vc.do(t, outage.end...)
			within(t, 2*patience, "recovery", s.want(bmc, "on"))
			if out, err := s.ipmitool(bmc, "power", "on"); err != nil {
				t.Error("a command after recovery:", out, err)
			}
		})
	}
}
