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
		Rules []struct {
			Alert, Record string
			Annotations   map[string]string
		}
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

// pages is where the documentation is for who has an alert before them.
const pages = "https://github.com/bmc-gateway/bmc-gateway/blob/main/"

var heading = regexp.MustCompile(`(?m)^#+ (.+)$`)

// Every alert leads to a heading that is there.
func TestEveryAlertHasARunbook(t *testing.T) {
	var all rules
	decode(t, "prometheus/rules.yaml", &all)
	notSlug := regexp.MustCompile(`[^a-z0-9 -]`)
	for _, g := range all.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			page, ours := strings.CutPrefix(r.Annotations["runbook_url"], pages)
			if !ours {
				t.Errorf("%s: its runbook is %q", r.Alert, r.Annotations["runbook_url"])
				continue
			}
			path, anchor, _ := strings.Cut(page, "#")
			found := anchor == ""
			for _, h := range heading.FindAllStringSubmatch(read(t, "../"+path), -1) {
				slug := strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")
				found = found || slug == anchor
			}
			if !found {
				t.Errorf("%s: %s has no heading for #%s", r.Alert, path, anchor)
			}
		}
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
