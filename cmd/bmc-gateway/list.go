package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) listCommand() *cobra.Command {
	var s selection
	var f format
	var noHeaders, watch bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the BMCs",
		Args: f.args(func(cmd *cobra.Command, args []string) error {
			if err := noArguments(cmd, args); err != nil {
				return err
			}
			if watch {
				return errors.Join(oneOf("--output", f.chosen, "table", "wide", "json"), s.check())
			}
			return s.check()
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ask := func() ([]admin.BMC, error) { return s.list(cmd.Context(), p.client()) }
			if watch {
				l := &listWatch{w: p.stdout, json: f.chosen == "json", wide: f.chosen == "wide", headers: !noHeaders}
				return l.run(cmd.Context(), ask)
			}
			bmcs, err := ask()
			if err != nil {
				return err
			}
			p.tellTenant(cmd.Context(), s.tenant, len(bmcs))
			if len(bmcs) == 0 && s.tenant == "" && len(s.selectors) == 0 && f.chosen == "table" {
				fmt.Fprintln(p.stderr, "bmc-gateway: no VM is selected; \"bmc-gateway config check --online\" counts the VMs of each tag and folder")
			}
			return p.printList(bmcs, &f, !noHeaders)
		},
	}
	s.flags(cmd)
	f.flag(cmd, "table", "wide", "json", "yaml", "name", "csv")
	cmd.Flags().BoolVar(&noHeaders, "no-headers", false, "leave out the line with the names of the columns")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "go on with what changes, until interrupted; as table, wide or json")
	return cmd
}

func (p *program) printList(bmcs []admin.BMC, f *format, headers bool) error {
	if f.chosen == "name" {
		return printNames(p.stdout, bmcs)
	}
	c := bmcCells(bmcs, f.chosen != "table", headers, time.Now())
	if f.chosen == "csv" {
		for i, b := range bmcs {
			c.rows[i][slices.Index(columns, "LAST REQUEST")] = stamped(b.LastRequest) // for programs
		}
	}
	return f.printCells(p.stdout, admin.List(bmcs), c)
}

func printNames(w io.Writer, bmcs []admin.BMC) error {
	for _, b := range bmcs {
		if _, err := fmt.Fprintln(w, printable(b.Tenant+"/"+b.Name)); err != nil {
			return err
		}
	}
	return nil
}

var (
	columns     = []string{"TENANT", "NAME", "STATUS", "POWER", "ADDRESS", "PORT", "SESSIONS", "LAST REQUEST", "VCENTER"}
	wideColumns = []string{"MAC", "INTERFACE", "POOL", "VM", "UUID", "CLUSTER", "REASON"}
)

func allColumns() []string { return append(columns[:len(columns):len(columns)], wideColumns...) }

func bmcCells(bmcs []admin.BMC, wide, headers bool, now time.Time) cells {
	c := cells{}
	line := row
	if wide {
		line = wideRow
	}
	switch {
	case headers && wide:
		c.headers = allColumns()
	case headers:
		c.headers = columns
	}
	for _, b := range bmcs {
		c.rows = append(c.rows, line(b, now))
	}
	return c
}

func row(b admin.BMC, now time.Time) []string {
	address, sessions := "-", "-"
	if b.Address.IsValid() {
		address = b.Address.String()
	}
	if b.State == admin.Ready || b.State == admin.Held || b.State == admin.Maintained {
		sessions = strconv.Itoa(len(b.Sessions))
	}
	return []string{dash(b.Tenant), dash(b.Name), dash(string(b.State)), dash(string(b.Power)), address,
		strconv.Itoa(int(b.Port)), sessions, ago(now, b.LastRequest), dash(b.VCenter)}
}

func wideRow(b admin.BMC, now time.Time) []string {
	return append(row(b, now), dash(b.MAC), dash(b.Interface), dash(b.Pool), dash(b.VM.Ref), dash(b.VM.InstanceUUID), dash(b.Cluster), dash(b.Reason))
}

// stamped is a time as JSON has it; "-" for never.
func stamped(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return stamp(t)
}

// ago tells how long something is past, in its largest unit; "-" for never.
func ago(now, then time.Time) string {
	if then.IsZero() {
		return "-"
	}
	return brief(now.Sub(then)) + " ago"
}

// brief is a duration in its largest unit. Clocks of two processes may differ a
// little, so what lies ahead is "0s".
func brief(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// dash fills an empty cell, so that every line has the same number of words.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return printable(s)
}

// printable keeps what a VM is called from moving the cursor or the columns.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
