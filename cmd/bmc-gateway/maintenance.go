package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) maintenanceCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:   "maintenance",
		Short: "Show what is in maintenance, begin and end it",
		Long: "Show what is in maintenance. A BMC in maintenance keeps its address and answers what reads; what changes\n" +
			"something, such as a power command, is answered with \"node busy\" (C0h) and not carried out: a fence agent\n" +
			"fails, and what provisions tries again. It survives restarts of the daemon.",
		Args: f.args(noArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := p.client().Maintenance(cmd.Context())
			if err != nil {
				return err
			}
			return f.printCells(p.stdout, admin.MaintenanceList(all), maintenanceCells(all, time.Now()))
		},
	}
	f.flag(cmd, "table", "json", "yaml", "csv")
	cmd.AddCommand(p.maintenanceOnCommand(), p.maintenanceOffCommand())
	return cmd
}

func (p *program) maintenanceOnCommand() *cobra.Command {
	var c admin.MaintenanceChange
	var lasts time.Duration
	cmd := &cobra.Command{
		Use:   "on TENANT[/VM]",
		Short: "Refuse what changes something, at one BMC or all of a tenant",
		Long: "Refuse what changes something, at one BMC or all of a tenant: \"node busy\" (C0h). With --silent there is no\n" +
			"answer at all, also to what reads. The VM is written by its name or its instance UUID. A power action that\n" +
			"has begun goes on. Given again, reason and time are replaced.",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := arguments(1, 1)(cmd, args); err != nil {
				return err
			}
			if cmd.Flags().Changed("for") && lasts < time.Second {
				return fmt.Errorf("--for %s is less than a second", lasts)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.On, c.Seconds = true, int64(lasts/time.Second)
			c.Tenant, c.Target, _ = strings.Cut(args[0], "/")
			m, err := p.client().ChangeMaintenance(cmd.Context(), c)
			if err == nil {
				_, err = fmt.Fprintf(p.stdout, "%s is in maintenance%s\n", printable(inMaintenance(m)), maintenanceEnd(m, time.Now()))
			}
			return err
		},
	}
	cmd.Flags().StringVar(&c.Reason, "reason", "", "`text` that list and show tell")
	cmd.Flags().DurationVar(&lasts, "for", 0, "`time` after which it ends by itself, such as 2h (default: with \"maintenance off\")")
	cmd.Flags().BoolVar(&c.Silent, "silent", false, "answer nothing at all")
	return cmd
}

func (p *program) maintenanceOffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "off TENANT[/VM]",
		Short: "End a maintenance",
		Long:  "End a maintenance: of a VM that of the VM, of a tenant that of the tenant as a whole.",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var c admin.MaintenanceChange
			c.Tenant, c.Target, _ = strings.Cut(args[0], "/")
			m, err := p.client().ChangeMaintenance(cmd.Context(), c)
			if err == nil {
				_, err = fmt.Fprintf(p.stdout, "%s is not in maintenance any more\n", printable(inMaintenance(m)))
			}
			return err
		},
	}
}

// inMaintenance names what a maintenance is of.
func inMaintenance(m admin.Maintenance) string {
	if m.VM == "" {
		return "tenant " + m.Tenant
	}
	return m.Tenant + "/" + m.VM
}

// maintenanceEnd says how long it lasts and what it means.
func maintenanceEnd(m admin.Maintenance, now time.Time) string {
	s := ""
	if m.Silent {
		s += ", silent"
	}
	if !m.Until.IsZero() {
		s += ", " + brief(m.Until.Sub(now).Round(time.Second)) + " left"
	}
	return s
}

func maintenanceCells(all []admin.Maintenance, now time.Time) cells {
	c := cells{none: "nothing is in maintenance", headers: []string{"TENANT", "VM", "ANSWERS", "SINCE", "UNTIL", "REASON"}}
	for _, m := range all {
		answers, end := "reads", "it is ended"
		if m.Silent {
			answers = "nothing"
		}
		if !m.Until.IsZero() {
			end = stamp(m.Until)
		}
		vm := "all"
		if m.VM != "" {
			vm = printable(m.VM)
		}
		c.rows = append(c.rows, []string{printable(m.Tenant), vm, answers, ago(now, m.Since), end, dash(m.Reason)})
	}
	return c
}
