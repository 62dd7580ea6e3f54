package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const prometheusConfig = `
global: {scrape_interval: 3s, scrape_timeout: 3s, evaluation_interval: 1s}
rule_files: [rules.yaml]
scrape_configs:
- job_name: bmc-gateway
  static_configs: [{targets: [%[1]q]}]
- job_name: bmc-gateway-bmcs
  metrics_path: /metrics/bmcs
  static_configs: [{targets: [%[1]q]}]
- job_name: ipmi
  scrape_interval: 15s
  scrape_timeout: 15s
  metrics_path: /ipmi
  http_sd_configs: [{url: "http://%[1]s/sd/prometheus?exporter=ipmi", refresh_interval: 1s}]
  relabel_configs:
  - {source_labels: [__address__], target_label: __param_target}
  - {source_labels: [__param_target], target_label: instance}
  - {source_labels: [__meta_bmcgw_tenant], target_label: tenant}
  - {source_labels: [__meta_bmcgw_bmc], target_label: bmc}
  - {target_label: __address__, replacement: %[2]q}
`

// A monitored demo is what the how-to about Prometheus describes, with Debian's
// own programs: every BMC is discovered and scraped by a stock exporter, and a
// vCenter that is gone raises an alert.
func TestPrometheus(t *testing.T) {
	for _, program := range []string{"prometheus", "prometheus-ipmi-exporter", "ipmi-sensors"} {
		if _, err := exec.LookPath(program); err != nil && os.Getenv("CI") == "true" {
			t.Fatal(err)
		} else if err != nil {
			t.Skip(err)
		}
	}
	gw, vcenters, socket, config := monitoredDemo(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	code, modules, stderr := command(t, func(string) string { return "" }, "--socket", socket, "export", "ipmi-exporter", "--account", "operator", "--secrets", "--config", config)
	if code != 0 {
		t.Fatalf("export: %s", stderr)
	}
	rules, err := os.ReadFile("../../deploy/prometheus/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write("rules.yaml", regexp.MustCompile(`for: \d+m`).ReplaceAllString(string(rules), "for: 1s"))

	exporter, prom := freePort(t), freePort(t)
	background(t, "prometheus-ipmi-exporter", "--config.file="+write("ipmi.yml", modules), "--web.listen-address="+exporter)
	background(t, "prometheus", "--config.file="+write("prometheus.yml", fmt.Sprintf(prometheusConfig, gw, exporter)),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+prom)

	all := 0
	for _, tenant := range demoTenants {
		all += tenant.selected
	}
	q := query{t, prom}
	q.until(2*time.Minute, `count(up{job="ipmi"} == 1)`, fmt.Sprint(all))
	for _, collector := range []string{"bmc", "chassis", "dcmi", "ipmi", "sel"} {
		q.until(time.Minute, fmt.Sprintf(`count(ipmi_up{collector=%q} == 1)`, collector), fmt.Sprint(all))
	}
	q.until(time.Minute, `count(ipmi_chassis_power_state{tenant="lab-a"} == 1)`, fmt.Sprint(demoTenants[0].selected))
	q.until(time.Minute, `sum(bmcgw_bmcs{state="ready"})`, fmt.Sprint(all))
	q.until(time.Minute, `count(bmcgw_bmc_power_on * on(tenant, bmc) group_left(address) bmcgw_bmc_info)`, fmt.Sprint(all))

	firing := `count(ALERTS{alertname="BMCGatewayVCenterDown",alertstate="firing",vcenter="vc-b"})`
	q.until(time.Minute, `count(ALERTS{alertname="BMCGatewayVCenterDown"}) or vector(0)`, "0")
	vcenters[1].Down()
	q.until(2*time.Minute, firing, "1")
	if err := vcenters[1].Up(); err != nil {
		t.Fatal(err)
	}
	q.until(2*time.Minute, firing+" or vector(0)", "0")
}

// monitoredDemo runs the demo until the test ends and returns where its metrics
// are, its simulators, its socket and its configuration.
func monitoredDemo(t *testing.T) (http string, vcenters []*vspheretest.VCenter, socket, config string) {
	t.Helper()
	out := &lockedBuffer{}
	d := &demo{port: uint16(10000 + os.Getpid()%20000), http: freePort(t), dir: t.TempDir(), out: out, log: slog.New(slog.DiscardHandler)}
	vcenters, err := d.prepare()
	t.Cleanup(func() { closeAll(vcenters) })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended: %v\n%s", err, out)
		}
	})
	for deadline := time.Now().Add(time.Minute); !strings.Contains(out.String(), "Ctrl-C ends everything."); {
		if time.Now().After(deadline) {
			t.Fatalf("the demo is not ready:\n%s", out)
		}
		select {
		case <-t.Context().Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	return d.http, vcenters, filepath.Join(d.dir, "admin.sock"), d.config()
}

// freePort returns an address on loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// background runs a program until the test ends.
func background(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			text := out.String()
			t.Logf("%s:\n%s", name, text[max(0, len(text)-4000):])
		}
	})
}

// A query asks Prometheus.
type query struct {
	t  *testing.T
	at string
}

// until asks until the one value of the expression is the wanted one.
func (q query) until(limit time.Duration, expression, want string) {
	q.t.Helper()
	got, err := "", error(nil)
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		if got, err = q.ask(expression); err == nil && got == want {
			return
		}
		select {
		case <-q.t.Context().Done():
		case <-time.After(300 * time.Millisecond):
		}
	}
	q.t.Fatalf("%s is %q (%v) after %s, want %s", expression, got, err, limit, want)
}

func (q query) ask(expression string) (string, error) {
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(
		"http://" + q.at + "/api/v1/query?" + url.Values{"query": {expression}}.Encode())
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer); err != nil {
		return "", fmt.Errorf("%w: %s", err, body)
	}
	if len(answer.Data.Result) != 1 {
		return "", errors.New("no value, or several")
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1]), nil
}
