package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/export"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// An exporter is what the flags of export say.
type exporter struct {
	tenant, account string
	secrets         bool
	path            string
}

func (p *program) exportCommand() *cobra.Command {
	var f exporter
	cmd := &cobra.Command{
		Use:   "export FORMAT [NAME...]",
		Short: "Write configuration for the clients of BMCs, such as Ironic, Pacemaker or Prometheus",
		Long: "Write configuration for the clients of BMCs, of all or of those named. Passwords are\n" +
			"referred to, or left to fill in, unless --secrets is given: then they are read from the\n" +
			"configuration, which this user must be allowed to read.\n\n" +
			"FORMAT is one of " + strings.Join(export.Formats(), ", ") + ".",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := arguments(1, -1)(cmd, args); err != nil {
				return err
			}
			return oneOf("format", args[0], export.Formats()...)
		},
		ValidArgs: export.Formats(),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := p.client().BMCs(cmd.Context(), f.tenant)
			if err != nil {
				return err
			}
			bmcs, err := named(all, args[1:])
			if err != nil {
				return err
			}
			p.tellTenant(cmd.Context(), f.tenant, len(all))
			there := slices.DeleteFunc(slices.Clone(bmcs), func(b admin.BMC) bool { return !b.Address.IsValid() })
			if n := len(bmcs) - len(there); n > 0 {
				fmt.Fprintf(p.stderr, "bmc-gateway: left out for want of an address: %s\n", counted(n, "BMC"))
			}
			hosts, err := p.hosts(there, args[0], f)
			if err != nil {
				return err
			}
			return export.Write(p.stdout, args[0], hosts)
		},
	}
	cmd.Flags().StringVarP(&f.tenant, "tenant", "t", "", "only those of one `tenant`")
	cmd.Flags().StringVarP(&f.account, "account", "a", "", "the `account` clients are to use (default the operator, for Ironic and Metal3 the administrator, or what comes nearest)")
	cmd.Flags().BoolVar(&f.secrets, "secrets", false, "write passwords into the output")
	configFlag(cmd, &f.path)
	return cmd
}

// named returns the BMCs with these names; all when there are none.
func named(all []admin.BMC, names []string) ([]admin.BMC, error) {
	if len(names) == 0 {
		return all, nil
	}
	var some []admin.BMC
	for _, name := range names {
		b, err := findBMC(all, name)
		if err != nil {
			return nil, err
		}
		some = append(some, b)
	}
	return some, nil
}

func (p *program) hosts(bmcs []admin.BMC, format string, f exporter) ([]export.Host, error) {
	var tenants []gateway.Tenant
	if f.secrets {
		cfg, _, err := config.Load(f.path, p.env)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errConfig, err)
		}
		tenants = cfg.Tenants
	}
	var hosts []export.Host
	for _, b := range bmcs {
		a, err := export.AccountFor(b, format, f.account)
		if err != nil {
			return nil, err
		}
		h := export.Host{BMC: b, Account: a.Name, Privilege: a.Privilege}
		if f.secrets {
			if h.Secret = passwordOf(tenants, b.Tenant, a.Name); h.Secret == "" {
				return nil, fmt.Errorf("%s has no account %s of tenant %s; is it the daemon's configuration?", f.path, a.Name, b.Tenant)
			}
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

func passwordOf(tenants []gateway.Tenant, tenant, account string) string {
	for _, t := range tenants {
		if t.Name != tenant {
			continue
		}
		for _, a := range t.Accounts {
			if a.Name == account {
				return string(a.Password)
			}
		}
	}
	return ""
}
