package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// build makes the binary once for all tests of the package.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bmc-gateway-e2e")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "bmc-gateway")
	out, err := exec.Command("go", "build", "-o", bin, "github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// A daemon is the gateway on its host: configuration and state stay, the
// process comes and goes.
type daemon struct {
	lan  *lan
	host string
	bin  string
	dir  string
	cmd  *exec.Cmd

	under []string // the program, and its arguments, that starts the daemon
}

// freshness is short so that the test of a silent vCenter is, too.
const freshness = 4 * time.Second

const configText = `apiVersion: bmc-gateway/v1
admin: {socket: %[1]s/admin.sock}
http: {listen: ""}
state: {path: %[1]s/state.db}
vcenters:
- name: vc
  url: https://%[2]s
  username: svc-bmc@vsphere.local
  password_file: vc-password
  ca_file: ca.pem
  freshness: %[3]s
pools:
- name: lab
  interface: eth0
  ranges: ["10.99.0.100-10.99.0.120"]
  prefix_length: 24
tenants:
- name: lab
  vcenter: vc
  select: {tags: ["bmc/enabled"]}
  pool: lab
  allow_from: ["10.99.0.0/24"]
  accounts:
  - {username: operator, password_file: operator-password, privilege: operator}
`

func newDaemon(t *testing.T, l *lan, host, vcAddress, ca string) *daemon {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{lan: l, host: host, bin: bin, dir: t.TempDir()}
	for name, text := range map[string]string{
		"config.yaml":       fmt.Sprintf(configText, d.dir, vcAddress, freshness),
		"ca.pem":            ca,
		"vc-password":       "vc-secret\n",
		"operator-password": operatorPassword + "\n",
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { d.stop(t, syscall.SIGTERM) })
	return d
}

// start runs the daemon and returns when its admin socket answers.
func (d *daemon) start(t *testing.T) {
	t.Helper()
	d.launch(t)
	within(t, patience, "admin socket", func() error {
		_, err := d.list()
		return err
	})
}

// launch runs the daemon.
func (d *daemon) launch(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	words := append(slices.Clone(d.under), d.bin, "serve", "--config", filepath.Join(d.dir, "config.yaml"))
	d.cmd = d.lan.command(d.host, words...)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// stop ends the daemon with a signal and waits for it. SIGTERM must end it cleanly.
func (d *daemon) stop(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Signal(sig)
	err := d.cmd.Wait()
	d.cmd = nil
	if sig == syscall.SIGTERM && err != nil {
		t.Errorf("the daemon ended with %v", err)
	}
	if t.Failed() {
		text, _ := os.ReadFile(filepath.Join(d.dir, "log"))
		t.Logf("the daemon's log:\n%s", text)
	}
}

// configure replaces a part of the configuration file.
func (d *daemon) configure(t *testing.T, old, text string) {
	t.Helper()
	path := filepath.Join(d.dir, "config.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("no %q in the configuration", old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), old, text, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// logged returns what the daemon has logged.
func (d *daemon) logged(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A listed BMC is what the tests need of `list -o json`.
type listed struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	Address string `json:"address"`
}

func (d *daemon) list() (map[string]listed, error) {
	out, err := exec.Command(d.bin, "--socket", filepath.Join(d.dir, "admin.sock"), "list", "-o", "json").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, fmt.Errorf("list: %w: %s", err, exit.Stderr)
		}
		return nil, err
	}
	var answer struct{ Items []listed }
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, err
	}
	byName := make(map[string]listed)
	for _, b := range answer.Items {
		byName[b.Name] = b
	}
	return byName, nil
}

// ask runs a command against the daemon and returns all it printed, whatever its
// exit status.
func (d *daemon) ask(words ...string) string {
	out, _ := exec.Command(d.bin, append([]string{"--socket", filepath.Join(d.dir, "admin.sock")}, words...)...).CombinedOutput()
	return string(out)
}

// address waits for the VM's BMC and returns its address.
func (d *daemon) address(t *testing.T, limit time.Duration, vm string) string {
	t.Helper()
	var address string
	within(t, limit, vm+" has a BMC", func() error {
		bmcs, err := d.list()
		if err != nil {
			return err
		}
		if b := bmcs[vm]; b.State == "ready" {
			address = b.Address
			return nil
		}
		return fmt.Errorf("%s: %+v", vm, bmcs[vm])
	})
	return address
}

// onInterface says which addresses of the pool the gateway's interface has.
func (d *daemon) onInterface(t *testing.T) map[string]bool {
	t.Helper()
	have := make(map[string]bool)
	for line := range strings.Lines(d.lan.in(t, d.host, "ip", "-o", "-4", "addr", "show", "dev", "eth0")) {
		fields := strings.Fields(line)
		address, _, _ := strings.Cut(fields[3], "/")
		have[address] = true
	}
	return have
}

// listening says whether something on the gateway's host listens on udp address:623.
func (d *daemon) listening(t *testing.T, address string) bool {
	t.Helper()
	out := d.lan.in(t, d.host, "cat", "/proc/net/udp")
	var b [4]byte
	if _, err := fmt.Sscanf(address, "%d.%d.%d.%d", &b[0], &b[1], &b[2], &b[3]); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(out, fmt.Sprintf("%02X%02X%02X%02X:026F", b[3], b[2], b[1], b[0]))
}
