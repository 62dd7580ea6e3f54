package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const mainFile = `apiVersion: bmc-gateway/v1
vcenters:
- {name: vc-lab, url: https://vc-lab.example.net, username: svc-bmc, password_env: VC_PASSWORD}
pools:
- {name: lab, interface: eth0, cidr: 192.0.2.0/24}
`

const tenantFile = `apiVersion: bmc-gateway/v1
tenants:
- name: NAME
  vcenter: vc-lab
  pool: lab
  select: {tags: [bmc/NAME]}
  accounts:
  - {username: operator, password_env: BMC_PASSWORD, privilege: operator}
`

// directory writes a configuration of several files and returns its path.
func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "config.yaml")
}

func tenantNamed(name string) string { return strings.ReplaceAll(tenantFile, "NAME", name) }

func TestDropInsAreAdded(t *testing.T) {
	path := directory(t, map[string]string{
		"config.yaml":             mainFile,
		"conf.d/20-b.yaml":        tenantNamed("b"),
		"conf.d/10-a.yaml":        tenantNamed("a"),
		"conf.d/10-a.yaml~":       "not: [read",
		"conf.d/15-a.yaml.rpmnew": "not: [read",
	})
	cfg, _, err := Load(path, environment)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Tenants) != 2 || cfg.Tenants[0].Name != "a" || cfg.Tenants[1].Name != "b" {
		t.Errorf("tenants %+v", cfg.Tenants)
	}
}

func TestProblemsOfDropIns(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"no file has a tenant", map[string]string{"conf.d/a.yaml": "apiVersion: bmc-gateway/v1\n"},
			[]string{"config.yaml:1: tenants: is missing; at least one tenant is needed"}},
		{"a name twice", map[string]string{"conf.d/a.yaml": tenantNamed("a"), "conf.d/b.yaml": tenantNamed("a")},
			[]string{`conf.d/b.yaml:3: tenants[0].name: "a" is taken already, in DIR/conf.d/a.yaml:3; names are unique`}},
		{"no such pool", map[string]string{"conf.d/a.yaml": strings.Replace(tenantNamed("a"), "pool: lab", "pool: dmz", 1)},
			[]string{`conf.d/a.yaml:5: tenants[0].pool: there is no pool "dmz"; known: lab`}},
		{"the daemon's own keys", map[string]string{"conf.d/a.yaml": tenantNamed("a") + "log: {level: debug}\n"},
			[]string{"conf.d/a.yaml:9: log: no such key; the keys here are apiVersion, vcenters, pools, tenants"}},
		{"no version", map[string]string{"conf.d/a.yaml": strings.TrimPrefix(tenantNamed("a"), "apiVersion: bmc-gateway/v1\n")},
			[]string{"conf.d/a.yaml:1: apiVersion: is missing; write apiVersion: bmc-gateway/v1"}},
		{"not YAML, and another mistake", map[string]string{"conf.d/a.yaml": "tenants: [", "conf.d/b.yaml": tenantNamed("b") + "log: 1\n"},
			[]string{"conf.d/a.yaml:", "conf.d/b.yaml:9: log: no such key"}},
		{"pools overlap", map[string]string{"conf.d/a.yaml": tenantNamed("a") + "pools: [{name: other, interface: eth1, ranges: [192.0.2.9], prefix_length: 24}]\n"},
			[]string{`conf.d/a.yaml:9: pools[0]: overlaps pool "lab" in 192.0.2.9`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.files["config.yaml"] = mainFile
			path := directory(t, tt.files)
			_, _, err := Load(path, environment)
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v", err)
			}
			got := strings.Split(problems.Error(), "\n")
			if len(got) != len(tt.want) {
				t.Errorf("got %d problems, want %d:\n%s", len(got), len(tt.want), problems)
			}
			for i, want := range tt.want {
				want = strings.ReplaceAll(want, "DIR", filepath.Dir(path))
				if i < len(got) && !strings.Contains(got[i], want) {
					t.Errorf("got  %s\nwant %s", got[i], want)
				}
			}
		})
	}
}

func TestDropInThatCannotBeRead(t *testing.T) {
	path := directory(t, map[string]string{"config.yaml": mainFile, "conf.d/a.yaml": tenantNamed("a")})
	if err := os.Mkdir(filepath.Join(filepath.Dir(path), "conf.d", "b.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, _, err := Load(path, environment)
	if err == nil || !strings.Contains(err.Error(), "conf.d/b.yaml: is a directory") {
		t.Errorf("got %v", err)
	}
}
