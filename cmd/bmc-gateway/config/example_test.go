package config

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// The documented example has to load as it stands, with only the secrets made up.
func TestExample(t *testing.T) {
	example, err := os.ReadFile("../../../deploy/config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	dir := t.TempDir()
	path := write(t, dir, "config.yaml", string(example), 0o640)
	write(t, dir, "ca-lab.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})), 0o644)
	for _, name := range []string{"vc-lab", "lab-a-admin", "lab-a-operator", "lab-a-metrics", "dmz-ocp"} {
		write(t, dir, name, "S3cretWord-"+name[:3]+"\n", 0o600)
	}
	cfg, warnings, err := Load(path, func(name string) string {
		return map[string]string{"VC_DMZ_PASSWORD": "S3cretWord", "VC_NESTED_PASSWORD": "S3cretWord"}[name]
	})
	if err != nil || len(warnings) != 0 {
		t.Fatalf("error %v, warnings %v", err, warnings)
	}
	if len(cfg.VCenters) != 3 || len(cfg.Pools) != 2 || len(cfg.Tenants) != 2 || len(cfg.Tenants[0].Accounts) != 3 {
		t.Errorf("got %d vCenters, %d pools, %d tenants", len(cfg.VCenters), len(cfg.Pools), len(cfg.Tenants))
	}
}

// Every key the program knows is in the example, so that it serves as reference.
func TestExampleHasEveryKey(t *testing.T) {
	example, err := os.ReadFile("../../../deploy/config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"apiVersion", "level", "format", "socket", "listen", "path", "file", "logins", "port", "cipher_suites",
		"session_idle_timeout", "sessions_per_bmc", "packets_per_second", "boot_flags_valid_for", "cycle_off_time", "boot_restore_after", "finish_cycle_within", "soft_off", "cycle_when_off", "url", "username",
		"password_file", "password_env", "password", "ca_file", "thumbprint", "insecure_skip_verify", "freshness",
		"tag_interval", "tag_hint_gap", "attributes", "prefix", "nmi", "call_timeout", "requests_per_second", "burst", "interface", "ranges", "cidr", "exclude",
		"prefix_length", "gateway", "hold", "quarantine", "pins", "legacy_ports", "pools", "max_addresses", "mac", "assign", "lifetime", "conflict_check",
		"probe_time", "on_conflict", "stop", "vcenter", "tags", "folders", "recursive", "names", "pool",
		"allow_from", "admins", "web_users", "privilege", "allow_weak_passwords", "profile", "v15", "kg_file", "guid",
		"quota", "bmcs", "sessions", "power_operations_per_minute",
		"access", "max_ttl", "max_privilege", "max_per_bmc", "max_per_tenant", "register", "mode", "adopt", "interval"} {
		if !strings.Contains(string(example), key+":") {
			t.Errorf("%s is not there", key)
		}
	}
}
