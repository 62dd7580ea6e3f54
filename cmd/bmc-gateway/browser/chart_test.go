package browser

import (
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// A point is a value at a time, in seconds since 1970.
type point struct{ at, y float64 }

// A line is a series that is drawn.
type line struct {
	name   string
	points []point
}

// colours tell lines apart, also for who sees no red or green (Okabe and Ito).
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b5b9d", "#8a6d3b"}

// mostLines is how many lines a legend names; the others are drawn and counted.
const mostLines = 6

// drawn is a chart as SVG, with its legend below.
func drawn(lines []line, unit string, width, height float64, from, to time.Time) string {
	const left, bottom, top = 46, 18, 8
	most := 0.0
	for _, l := range lines {
		for _, p := range l.points {
			most = max(most, p.y)
		}
	}
	step := niceStep(most)
	most = step * max(1, math.Ceil(most/step))
	x := func(at float64) float64 {
		return left + (at-float64(from.Unix()))/to.Sub(from).Seconds()*(width-left-4)
	}
	y := func(v float64) float64 { return top + (1-v/most)*(height-top-bottom) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg width="%.0f" height="%.0f" viewBox="0 0 %[1]g %[2]g">`, width, height)
	for v := 0.0; v <= most*1.001; v += step {
		fmt.Fprintf(&b, `<path d="M%d %.1fH%.0f" class="grid"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`, left, y(v), width-4, left-6, y(v)+4, inUnit(v, unit))
	}
	every := 15 * time.Second
	if width < 350 {
		every = 30 * time.Second
	}
	for at := from.Truncate(every).Add(every); x(float64(at.Unix())) < width-24; at = at.Add(every) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="middle">%s</text>`, x(float64(at.Unix())), height-3, at.UTC().Format("15:04:05"))
	}
	for i, l := range lines {
		var path strings.Builder
		for n, p := range l.points {
			fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[n == 0 || p.at-l.points[n-1].at > 5], x(p.at), y(p.y))
		}
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.6"/>`, path.String(), colours[i%len(colours)])
	}
	b.WriteString(`</svg><p class="legend">`)
	for i, l := range lines {
		if i == mostLines && len(lines) > mostLines+1 {
			fmt.Fprintf(&b, `<span>and %d more</span>`, len(lines)-mostLines)
			break
		}
		fmt.Fprintf(&b, `<span><svg width="14" height="8"><path d="M0 4H14" stroke="%s" stroke-width="3"/></svg> %s</span>`, colours[i%len(colours)], html.EscapeString(l.name))
	}
	return b.String() + `</p>`
}

// niceStep is 1, 2 or 5 times a power of ten, some four of which make most.
func niceStep(most float64) float64 {
	if most <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most/4)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= most/4 {
			return n * power
		}
	}
	return 10 * power
}

// inUnit is a value in the unit of a panel.
func inUnit(v float64, unit string) string {
	switch {
	case unit == "percentunit":
		return fmt.Sprintf("%.4g%%", 100*v)
	case unit == "s" && v > 0 && v < 1:
		return fmt.Sprintf("%.4g ms", 1000*v)
	case unit == "s":
		return fmt.Sprintf("%.4g s", v)
	case unit == "reqps", unit == "pps", unit == "ops":
		return fmt.Sprintf("%.4g/s", v)
	default:
		return fmt.Sprintf("%.4g", v)
	}
}
