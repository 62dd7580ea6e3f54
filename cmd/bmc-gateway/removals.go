package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) removalsCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "removals",
		Short: "Show the BMCs whose removal is held, and confirm it",
		Long: "Show the BMCs whose removal is held: too many VMs of a tenant were not selected any more at once.\n" +
			"They serve on until the VMs are back, the hold (guard.hold) has passed, or somebody confirms that\n" +
			"this was meant.",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return err
			}
			return oneOf("--output", output, "table", "json")
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			held, err := p.client().Removals(cmd.Context())
			if err != nil {
				return err
			}
			if output == "json" {
				return printJSON(p.stdout, admin.RemovalsList(held))
			}
			_, err = fmt.Fprint(p.stdout, removalsText(held, time.Now()))
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "`format`: table, json")
	cmd.AddCommand(p.confirmCommand())
	return cmd
}

func (p *program) confirmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "confirm TENANT SET",
		Short: "Remove the BMCs of a set that is held",
		Long: "Remove the BMCs of a set that is held. SET is what \"bmc-gateway removals\" shows: when other VMs have\n" +
			"joined or left meanwhile it is refused, and nothing goes that nobody has looked at.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := p.client().ConfirmRemovals(cmd.Context(), args[0], args[1])
			if err == nil {
				_, err = fmt.Fprintf(p.stdout, "tenant %s: %s confirmed; the BMCs go with vCenter's next answer\n",
					printable(done.Tenant), counted(done.Confirmed, "removal"))
			}
			return err
		},
	}
}

func removalsText(held []admin.Removals, now time.Time) string {
	if len(held) == 0 {
		return "no removal is held\n"
	}
	var b strings.Builder
	for i, set := range held {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "tenant %s: %s held, of %s. If that is meant:\n  bmc-gateway removals confirm %s %s\n",
			printable(set.Tenant), isOrAre(len(set.BMCs), "removal"), counted(set.Of, "BMC"), printable(set.Tenant), set.ID)
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tADDRESS\tHELD FOR\tUNTIL\tREASON")
		for _, r := range set.BMCs {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", dash(r.Name), removalAddress(r), brief(now.Sub(r.Since)), until(r), dash(r.Reason))
		}
		t.Flush() // into memory
	}
	return b.String()
}

func removalAddress(r admin.Removal) string {
	if !r.Address.IsValid() {
		return "-"
	}
	return r.Address.String()
}

// until says when the removal is carried out if nobody says anything.
func until(r admin.Removal) string {
	switch {
	case r.Confirmed:
		return "now"
	case r.Until.IsZero():
		return "confirmed"
	default:
		return stamp(r.Until)
	}
}
