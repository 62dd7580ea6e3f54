package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

const goodConfig = `apiVersion: bmc-gateway/v1
vcenters:
- {name: vc-lab, url: https://vc-lab.example.net, username: svc-bmc, password: S3cretWord}
pools:
- {name: lab, interface: eth0, cidr: 192.0.2.0/24}
tenants:
- name: lab-a
  vcenter: vc-lab
  pool: lab
  select: {tags: [bmc/enabled]}
  accounts:
  - {username: operator, password_env: OPERATOR, privilege: operator}
`

func operatorEnv(name string) string { return map[string]string{"OPERATOR": "S3cretWord"}[name] }

func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigCheckOK(t *testing.T) {
	path := configFile(t, goodConfig)
	code, stdout, stderr := command(t, operatorEnv, "config", "check", "--config", path)
	want := "warning: " + path + ":3: vcenters[0].password: the password stands in the configuration file; use password_file\n" +
		"OK: 1 vCenter, 1 pool, 1 tenant, 1 warning\n"
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("exit code %d\n got %s\nwant %s\n%s", code, stdout, want, stderr)
	}
}

func TestConfigCheckTellsAllProblems(t *testing.T) {
	path := configFile(t, strings.NewReplacer("pool: lab", "pool: dmz", "select:", "selects:").Replace(goodConfig))
	code, stdout, stderr := command(t, operatorEnv, "config", "check", "-c", path)
	for _, want := range []string{
		path + `:9: tenants[0].pool: there is no pool "dmz"; known: lab` + "\n",
		path + `:10: tenants[0].selects: no such key; did you mean "select"?` + "\n",
		"warning: " + path + ":3: ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	if want := "bmc-gateway: the configuration cannot be used: 2 errors\n"; code != 2 || stderr != want {
		t.Errorf("exit code %d, %q; want %q", code, stderr, want)
	}
}

// A flag goes before the environment: were it not so, serve would fail otherwise here.
func TestServeFlagsGoBeforeTheEnvironment(t *testing.T) {
	path := configFile(t, goodConfig)
	env := func(name string) string {
		return map[string]string{"OPERATOR": "S3cretWord", "BMC_GATEWAY_LOG_LEVEL": "info"}[name]
	}
	code, _, stderr := command(t, env, "serve", "-c", path, "--log-level", "loud")
	want := "BMC_GATEWAY_LOG_LEVEL: \"loud\" is not one of debug, info, warn, error\n" +
		"bmc-gateway: the configuration cannot be used: 1 error\n"
	if code != 2 || stderr != want {
		t.Errorf("exit code %d\n got %s\nwant %s", code, stderr, want)
	}
}

// What "config example" prints is a configuration but for the secrets' files.
func TestConfigExample(t *testing.T) {
	code, stdout, stderr := command(t, operatorEnv, "config", "example")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	path := configFile(t, stdout)
	_, checked, _ := command(t, operatorEnv, "config", "check", "-c", path)
	for _, line := range strings.Split(strings.TrimSpace(checked), "\n") {
		if !strings.Contains(line, "password") && !strings.Contains(line, "ca_file") {
			t.Errorf("not only about secrets: %s", line)
		}
	}
}

func TestManualPages(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := command(t, operatorEnv, "man", "--date", "2026-01-02", dir); code != 0 {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	page, err := os.ReadFile(filepath.Join(dir, "bmc-gateway-ping.8"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".TH", "Jan 2026", "password-file"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%q is not in the page of ping", want)
		}
	}
	if code, _, _ := command(t, operatorEnv, "man", "--date", "today", dir); code == 0 {
		t.Error("a date that is none is taken")
	}
}

// onlineConfig is a configuration for a simulated vCenter.
func onlineConfig(t *testing.T, vc *vspheretest.VCenter) string {
	t.Helper()
	path := configFile(t, strings.NewReplacer(
		"https://vc-lab.example.net", strings.TrimSuffix(vc.URL().String(), "/sdk"),
		"username: svc-bmc, password: S3cretWord", `username: svc-bmc, thumbprint: "`+vc.Thumbprint()+`", password_file: vc-lab`,
	).Replace(goodConfig))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "vc-lab"), []byte("S3cretWord\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigCheckOnline(t *testing.T) {
	vc, err := vspheretest.Start(vspheretest.Config{Name: "vc-lab", VMs: 1, Username: "svc-bmc", Password: "S3cretWord"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vc.Close)
	if err := vc.Tag("bmc/enabled", "vc-lab-vm-01"); err != nil {
		t.Fatal(err)
	}
	path := onlineConfig(t, vc)
	code, stdout, stderr := command(t, operatorEnv, "config", "check", "-c", path, "--online")
	for _, want := range []string{
		"OK: 1 vCenter, 1 pool, 1 tenant\n",
		"ok       vcenter vc-lab: login: as svc-bmc at VMware vCenter Server",
		"ok       vcenter vc-lab: tag bmc/enabled: VMs: 1\n",
		"ok       vcenter vc-lab: privileges: all there; VMs and folders asked about: 1\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	if code != exitOK || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}

	vc.Deny("VirtualMachine.Interact.Reset", "vc-lab-vm-01")
	code, stdout, stderr = command(t, operatorEnv, "config", "check", "-c", path, "--online")
	want := "problem  vcenter vc-lab: privileges: the role lacks VirtualMachine.Interact.Reset on vc-lab-vm-01: power reset is refused\n" +
		"         -> add VirtualMachine.Interact.Reset to the role"
	if !strings.Contains(stdout, want) {
		t.Errorf("%q is not in\n%s", want, stdout)
	}
	if want := "bmc-gateway: the vCenters are not as the configuration needs them: 1 problem\n"; code != exitOnline || stderr != want {
		t.Errorf("exit code %d, want %d; %q", code, exitOnline, stderr)
	}
}

func TestConfigShow(t *testing.T) {
	path := configFile(t, goodConfig)
	code, stdout, stderr := command(t, operatorEnv, "config", "show", "-c", path)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for _, want := range []string{"log.level ", "info", "default", "vcenters[vc-lab].password ", "REDACTED", path + ":3"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "S3cret") {
		t.Error("a password is shown")
	}
	_, stdout, _ = command(t, operatorEnv, "config", "show", "-c", path, "-o", "json")
	var document struct {
		Kind  string
		Items []struct{ Key string }
	}
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || document.Kind != "SettingList" || len(document.Items) == 0 {
		t.Errorf("%v, a %q of %d settings", err, document.Kind, len(document.Items))
	}
	if code, _, _ := command(t, operatorEnv, "config", "show", "-c", path, "-o", "xml"); code != 2 {
		t.Errorf("exit code %d of an unknown format, want 2", code)
	}
}

func TestConfigSchema(t *testing.T) {
	code, stdout, stderr := command(t, operatorEnv, "config", "schema")
	if code != 0 || stderr != "" || !strings.Contains(stdout, `"$schema": "https://json-schema.org/draft/2020-12/schema"`) {
		t.Errorf("exit code %d, %s\n%.300s", code, stderr, stdout)
	}
}
