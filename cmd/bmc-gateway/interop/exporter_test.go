package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/lab"
)

const exporterConf = `modules:
  default:
    user: admin
    pass: %[1]s
    driver: LAN_2_0
    privilege: admin
    timeout: 10000
    collectors: [bmc, ipmi, chassis, dcmi, sel]
    custom_args:
      ipmi: ["--sdr-cache-directory=%[2]s"]
  first:
    user: user
    pass: %[1]s
    driver: LAN_2_0
    privilege: user
    timeout: 10000
    collectors: [bmc, chassis]
`

// exporterClients is Prometheus's view: one session for each collector and scrape.
func exporterClients() []*client {
	return []*client{{
		name: "prometheus-ipmi-exporter", program: "prometheus-ipmi-exporter", debian: "prometheus-ipmi-exporter",
		prepare: startExporter,
		with:    `n=0; until curl -fs http://127.0.0.1:$EXPORTER/metrics >/dev/null || [ $n -gt 100 ]; do n=$((n+1)); sleep 0.1; done;`,
		cases: []row{
			{name: "bmc and chassis, as user", line: `curl -s "http://127.0.0.1:$EXPORTER/ipmi?target=$HP&module=first"`, want: []string{`ipmi_up{collector="bmc"} 1`, `ipmi_up{collector="chassis"} 1`, "ipmi_chassis_power_state 1", `firmware_revision="1.23"`}, within: 15 * time.Second},
			{name: "sensors", line: `curl -s "http://127.0.0.1:$EXPORTER/ipmi?target=$HP&module=default"`, want: []string{`ipmi_up{collector="ipmi"} 1`, "ipmi_sensor_state{"}, within: 20 * time.Second},
			{name: "event log", line: `curl -s "http://127.0.0.1:$EXPORTER/ipmi?target=$HP&module=default"`, want: []string{`ipmi_up{collector="sel"} 1`, "ipmi_sel_logs_count", "ipmi_sel_free_space_bytes"}, within: 20 * time.Second},
			{name: "power", line: `curl -s "http://127.0.0.1:$EXPORTER/ipmi?target=$HP&module=default"`, want: []string{`ipmi_up{collector="dcmi"} 1`}, within: 20 * time.Second},
		},
	}}
}

func startExporter(t *testing.T, b *bench) {
	t.Helper()
	conf := filepath.Join(b.Home, "exporter.yml")
	if err := os.WriteFile(conf, fmt.Appendf(nil, exporterConf, lab.Password, b.Home), 0o600); err != nil {
		t.Fatal(err)
	}
	port := 30000 + os.Getpid()%10000
	b.Env = append(b.Env, fmt.Sprintf("EXPORTER=%d", port))
	cmd := exec.Command("prometheus-ipmi-exporter", "--config.file="+conf, fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port))
	cmd.Env, cmd.Dir = b.Env, b.Home
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}
