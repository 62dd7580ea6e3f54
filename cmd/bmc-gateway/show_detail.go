package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// tables says which come below a BMC's properties.
type tables struct{ commands, sel, sensors bool }

func (t *tables) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&t.commands, "commands", false, "also the commands that it was given lately")
	cmd.Flags().BoolVar(&t.sel, "sel", false, "also the latest 100 entries of its event log")
	cmd.Flags().BoolVar(&t.sensors, "sensors", false, "also what its sensors read now")
}

// details asks for each BMC in detail.
func (p *program) details(ctx context.Context, bmcs []admin.BMC) ([]admin.Detail, error) {
	all := make([]admin.Detail, len(bmcs))
	for i, b := range bmcs {
		var err error
		if all[i], err = p.client().Detail(ctx, b.Tenant, b.VM.InstanceUUID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// plainly is BMCs without their details, for which nobody asks.
func plainly(bmcs []admin.BMC) (all []admin.Detail) {
	for _, b := range bmcs {
		all = append(all, admin.Detail{BMC: b})
	}
	return all
}

func (t tables) write(b *strings.Builder, d admin.Detail) {
	if t.commands {
		section(b, "Commands", commandCells(d))
	}
	if t.sel {
		what := "Event log"
		if d.SELTotal > len(d.SEL) {
			what = fmt.Sprintf("Event log, the latest %d of %d", len(d.SEL), d.SELTotal)
		}
		section(b, what, selCells(d))
	}
	if t.sensors {
		section(b, "Sensors", sensorCells(d))
	}
}

// section writes a table below what it is, or that there is nothing in it.
func section(b *strings.Builder, what string, c cells) {
	if len(c.rows) == 0 {
		fmt.Fprintf(b, "%s: none\n", what)
		return
	}
	fmt.Fprintf(b, "%s:\n%s", what, c)
}

func commandCells(d admin.Detail) cells {
	c := cells{headers: []string{"  TIME", "TIMES", "COMMAND", "CODE", "ACCOUNT", "FROM"}}
	for _, one := range d.Commands {
		from := "socket"
		if one.From.IsValid() {
			from = one.From.String()
		}
		c.rows = append(c.rows, []string{"  " + stamp(one.Time), strconv.Itoa(one.Times), strings.TrimSpace(one.Command + " " + one.Detail),
			one.Code + " " + one.Result, dash(printable(one.Account)), from})
	}
	return c
}

func selCells(d admin.Detail) cells {
	c := cells{headers: []string{"  ID", "TIME", "SENSOR", "EVENT", ""}}
	for _, e := range d.SEL {
		at := "-"
		if !e.Time.IsZero() {
			at = stamp(e.Time)
		}
		c.rows = append(c.rows, []string{"  " + strconv.Itoa(e.ID), at, dash(e.Sensor), e.Text, e.Direction})
	}
	return c
}

func sensorCells(d admin.Detail) cells {
	c := cells{headers: []string{"  NAME", "READING", "STATE"}}
	for _, s := range d.Sensors {
		reading := "-"
		if s.Reading != nil {
			reading = strings.TrimSpace(strconv.FormatFloat(*s.Reading, 'f', 1, 64) + " " + s.Unit)
		}
		c.rows = append(c.rows, []string{"  " + s.Name, reading, s.State})
	}
	return c
}
