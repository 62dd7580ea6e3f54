package usecases

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

// The client is the service; python3-ironic has no program, only modules.
var (
	ironicProgram = program{name: "Ironic", debian: "python3-ironic", path: "/usr/lib/python3/dist-packages/ironic/cmd/singleprocess.py"}
	ironicClient  = program{name: "baremetal", debian: "python3-ironicclient"}
	ironicUses    = program{name: "ipmitool", debian: "ipmitool"}
)

const (
	debiansPython   = "/usr/bin/python3"
	ironicHost      = 250 // of the lab's network, where no BMC gets
	ironicPort      = "6385"
	ironicEndWithin = 20 * time.Second
)

// ironicConf is a whole Ironic in one process: API and conductor speak to each
// other directly, the database is a file, and nobody logs in. What is not about
// IPMI is off. The conductor looks after power states every few seconds, where
// the default is a minute, and asks each BMC once a second at most, not once in
// five; it tries a command for fifteen seconds, not sixty, and does so
// twice, not four times, before a power state counts as unknown.
const ironicConf = `[DEFAULT]
auth_strategy = noauth
rpc_transport = none
use_stderr = true
debug = true
host = lab
my_ip = %[1]s
state_path = %[2]s
tempdir = %[2]s
enabled_hardware_types = ipmi
enabled_power_interfaces = ipmitool
enabled_management_interfaces = ipmitool
enabled_vendor_interfaces = ipmitool
enabled_network_interfaces = noop
enabled_deploy_interfaces = ramdisk
enabled_boot_interfaces = pxe
enabled_bios_interfaces = no-bios
enabled_console_interfaces = no-console
enabled_inspect_interfaces = no-inspect
enabled_raid_interfaces = no-raid
enabled_rescue_interfaces = no-rescue
enabled_storage_interfaces = noop
[api]
host_ip = %[1]s
port = %[3]s
api_workers = 1
[database]
connection = sqlite:///%[2]s/ironic.db
sqlite_synchronous = false
[conductor]
automated_clean = false
sync_power_state_interval = 4
power_failure_recovery_interval = 4
power_state_sync_max_retries = 1
power_state_change_timeout = 120
soft_power_off_timeout = 120
[ipmi]
min_command_interval = 1
command_retry_timeout = 15
cipher_suite_versions = 3,17
[sensor_data]
send_sensor_data = true
interval = 30
enable_for_undeployed_nodes = true
enable_for_conductor = false
[oslo_messaging_notifications]
driver = log
transport_url = fake://
[oslo_concurrency]
lock_path = %[2]s
`

// An ironic is the service, in a directory of its own.
type ironic struct {
	dir string
	url string
}

// startIronic makes its database and runs it until the test ends.
func startIronic(t *testing.T, l *lab.Lab) *ironic {
	t.Helper()
	network := l.BMC(l.VM(0)).Address.As4()
	network[3] = ironicHost
	host := netip.AddrFrom4(network).String()
	i := &ironic{dir: t.TempDir(), url: "http://" + net.JoinHostPort(host, ironicPort)}
	if err := os.WriteFile(i.path("ironic.conf"), fmt.Appendf(nil, ironicConf, host, i.dir, ironicPort), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := i.command(t.Context(), "dbsync", "create_schema").CombinedOutput(); err != nil {
		t.Fatalf("the database: %v\n%s", err, out)
	}
	i.run(t)
	eventually(t, "Ironic answers", func() error {
		answer, err := http.Get(i.url + "/v1/drivers/ipmi")
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("status %s", answer.Status)
		}
		return nil
	})
	return i
}

func (i *ironic) path(name string) string { return filepath.Join(i.dir, name) }

// command runs one of Ironic's programs as its wrapper in /usr/bin would.
func (i *ironic) command(ctx context.Context, module string, args ...string) *exec.Cmd {
	script := "import sys; sys.argv[0] = 'ironic'; from ironic.cmd." + module + " import main; sys.exit(main())"
	cmd := exec.CommandContext(ctx, debiansPython, append([]string{"-c", script, "--config-file", i.path("ironic.conf")}, args...)...)
	cmd.Env = lab.Environment(i.dir)
	cmd.Dir = i.dir
	return cmd
}

func (i *ironic) run(t *testing.T) {
	t.Helper()
	log, err := os.Create(i.path("ironic.log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := i.command(ctx, "singleprocess")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with its ipmitools
	cmd.WaitDelay = ironicEndWithin
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		_ = log.Close()
		if t.Failed() {
			t.Logf("Ironic said:\n%s", i.complaints())
		}
		http.DefaultClient.CloseIdleConnections()
	})
}

// log is what it has said so far, without the dump of its options.
func (i *ironic) log() string {
	text, err := os.ReadFile(i.path("ironic.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// complaints are the last warnings and errors.
func (i *ironic) complaints() string {
	var lines []string
	for line := range strings.Lines(i.log()) {
		if strings.Contains(line, " WARNING ") || strings.Contains(line, " ERROR ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-40):], "")
}

// ran reports how often it ran an ipmitool whose command line has all of the words.
func (i *ironic) ran(words ...string) int {
	n := 0
lines:
	for line := range strings.Lines(i.log()) {
		if !strings.Contains(line, "Running cmd (subprocess): ipmitool ") {
			continue
		}
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		n++
	}
	return n
}
