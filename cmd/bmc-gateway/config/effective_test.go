package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestEffective(t *testing.T) {
	path := directory(t, map[string]string{
		"config.yaml": mainFile + "defaults: {ipmi: {port: 6230}, power: {soft_off: {hard_after: 30s}}}\nlog: {level: warn}\n",
		"conf.d/a.yaml": tenantNamed("a") + "  ipmi: {session_idle_timeout: 30s}\n" +
			"  power: {cycle_off_time: 9s}\n" +
			"- {name: b, vcenter: vc-lab, pool: lab, select: {tags: [x/y]}, accounts: [{username: u, password: S3cretWord-b, privilege: user}]}\n",
	})
	values, err := Effective(path, func(name string) string {
		if name == "BMC_GATEWAY_STATE_PATH" {
			return "/tmp/state.db"
		}
		return environment(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]Value)
	for _, v := range values {
		if _, twice := got[v.Key]; twice {
			t.Errorf("%s is told twice", v.Key)
		}
		if strings.Contains(v.Text, "S3cret") {
			t.Errorf("%s: a password is told", v.Key)
		}
		v.Origin = strings.TrimPrefix(v.Origin, filepath.Dir(path)+"/")
		got[v.Key] = v
	}
	for _, want := range []Value{
		{"log.level", "warn", "config.yaml:7"},
		{"log.format", "auto", "default"},
		{"state.path", "/tmp/state.db", "BMC_GATEWAY_STATE_PATH"},
		{"vcenters[vc-lab].freshness", "1m30s", "default"},
		{"pools[lab].cidr", "192.0.2.0/24", "config.yaml:5"},
		{"tenants[a].pool", "lab", "conf.d/a.yaml:5"},
		{"tenants[a].select.tags", "[bmc/a]", "conf.d/a.yaml:6"},
		{"tenants[a].accounts[operator].privilege", "operator", "conf.d/a.yaml:8"},
		{"tenants[a].ipmi.session_idle_timeout", "30s", "conf.d/a.yaml:9"},
		{"tenants[a].ipmi.port", "6230", "config.yaml:6"},
		{"tenants[a].ipmi.guid", "ipmi", "default"},
		{"tenants[a].power.cycle_off_time", "9s", "conf.d/a.yaml:10"},
		{"tenants[b].power.cycle_off_time", "5s", "default"},
		{"tenants[b].power.soft_off", "{hard_after: 30s}", "config.yaml:6"},
		{"tenants[b].accounts[u].password", "REDACTED", "conf.d/a.yaml:11"},
	} {
		if got[want.Key] != want {
			t.Errorf("got %+v, want %+v", got[want.Key], want)
		}
	}
}

func TestEffectiveOfABadFile(t *testing.T) {
	path := directory(t, map[string]string{"config.yaml": mainFile})
	if _, err := Effective(path, environment); err == nil || !strings.Contains(err.Error(), "at least one tenant is needed") {
		t.Errorf("got %v", err)
	}
}
