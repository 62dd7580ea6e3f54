package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) removalsCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:   "removals",
		Short: "Show the BMCs whose removal is held, and confirm it",
		Long: "Show the BMCs whose removal is held: too many VMs of a tenant were not selected any more at once.\n" +
			"They serve on until the VMs are back, the hold (guard.hold) has passed, or somebody confirms that\n" +
			"this was meant.",
		Args: f.args(noArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			held, err := p.client().Removals(cmd.Context())
			if err != nil {
				return err
			}
			return f.print(p.stdout, admin.RemovalsList(held), func() string { return removalsText(held, time.Now()) })
		},
	}
	f.flag(cmd, "table", "json", "yaml")
	cmd.AddCommand(p.confirmCommand())
	return cmd
}

func (p *program) confirmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "confirm TENANT SET",
		Short: "Remove the BMCs of a set that is held",
		Long: "Remove the BMCs of a set that is held. SET is what \"bmc-gateway removals\" shows: when other VMs have\n" +
			"joined or left meanwhile it is refused, and nothing goes that nobody has looked at.",
		Args: arguments(2, 2),
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
		c := cells{headers: []string{"NAME", "ADDRESS", "HELD FOR", "UNTIL", "REASON"}}
		for _, r := range set.BMCs {
			c.rows = append(c.rows, []string{dash(r.Name), removalAddress(r), brief(now.Sub(r.Since)), until(r), dash(r.Reason)})
		}
		b.WriteString(c.String())
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
