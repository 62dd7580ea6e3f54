package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// errDegraded makes status end with 1, for scripts.
var errDegraded = errors.New("degraded")

func (p *program) statusCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show vCenters, pools and tenants; exit 1 when something is wrong",
		Args:  f.args(noArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.client().Status(cmd.Context())
			if err != nil {
				return err
			}
			err = f.print(p.stdout, admin.Screen(s), func() string { return statusText(s, time.Now()) })
			if problems := degraded(s); err == nil && len(problems) > 0 {
				err = fmt.Errorf("%w: %s", errDegraded, strings.Join(problems, "; "))
			}
			return err
		},
	}
	f.flag(cmd, "table", "json", "yaml")
	return cmd
}

// degraded says what is wrong, in a few words each.
func degraded(s admin.Status) []string {
	var problems []string
	for _, v := range s.VCenters {
		if v.State != admin.Up {
			problems = append(problems, fmt.Sprintf("vCenter %s is %s", v.Name, v.State))
		}
		if n := len(v.Notices); n > 0 {
			problems = append(problems, fmt.Sprintf("vCenter %s has %s", v.Name, counted(n, "notice")))
		}
	}
	if n := len(s.Config.Problems); n > 0 {
		problems = append(problems, fmt.Sprintf("the configuration has %s since %s and is not in force, see \"bmc-gateway reload --dry-run\"", counted(n, "error"), stamp(s.Config.At)))
	}
	if s.State.Failure != "" {
		problems = append(problems, "the state file cannot be written, so no VM gets a new address: "+s.State.Failure)
	}
	if s.Audit != nil && s.Audit.Failing {
		problems = append(problems, fmt.Sprintf("the audit file %s cannot be written, %s lost", s.Audit.File, isOrAre(int(s.Audit.Lost), "line")))
	}
	for _, t := range s.Tenants {
		if !t.PowerHeldSince.IsZero() {
			problems = append(problems, fmt.Sprintf("tenant %s: power-offs are refused, too many at once; see \"bmc-gateway power release\"", t.Name))
		}
		if t.Held > 0 {
			problems = append(problems, fmt.Sprintf("tenant %s: %s held, see \"bmc-gateway removals\"", t.Name, isOrAre(t.Held, "removal")))
		}
		if n := t.Waiting + t.Error; n > 0 {
			problems = append(problems, fmt.Sprintf("tenant %s: %d of %d BMCs do not answer", t.Name, n, t.BMCs))
		}
	}
	return problems
}

func isOrAre(n int, what string) string {
	if n == 1 {
		return counted(n, what) + " is"
	}
	return counted(n, what) + " are"
}

func statusText(s admin.Status, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "bmc-gateway %s, up %s\n\n", printable(s.Version), brief(now.Sub(s.Started)))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VCENTER\tHOST\tSTATE\tLAST ANSWER\tVMS\tCALLS\tWAITING\tTLS\tLAST ERROR")
	for _, v := range s.VCenters {
		tls := "verified"
		if v.InsecureTLS {
			tls = "NOT VERIFIED"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", v.Name, v.Host, v.State, ago(now, v.LastAnswer), v.VMs,
			v.Commands, v.Waiting, tls, dash(v.LastError))
	}
	t.Flush() // notices are long, and no column
	for _, v := range s.VCenters {
		for _, n := range v.Notices {
			fmt.Fprintf(&b, "  %s: %s\n", v.Name, printable(n))
		}
	}
	fmt.Fprintln(t, "\nPOOL\tINTERFACE\tADDRESSES\tIN USE\tHELD\tQUARANTINED\tRESERVED\tWAITING")
	for _, p := range s.Pools {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", p.Name, p.Interface, p.Addresses, p.InUse, p.Held, p.Quarantined, p.Reserved, p.Waiting)
	}
	t.Flush()
	for _, p := range s.Pools {
		for _, n := range p.Notices {
			fmt.Fprintf(&b, "  %s: %s\n", p.Name, printable(n))
		}
	}
	fmt.Fprintln(t, "\nTENANT\tBMCS\tREADY\tWAITING\tERROR\tMAINTENANCE\tREMOVALS HELD")
	for _, c := range s.Tenants {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", c.Name, c.BMCs, c.Ready, c.Waiting, c.Error, c.Maintenance, c.Held)
	}
	t.Flush() // into memory
	return b.String()
}
