package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) accessCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "access",
		Short: "Give somebody access to one BMC for a time",
		Args:  noArguments,
		RunE:  needsCommand,
	}
	cmd.AddCommand(p.accessGrantCommand(), p.accessListCommand(), p.accessRevokeCommand())
	return cmd
}

func (p *program) accessGrantCommand() *cobra.Command {
	var r admin.GrantRequest
	var from []string
	var lasts time.Duration
	var f format
	cmd := &cobra.Command{
		Use:   "grant TENANT/VM",
		Short: "Make an account of one BMC that ends by itself",
		Long: "Make an account of one BMC that ends by itself, and its sessions with it. The VM is written by its name or its\n" +
			"instance UUID. The password is generated and shown this once. The tenant's limits are in the configuration\n" +
			"(access). The account survives restarts of the daemon.",
		Args: f.args(func(cmd *cobra.Command, args []string) error {
			if err := arguments(1, 1)(cmd, args); err != nil {
				return err
			}
			if lasts < time.Second {
				return fmt.Errorf("--ttl %s is less than a second", lasts)
			}
			var err error
			if r.Tenant, r.Target, err = ofTenant(args[0]); err != nil {
				return err
			}
			r.From, err = networks(from)
			return err
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.Seconds = int64(lasts / time.Second)
			g, err := p.client().GrantAccess(cmd.Context(), r)
			if err != nil {
				return err
			}
			return f.print(p.stdout, admin.SingleGrant(g), func() string { return grantText(g, time.Now()) })
		},
	}
	cmd.Flags().DurationVar(&lasts, "ttl", time.Hour, "`time` after which it ends, such as 30m")
	cmd.Flags().StringSliceVar(&from, "from", nil, "`networks` it may be used from, such as 192.0.2.0/24,198.51.100.7 (default: all of the tenant's allow_from)")
	cmd.Flags().StringVar(&r.Privilege, "privilege", "operator", "`level`: callback, user, operator, administrator")
	cmd.Flags().StringVar(&r.User, "user", "", "`name` to log in with (default: one is made up)")
	f.flag(cmd, "table", "json", "yaml")
	return cmd
}

// networks reads prefixes, and addresses that stand for themselves alone.
func networks(texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			all = append(all, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Addr().Is4In6() {
			return nil, fmt.Errorf("--from %q is no network such as 192.0.2.0/24", text)
		}
		if p != p.Masked() {
			return nil, fmt.Errorf("--from %q is no network: is %s meant?", text, p.Masked())
		}
		all = append(all, p)
	}
	return all, nil
}

func grantText(g admin.Grant, now time.Time) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	address := "none yet"
	if g.Address.IsValid() {
		address = netip.AddrPortFrom(g.Address, g.Port).String()
	}
	for _, p := range []property{
		{"Grant", g.ID},
		{"BMC", g.Tenant + "/" + g.VM},
		{"Address", address},
		{"User", g.User},
		{"Password", string(g.Password)},
		{"Privilege", g.Privilege},
		{"From", sources(g.From)},
		{"Until", fmt.Sprintf("%s, in %s", stamp(g.Until), brief(g.Until.Sub(now).Round(time.Second)))},
	} {
		fmt.Fprintf(t, "%s:\t%s\n", p.name, printable(p.value))
	}
	t.Flush() // into memory
	b.WriteString("\nThe password is not shown again. Clients may have to be told the privilege: ipmitool -I lanplus -L " + strings.ToUpper(g.Privilege) + "\n")
	return b.String()
}

// sources tells where an account may be used from.
func sources(from []netip.Prefix) string {
	words := make([]string, len(from))
	for i, p := range from {
		words[i] = p.String()
	}
	return cmp.Or(strings.Join(words, ","), "all that the tenant allows")
}

func (p *program) accessListCommand() *cobra.Command {
	var tenant string
	var f format
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the accounts that BMCs have for a time",
		Args:    f.args(noArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := p.client().Grants(cmd.Context())
			if err != nil {
				return err
			}
			var some []admin.Grant
			for _, g := range all {
				if tenant == "" || g.Tenant == tenant {
					some = append(some, g)
				}
			}
			p.tellTenant(cmd.Context(), tenant, len(some))
			return f.printCells(p.stdout, admin.GrantList(some), grantCells(some, time.Now()))
		},
	}
	cmd.Flags().StringVarP(&tenant, "tenant", "t", "", "only those of one `tenant`")
	f.flag(cmd, "table", "json", "yaml", "csv")
	return cmd
}

func grantCells(all []admin.Grant, now time.Time) cells {
	c := cells{none: "nobody has access for a time", headers: []string{"ID", "TENANT", "VM", "USER", "PRIVILEGE", "FROM", "GRANTED", "LEFT"}}
	for _, g := range all {
		from := "-"
		if len(g.From) > 0 {
			from = sources(g.From)
		}
		c.rows = append(c.rows, []string{g.ID, printable(g.Tenant), printable(g.VM), printable(g.User), g.Privilege,
			from, ago(now, g.Granted), brief(g.Until.Sub(now))})
	}
	return c
}

func (p *program) accessRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID...",
		Short: "End access now, and its sessions",
		Args:  arguments(1, -1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			for _, id := range ids {
				g, err := p.client().RevokeAccess(cmd.Context(), id)
				if err != nil {
					return err
				}
				fmt.Fprintf(p.stdout, "%s has no access to %s any more\n", printable(g.User), printable(g.Tenant+"/"+g.VM))
			}
			return nil
		},
	}
}
