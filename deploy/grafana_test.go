package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

type dashboard struct {
	SchemaVersion int
	Templating    struct{ List []struct{ Name string } }
	Panels        []struct {
		ID          int
		Type, Title string
		GridPos     struct{ H, W, X, Y int }
		Targets     []struct{ Expr string }
	}
}

// Every expression of the dashboard is one that Prometheus understands, about
// metrics that exist, with variables that it has.
func TestDashboard(t *testing.T) {
	need(t, "promtool")
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "grafana/dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	if d.SchemaVersion < 39 || len(d.Templating.List) != 2 {
		t.Errorf("schema version %d, variables %v", d.SchemaVersion, d.Templating.List)
	}
	reference := read(t, "../docs/reference/metrics.md")
	name, variable := regexp.MustCompile(`\bbmcgw_[a-z_]+`), regexp.MustCompile(`\$\w+`)
	seen, expressions, rules := make(map[int]bool), 0, "groups:\n- name: dashboard\n  rules:\n"
	for _, p := range d.Panels {
		if seen[p.ID] || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q: ID %d, at %+v", p.Title, p.ID, p.GridPos)
		}
		seen[p.ID] = true
		for _, target := range p.Targets {
			expressions++
			for _, n := range name.FindAllString(target.Expr, -1) {
				if !strings.Contains(reference, "| `"+strings.TrimSuffix(n, "_bucket")+"` |") {
					t.Errorf("panel %q: %s is no metric of the gateway", p.Title, n)
				}
			}
			for _, v := range variable.FindAllString(target.Expr, -1) {
				if v != "$tenant" && v != "$__rate_interval" {
					t.Errorf("panel %q: variable %s", p.Title, v)
				}
			}
			query := strings.NewReplacer("$__rate_interval", "5m", "$tenant", ".*").Replace(target.Expr)
			rules += "  - {record: r, expr: " + quoted(query) + "}\n"
		}
	}
	if expressions < 20 {
		t.Errorf("%d expressions", expressions)
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "promtool", "check", "rules", "--lint=none", path)
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be
	}
	return string(b)
}
