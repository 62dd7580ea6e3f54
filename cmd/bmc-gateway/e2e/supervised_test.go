package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mdlayher/arp"
	"github.com/mdlayher/ethernet"
	"golang.org/x/sys/unix"
)

// serviceUser is nobody's number on this host.
const serviceUser = 64623

// capabilities are what the unit gives the daemon, and nothing more.
const capabilities = "-all,+net_admin,+net_bind_service,+net_raw"

// asService lets the daemon run as systemd would run it: as its own user, with
// three capabilities and no way to more, its passwords in a credentials directory,
// and a socket to notify.
func (d *daemon) asService(t *testing.T) *systemd {
	t.Helper()
	_, err := exec.LookPath("setpriv")
	require(t, err == nil, "setpriv is not installed")
	dir, err := os.MkdirTemp("", "bmc-gateway-service")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	credentials := filepath.Join(dir, "credentials")
	if err := errors.Join(os.Mkdir(credentials, 0o700), os.Chmod(filepath.Dir(d.bin), 0o755)); err != nil {
		t.Fatal(err)
	}
	d.configure(t, d.dir, dir) // the admin socket
	d.configure(t, d.dir, dir) // the state file
	for name, to := range map[string]string{"config.yaml": dir, "ca.pem": dir, "vc-password": credentials, "operator-password": credentials} {
		if err := os.Rename(filepath.Join(d.dir, name), filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
	d.dir = dir
	s := newSystemd(t, filepath.Join(dir, "notify"))
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, serviceUser, serviceUser))
	})
	if err != nil {
		t.Fatal(err)
	}
	d.under = []string{
		"setpriv", fmt.Sprint("--reuid=", serviceUser), fmt.Sprint("--regid=", serviceUser), "--clear-groups", "--no-new-privs",
		"--inh-caps=" + capabilities, "--ambient-caps=" + capabilities, "--bounding-set=" + capabilities,
		"env", "CREDENTIALS_DIRECTORY=" + credentials, "NOTIFY_SOCKET=" + filepath.Join(dir, "notify"), "WATCHDOG_USEC=3000000",
	}
	return s
}

// A systemd is the socket that services notify.
type systemd struct{ conn *net.UnixConn }

func newSystemd(t *testing.T, path string) *systemd {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &systemd{conn}
}

// hears waits for what begins like state and reports whether it came in time; what else comes is
// skipped.
func (s *systemd) hears(t *testing.T, state string, limit time.Duration) bool {
	t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1024)
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			return false
		}
		if strings.HasPrefix(string(buf[:n]), state) {
			return true
		}
	}
}

// flush forgets what was said so far.
func (s *systemd) flush(t *testing.T) {
	t.Helper()
	s.hears(t, "what nobody says", 50*time.Millisecond)
}

// privileges returns a process's lines of /proc/PID/status, by name.
func privileges(t *testing.T, pid int) map[string]string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	lines := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		lines[name] = strings.Join(strings.Fields(value), " ")
	}
	return lines
}

// As its own user, with three capabilities, the daemon does all it is for, and
// tells systemd so; stopped, it feeds the watchdog no more.
func TestDaemonAsAService(t *testing.T) {
	s := newSite(t)
	systemd := s.gw.asService(t)
	client := newSpeaker(t, s.lan, "client")
	s.gw.start(t)
	if !systemd.hears(t, "READY=1", patience) {
		t.Fatal("it never said that it is ready")
	}
	have := privileges(t, s.gw.cmd.Process.Pid)
	id := fmt.Sprint(serviceUser)
	for name, want := range map[string]string{
		"Uid": strings.Join([]string{id, id, id, id}, " "), "Groups": "", "NoNewPrivs": "1",
		"CapEff": "0000000000003400", "CapPrm": "0000000000003400", "CapBnd": "0000000000003400", "CapAmb": "0000000000003400",
	} {
		if have[name] != want {
			t.Errorf("%s is %q, want %q", name, have[name], want)
		}
	}

	s.vc.do(t, "tag", "bmc/enabled", "vc-vm-01")
	address := s.gw.address(t, patience, "vc-vm-01")
	if !client.hearsAnnouncement(netip.MustParseAddr(address), patience) {
		t.Error("the address was not announced by ARP")
	}
	within(t, patience, "power status", s.want(address, "on"))
	if !s.gw.onInterface(t)[address] {
		t.Errorf("%s is not on eth0", address)
	}
	if out, err := s.ipmitool(address, "power", "off"); err != nil {
		t.Error(out, err)
	}
	if !systemd.hears(t, "STATUS=1 BMC, 0 not ready", patience) {
		t.Error("it never said how many BMCs there are")
	}

	_ = s.gw.cmd.Process.Signal(syscall.SIGHUP)
	for _, want := range []string{"RELOADING=1\nMONOTONIC_USEC=", "READY=1"} {
		if !systemd.hears(t, want, patience) {
			t.Errorf("after SIGHUP it never said %q", want)
		}
	}

	t.Run("watchdog", func(t *testing.T) { s.gw.fed(t, systemd) })
	s.gw.stop(t, syscall.SIGTERM)
	if !systemd.hears(t, "STOPPING=1", patience) {
		t.Error("it never said that it stops")
	}
	if left := s.gw.onInterface(t); len(left) != 1 {
		t.Errorf("on eth0 after the stop: %v", left)
	}
}

// fed stops the process for longer than its watchdog waits, and lets it go on.
func (d *daemon) fed(t *testing.T, s *systemd) {
	t.Helper()
	if !s.hears(t, "WATCHDOG=1", patience) {
		t.Error("the watchdog is not fed")
	}
	_ = d.cmd.Process.Signal(syscall.SIGSTOP)
	s.flush(t)
	if s.hears(t, "WATCHDOG=1", 4*time.Second) {
		t.Error("the watchdog of a stopped process is fed")
	}
	_ = d.cmd.Process.Signal(syscall.SIGCONT)
	if !s.hears(t, "WATCHDOG=1", patience) {
		t.Error("it goes on and does not feed the watchdog")
	}
}

// hearsAnnouncement reports whether somebody has said unasked who has the address.
func (s *speaker) hearsAnnouncement(a netip.Addr, within time.Duration) bool {
	buf := make([]byte, 2000)
	for deadline := time.Now().Add(within); time.Now().Before(deadline); {
		n, _, err := unix.Recvfrom(s.fd, buf, 0)
		if err != nil {
			continue
		}
		var frame ethernet.Frame
		var p arp.Packet
		if frame.UnmarshalBinary(buf[:n]) != nil || p.UnmarshalBinary(frame.Payload) != nil {
			continue
		}
		if p.SenderIP == a && p.TargetIP == a {
			return true
		}
	}
	return false
}
