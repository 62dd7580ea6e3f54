package machine

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"
)

// another waits until systemd has started another process, and returns how often
// it has done so by itself.
func another(t *testing.T, pid string) (restarts string) {
	t.Helper()
	eventually(t, "another process", func() error {
		if now := show(t, "MainPID"); now == pid || now == "0" || show(t, "ActiveState") != "active" {
			return fmt.Errorf("process %s, %s %s, result %s", now, show(t, "ActiveState"), show(t, "SubState"), show(t, "Result"))
		}
		return nil
	})
	return show(t, "NRestarts")
}

// watched: a daemon that hangs is killed and started anew, and its addresses stay
// meanwhile.
func (s *site) watched(t *testing.T) {
	before, pid, began := s.addresses(t), show(t, "MainPID"), time.Now()
	run(t, "kill", "-STOP", pid)
	if restarts := another(t, pid); restarts != "1" {
		t.Errorf("it was started anew %s times", restarts)
	}
	t.Logf("another process %s after the daemon hung", time.Since(began).Round(time.Second))
	if got := journal(t, "_PID=1", "UNIT="+unit); !strings.Contains(got, "Watchdog timeout") {
		t.Errorf("systemd does not tell of the watchdog:\n%s", got)
	}
	if after := s.addresses(t); !maps.Equal(before, after) {
		t.Errorf("the addresses were %v and are %v", before, after)
	}
	s.answers(t)
}

// crashes in every way there is: of a panic (as SIGABRT ends), a broken runtime, and
// from outside.
func (s *site) crashes(t *testing.T) {
	before := s.addresses(t)
	for _, signal := range []string{"ABRT", "QUIT", "SEGV", "KILL"} {
		pid := show(t, "MainPID")
		run(t, "kill", "-"+signal, pid)
		another(t, pid)
	}
	if after := s.addresses(t); !maps.Equal(before, after) {
		t.Errorf("the addresses were %v and are %v", before, after)
	}
	s.answers(t)
}

// restarts: the same VMs have the same addresses.
func (s *site) restarts(t *testing.T) {
	before, pid, began := s.addresses(t), show(t, "MainPID"), time.Now()
	run(t, "systemctl", "restart", unit)
	t.Logf("took %s", time.Since(began).Round(100*time.Millisecond))
	if now := show(t, "MainPID"); now == pid {
		t.Error("it is the same process")
	}
	if after := s.addresses(t); !maps.Equal(before, after) {
		t.Errorf("the addresses were %v and are %v", before, after)
	}
	s.answers(t)
}

// upgrades the package of a daemon that runs.
func (s *site) upgrades(t *testing.T) {
	before, pid := s.addresses(t), show(t, "MainPID")
	run(t, "dpkg", "-i", "/seed/"+deb("0.9.1"))
	another(t, pid)
	if after := s.addresses(t); !maps.Equal(before, after) {
		t.Errorf("the addresses were %v and are %v", before, after)
	}
	if got := run(t, "bmc-gateway", "status"); !strings.Contains(got, "0.9.1") {
		t.Errorf("the daemon is the old one:\n%s", got)
	}
	if state := show(t, "UnitFileState"); state != "enabled" {
		t.Errorf("it is %s", state)
	}
	s.answers(t)
}

// removes the package: the service ends, configuration and state stay until purge.
func (s *site) removes(t *testing.T) {
	run(t, "apt-get", "remove", "-y", "-q", "bmc-gateway")
	if state := show(t, "ActiveState"); state != "inactive" {
		t.Errorf("after the removal it is %s", state)
	}
	for _, path := range []string{"/etc/bmc-gateway/config.yaml", "/var/lib/bmc-gateway/state.db"} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	run(t, "apt-get", "purge", "-y", "-q", "bmc-gateway")
	if left := run(t, "sh", "-c", "find / -xdev -path /proc -prune -o -path /seed -prune -o -path /var/log/journal -prune -o -name '*bmc-gateway*' -print"); left != "" {
		t.Logf("left after purge:\n%s", left)
	}
	for _, path := range []string{"/etc/bmc-gateway", "/var/lib/bmc-gateway", "/var/lib/private/bmc-gateway"} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("after purge: %s: %v", path, err)
		}
	}
}
