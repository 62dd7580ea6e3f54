package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) registerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Make BMCs known to the vCenter whose hosts the VMs are",
		Args:  noArguments,
		RunE:  needsCommand,
	}
	cmd.AddCommand(p.registerHostsCommand(), p.registerStatusCommand())
	return cmd
}

func (p *program) registerHostsCommand() *cobra.Command {
	var r admin.RegistrationRequest
	var f format
	cmd := &cobra.Command{
		Use:   "hosts",
		Short: "Fill in the BMC of nested ESXi hosts at their vCenter",
		Long: "Fill in the BMC of nested ESXi hosts at their vCenter (tenants[].register.vcenter): address, MAC, and an account\n" +
			"that is made for it. vCenter logs in at each BMC before it takes it, two hosts at a time. A host is known by its\n" +
			"service tag, UUID and network cards; what is not sure is told and left alone, and so is a host that has another\n" +
			"BMC, unless --adopt. Hosts that are right already are not touched. Exit code 1 when a host failed or is\n" +
			"ambiguous, 5 when the configuration is in the way.",
		Args: f.args(func(cmd *cobra.Command, args []string) error {
			if r.Unregister && (r.Adopt || r.Rotate) {
				return errors.New("--unregister does not go with --adopt or --rotate")
			}
			return noArguments(cmd, args)
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := p.client().RegisterHosts(cmd.Context(), r)
			if err != nil {
				return err
			}
			if err := f.printCells(p.stdout, admin.RegistrationList(done), hostCells(done)); err != nil {
				return err
			}
			return unregistered(done)
		},
	}
	cmd.Flags().StringVarP(&r.Tenant, "tenant", "t", "", "only the hosts of one `tenant`")
	cmd.Flags().BoolVar(&r.DryRun, "dry-run", false, "say what would be done, and do nothing")
	cmd.Flags().BoolVar(&r.Adopt, "adopt", false, "also hosts that have another BMC")
	cmd.Flags().BoolVar(&r.Rotate, "rotate", false, "with new accounts; the present ones hold until vCenter has those")
	cmd.Flags().BoolVar(&r.Unregister, "unregister", false, "have vCenter forget BMCs that are the tenant's, and end their accounts")
	f.flag(cmd, "table", "json", "yaml", "csv")
	return cmd
}

// hostCells is a table of hosts.
func hostCells(all []admin.Registrations) cells {
	c := cells{
		headers: []string{"TENANT", "HOST", "VM", "MATCHED BY", "BMC", "MAC", "STATE", "REASON"},
		none:    "vCenter has no hosts",
	}
	for _, r := range all {
		for _, h := range r.Hosts {
			address := ""
			if h.Address.IsValid() {
				address = h.Address.String()
			}
			c.rows = append(c.rows, []string{
				printable(r.Tenant), printable(h.Host), dash(printable(h.VM)), dash(h.MatchedBy), dash(address), dash(h.MAC),
				string(h.State), dash(printable(h.Reason)),
			})
		}
	}
	return c
}

// unregistered is the error for hosts that are not as they should be.
func unregistered(all []admin.Registrations) error {
	failed, hosts := 0, 0
	var problems []error
	for _, r := range all {
		if r.Error != "" {
			problems = append(problems, fmt.Errorf("tenant %s: %s", r.Tenant, r.Error))
		}
		for _, h := range r.Hosts {
			hosts++
			if h.State == admin.Failed || h.State == admin.Ambiguous {
				failed++
			}
		}
	}
	if failed > 0 {
		problems = append(problems, fmt.Errorf("%d of %s failed or ambiguous", failed, counted(hosts, "host")))
	}
	return errors.Join(problems...)
}

func (p *program) registerStatusCommand() *cobra.Command {
	var tenant string
	var f format
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how hosts are registered, as of the last look",
		Long: "Show how hosts are registered, as of the last look, which is the daemon's own when register.mode is apply or\n" +
			"dry-run. vCenter is not asked.",
		Args: f.args(noArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			some, err := p.registrations(cmd.Context(), tenant)
			if err != nil {
				return err
			}
			return f.print(p.stdout, admin.RegistrationList(some), func() string { return registrationText(some, time.Now()) })
		},
	}
	cmd.Flags().StringVarP(&tenant, "tenant", "t", "", "only one `tenant`")
	f.flag(cmd, "table", "json", "yaml")
	return cmd
}

// registrations returns those of a tenant, or of all when it is empty.
func (p *program) registrations(ctx context.Context, tenant string) ([]admin.Registrations, error) {
	all, err := p.client().Registrations(ctx)
	if err != nil || tenant == "" {
		return all, err
	}
	for _, r := range all {
		if r.Tenant == tenant {
			return []admin.Registrations{r}, nil
		}
	}
	return nil, fmt.Errorf("tenant %q: %w, or it registers no hosts (tenants[].register)", tenant, admin.ErrNoTenant)
}

// registrationText is a line for each tenant, and the hosts.
func registrationText(all []admin.Registrations, now time.Time) string {
	if len(all) == 0 {
		return "no tenant registers hosts (tenants[].register)\n"
	}
	c := cells{headers: []string{"TENANT", "VCENTER", "MODE", "LOOKED", "HOSTS", "REGISTERED", "PROBLEM"}}
	hosts := 0
	for _, r := range all {
		registered := 0
		for _, h := range r.Hosts {
			if h.State == admin.Registered {
				registered++
			}
		}
		looked := "never"
		if !r.At.IsZero() {
			looked = ago(now, r.At)
		}
		hosts += len(r.Hosts)
		c.rows = append(c.rows, []string{printable(r.Tenant), printable(r.VCenter), r.Mode, looked,
			fmt.Sprint(len(r.Hosts)), fmt.Sprint(registered), cmp.Or(printable(r.Error), "-")})
	}
	if hosts == 0 {
		return c.String()
	}
	return c.String() + "\n" + hostCells(all).String()
}
