package config

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const oneTenant = `apiVersion: bmc-gateway/v1
vcenters:
- {name: vc-lab, url: https://vc-lab.example.net, username: svc-bmc, password_file: vc, ca_file: ca.pem}
pools:
- {name: lab, interface: eth0, cidr: 192.0.2.0/24}
tenants:
- name: lab-a
  vcenter: vc-lab
  pool: lab
  select: {tags: [bmc/enabled]}
  accounts:
  - {username: operator, password_file: ops/operator, privilege: operator}
`

func TestPasswordFiles(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))

	for _, tt := range []struct {
		name        string
		credentials bool // in $CREDENTIALS_DIRECTORY instead of beside the file
		text, want  string
	}{
		{"beside the file", false, "S3cretWord\n", "S3cretWord"},
		{"credentials directory", true, "S3cretWord", "S3cretWord"},
		{"line end of Windows", false, "S3cretWord\r\n", "S3cretWord"},
		{"spaces belong to it", false, " S3cret Word \n", " S3cret Word "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := write(t, dir, "config.yaml", oneTenant, 0o640)
			write(t, dir, "ca.pem", ca, 0o644)
			env := func(string) string { return "" }
			if tt.credentials {
				dir = t.TempDir()
				env = func(name string) string { return map[string]string{"CREDENTIALS_DIRECTORY": dir}[name] }
			}
			if err := os.Mkdir(filepath.Join(dir, "ops"), 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, dir, "vc", tt.text, 0o640)
			write(t, dir, "ops/operator", tt.text, 0o400)

			cfg, warnings, err := Load(path, env)
			if err != nil || len(warnings) != 0 {
				t.Fatalf("error %v, warnings %v", err, warnings)
			}
			if got := string(cfg.Tenants[0].Accounts[0].Password); got != tt.want {
				t.Errorf("account: %q, want %q", got, tt.want)
			}
			if got, err := cfg.VCenters[0].Password(); got != tt.want || err != nil {
				t.Errorf("vCenter: %q, %v, want %q", got, err, tt.want)
			}
			if cfg.VCenters[0].RootCAs == nil {
				t.Error("the CA file was not used")
			}
			write(t, dir, "vc", "rotated\n", 0o640)
			if got, _ := cfg.VCenters[0].Password(); got != "rotated" {
				t.Errorf("after the file changed: %q, want the new password", got)
			}
		})
	}
}

// One credential of systemd's does not ask for the others: what is no credential is
// beside the file.
func TestPasswordFilesOfBothPlaces(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	path := write(t, dir, "config.yaml", strings.Replace(oneTenant, ", ca_file: ca.pem", "", 1), 0o640)
	if err := os.Mkdir(filepath.Join(dir, "ops"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "ops/operator", "S3cretWord", 0o640)
	write(t, dir, "vc", "not this one", 0o640)
	write(t, credentials, "vc", "credential", 0o400)
	env := func(name string) string { return map[string]string{"CREDENTIALS_DIRECTORY": credentials}[name] }
	cfg, _, err := Load(path, env)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(cfg.Tenants[0].Accounts[0].Password); got != "S3cretWord" {
		t.Errorf("account: %q", got)
	}
	if got, err := cfg.VCenters[0].Password(); got != "credential" || err != nil {
		t.Errorf("vCenter: %q, %v", got, err)
	}
	elsewhere := write(t, t.TempDir(), "operator", "S3cretElsewhere", 0o640)
	whole := write(t, dir, "whole.yaml", strings.NewReplacer(", ca_file: ca.pem", "", "ops/operator", elsewhere).Replace(oneTenant), 0o640)
	if cfg, _, err := Load(whole, env); err != nil || string(cfg.Tenants[0].Accounts[0].Password) != "S3cretElsewhere" {
		t.Errorf("of a whole path: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "ops/operator")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(path, env); err == nil || !strings.Contains(err.Error(), filepath.Join(credentials, "ops/operator")) {
		t.Errorf("of one that is nowhere: %v", err)
	}
}

func TestPasswordFileProblems(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		problem    string
		warning    string
	}{
		{"readable by all", "S3cretWord", 0o644, "", "has mode 0644; chmod 0640 keeps others out"},
		{"writable by the group", "S3cretWord", 0o660, "", "has mode 0660"},
		{"empty", "\n", 0o600, "the file is empty", ""},
		{"too long for IPMI", strings.Repeat("S3cret", 4), 0o600, "the password has 24 bytes", ""},
		{"two lines", "S3cret\nWord\n", 0o600, "control character", ""},
		{"no secret at all", strings.Repeat("x", 5000), 0o600, "larger than 4096 bytes", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			text := strings.Replace(oneTenant, "password_file: vc, ca_file: ca.pem", "password_env: VC_PASSWORD", 1)
			path := write(t, dir, "config.yaml", text, 0o640)
			if err := os.Mkdir(filepath.Join(dir, "ops"), 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, dir, "ops/operator", tt.text, tt.mode)
			_, warnings, err := Load(path, environment)

			if tt.problem == "" && err != nil || tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)) {
				t.Errorf("error %v, want %q", err, tt.problem)
			}
			if err != nil && strings.Contains(err.Error(), "S3cret") {
				t.Errorf("the password is told: %v", err)
			}
			if tt.warning == "" && len(warnings) != 0 || tt.warning != "" &&
				(len(warnings) != 1 || !strings.Contains(warnings[0].String(), tt.warning)) {
				t.Errorf("warnings %v, want %q", warnings, tt.warning)
			}
		})
	}
}
