package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// lookEvery is how often a watching list asks.
const lookEvery = time.Second

// gone is the state that a watching list gives a BMC that is no more.
const gone admin.State = "gone"

// A listWatch prints BMCs as they are, and then each line again that has changed.
type listWatch struct {
	w       io.Writer
	json    bool // each BMC as an object in a line
	wide    bool
	headers bool
	widths  []int
	last    map[string]admin.BMC
}

// run goes on until ctx ends or ask fails.
func (l *listWatch) run(ctx context.Context, ask func() ([]admin.BMC, error)) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		bmcs, err := ask()
		if err == nil {
			err = l.show(bmcs, time.Now())
		}
		if err != nil {
			return quietEnd(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// show prints what is not as it was last.
func (l *listWatch) show(bmcs []admin.BMC, now time.Time) error {
	first := l.last == nil
	present := make(map[string]admin.BMC, len(bmcs))
	var changed []admin.BMC
	for _, b := range bmcs {
		key := b.Tenant + "/" + b.Name + "/" + b.VM.InstanceUUID
		present[key] = b
		if before, was := l.last[key]; !was || notable(before) != notable(b) {
			changed = append(changed, b)
		}
		delete(l.last, key)
	}
	for _, b := range l.last {
		b.State, b.Reason = gone, ""
		changed = append(changed, b)
	}
	l.last = present
	if l.json {
		return l.showJSON(changed)
	}
	var lines [][]string
	if first && l.headers {
		lines = append(lines, l.cells(columns, wideColumns))
	}
	for _, b := range changed {
		cells := wideRow(b, now)
		lines = append(lines, l.cells(cells[:len(columns)], cells[len(columns):]))
	}
	return l.print(lines)
}

func (l *listWatch) cells(narrow, more []string) []string {
	if !l.wide {
		return narrow
	}
	return append(narrow[:len(narrow):len(narrow)], more...)
}

func (l *listWatch) showJSON(bmcs []admin.BMC) error {
	lines := json.NewEncoder(l.w)
	for _, b := range bmcs {
		if err := lines.Encode(admin.Single(b)); err != nil {
			return err
		}
	}
	return nil
}

// print keeps the columns as wide as they have been.
func (l *listWatch) print(lines [][]string) error {
	for _, cells := range lines {
		for i, c := range cells {
			if i == len(l.widths) {
				l.widths = append(l.widths, 0)
			}
			l.widths[i] = max(l.widths[i], len([]rune(c)))
		}
	}
	for _, cells := range lines {
		var b strings.Builder
		for i, c := range cells {
			fmt.Fprintf(&b, "%-*s  ", l.widths[i], c)
		}
		if _, err := fmt.Fprintln(l.w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// notable is what of a BMC is worth another line.
func notable(b admin.BMC) string {
	return fmt.Sprint(b.State, b.Power, b.Address, len(b.Sessions), b.Reason, b.MAC, b.Pool, b.VM.Ref)
}
