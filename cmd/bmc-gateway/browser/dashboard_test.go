package browser

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A panel is one of the dashboard's, as far as it is drawn.
type panel struct {
	Type, Title string
	GridPos     struct{ H, W, X, Y int }
	Targets     []struct{ Expr, LegendFormat string }
	FieldConfig struct{ Defaults struct{ Unit string } }
}

// dashboard are the panels that deploy has for Grafana.
func dashboard(t *testing.T) []panel {
	t.Helper()
	text, err := os.ReadFile("../../../deploy/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct{ Panels []panel }
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d.Panels
}

const dashboardHead = `<!DOCTYPE html><meta charset="utf-8"><title>Dashboard</title><style>
body { margin: 0; background: #f4f6f8; color: #1b2430; font: 13px/1.4 system-ui, "DejaVu Sans", sans-serif; }
main { display: grid; grid-template-columns: repeat(24, 1fr); gap: 10px; padding: 16px; width: 1248px; }
h2 { grid-column: 1 / -1; margin: 6px 0 0; font-size: 15px; }
section { background: #fff; border: 1px solid #dde2e8; border-radius: 8px; padding: 9px 11px; overflow: hidden; }
h3 { margin: 0 0 4px; font-size: 13px; font-weight: 600; }
.stat { font-size: 30px; font-weight: 620; line-height: 1.3; }
text { font-size: 10.5px; fill: #566273; } .grid { stroke: #e6eaef; fill: none; }
.legend { margin: 4px 0 0; color: #3a4656; font-size: 11.5px; display: flex; flex-wrap: wrap; gap: 1px 12px; }
</style><main>`

// draw is a page of some rows of the dashboard: what its own queries have in
// Prometheus, drawn here and not by Grafana.
func draw(t *testing.T, p *prometheus, from, to time.Time, rows ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(dashboardHead)
	wanted := false
	for _, one := range dashboard(t) {
		if one.Type == "row" {
			if wanted = slices.Contains(rows, one.Title); wanted {
				fmt.Fprintf(&b, "<h2>%s</h2>", html.EscapeString(one.Title))
			}
			continue
		}
		if !wanted {
			continue
		}
		lines := one.lines(t, p, from, to)
		fmt.Fprintf(&b, `<section style="grid-column: span %d"><h3>%s</h3>`, one.GridPos.W, html.EscapeString(one.Title))
		if one.Type == "stat" {
			fmt.Fprintf(&b, `<div class="stat">%s</div>`, last(lines, one.FieldConfig.Defaults.Unit))
		} else {
			b.WriteString(drawn(lines, one.FieldConfig.Defaults.Unit, float64(one.GridPos.W)*51-34, 170, from, to))
		}
		b.WriteString("</section>")
	}
	return b.String() + "</main>"
}

var legendLabel = regexp.MustCompile(`{{\s*(\w+)\s*}}`)

// lines asks the panel's own queries.
func (p panel) lines(t *testing.T, prom *prometheus, from, to time.Time) (all []line) {
	t.Helper()
	for _, target := range p.Targets {
		query := strings.NewReplacer("$__rate_interval", "15s", "$tenant", ".*").Replace(target.Expr)
		for _, s := range prom.over(t, query, from, to) {
			name := legendLabel.ReplaceAllStringFunc(target.LegendFormat, func(m string) string {
				return s.Metric[legendLabel.FindStringSubmatch(m)[1]]
			})
			if points := s.points(); len(points) > 0 {
				all = append(all, line{cmp.Or(strings.TrimSpace(name), "value"), points})
			}
		}
	}
	// The largest first, so that the legend names what matters.
	peak := func(l line) float64 {
		return slices.MaxFunc(l.points, func(a, b point) int { return cmp.Compare(a.y, b.y) }).y
	}
	slices.SortStableFunc(all, func(a, b line) int {
		return cmp.Or(cmp.Compare(peak(b), peak(a)), cmp.Compare(a.name, b.name))
	})
	return all
}

// last is the last value of the only line; "-" when there is none.
func last(lines []line, unit string) string {
	if len(lines) == 0 {
		return "-"
	}
	points := lines[0].points
	return inUnit(points[len(points)-1].y, unit)
}
