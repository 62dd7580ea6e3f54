package deploy

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestPrometheusRules(t *testing.T) {
	need(t, "promtool")
	run(t, "promtool", "check", "rules", "deploy/prometheus/rules.yaml")
	run(t, "promtool", "test", "rules", "deploy/prometheus/rules_test.yaml")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An alert without a case, one that fires and one that does not, is a guess.
func TestEveryAlertHasCases(t *testing.T) {
	cases := read(t, "prometheus/rules_test.yaml")
	for _, m := range regexp.MustCompile(`(?m)^  - alert: (\w+)$`).FindAllStringSubmatch(read(t, "prometheus/rules.yaml"), -1) {
		if n := strings.Count(cases, "alertname: "+m[1]+"\n"); n != 2 {
			t.Errorf("%s has %d cases, want 2", m[1], n)
		}
	}
}

// The reference is compared with what the daemon registers, so that what it knows exists.
func TestRulesNameMetricsThatExist(t *testing.T) {
	reference := read(t, "../docs/reference/metrics.md")
	rules := regexp.MustCompile(`(?m)^\s*(expr|summary|description): .*$`).FindAllString(read(t, "prometheus/rules.yaml"), -1)
	names := regexp.MustCompile(`\bbmcgw_[a-z_]+`)
	found := 0
	for _, line := range rules {
		for _, name := range names.FindAllString(line, -1) {
			found++
			if !strings.Contains(reference, "| `"+strings.TrimSuffix(name, "_bucket")+"` |") {
				t.Errorf("%s is no metric of the gateway", name)
			}
		}
	}
	if found == 0 {
		t.Error("no metric was found")
	}
}
