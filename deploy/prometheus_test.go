package deploy

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
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

type rules struct {
	Groups []struct {
		Rules []struct{ Alert, Record string }
	}
}

type ruleTests struct {
	Tests []struct {
		Alerts []struct {
			Name     string `yaml:"alertname"`
			Expected []any  `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		Expressions []struct {
			Expr     string
			Expected []any `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	}
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// An alert without a case in which it fires and one in which it does not is a guess, and
// so is a recording rule of which nothing is expected.
func TestEveryRuleHasCases(t *testing.T) {
	var all rules
	var cases ruleTests
	decode(t, "prometheus/rules.yaml", &all)
	decode(t, "prometheus/rules_test.yaml", &cases)
	fires, silent, recorded := make(map[string]int), make(map[string]int), make(map[string]int)
	for _, c := range cases.Tests {
		for _, a := range c.Alerts {
			if len(a.Expected) > 0 {
				fires[a.Name]++
			} else {
				silent[a.Name]++
			}
		}
		for _, e := range c.Expressions {
			recorded[e.Expr] += len(e.Expected)
		}
	}
	alerts, records := 0, 0
	for _, g := range all.Groups {
		for _, r := range g.Rules {
			switch {
			case r.Alert != "":
				alerts++
				if fires[r.Alert] == 0 || silent[r.Alert] == 0 {
					t.Errorf("alert %s: %d cases in which it fires, %d in which it does not", r.Alert, fires[r.Alert], silent[r.Alert])
				}
			case recorded[r.Record] == 0:
				t.Errorf("recording rule %s has no case", r.Record)
				fallthrough
			default:
				records++
			}
		}
	}
	if alerts < 17 || records < 9 {
		t.Errorf("%d alerts and %d recording rules were found", alerts, records)
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
