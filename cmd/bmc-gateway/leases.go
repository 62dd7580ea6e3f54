package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) leasesCommand() *cobra.Command {
	var tenant string
	var f format
	cmd := &cobra.Command{
		Use:   "leases",
		Short: "List the addresses that are in use, held, quarantined or reserved",
		Args:  f.args(noArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := p.client().Leases(cmd.Context())
			if err != nil {
				return err
			}
			var some []admin.Lease
			for _, l := range all {
				if tenant == "" || l.Tenant == tenant {
					some = append(some, l)
				}
			}
			p.tellTenant(cmd.Context(), tenant, len(some))
			return f.printCells(p.stdout, admin.LeaseList(some), leaseCells(some, time.Now()))
		},
	}
	cmd.Flags().StringVarP(&tenant, "tenant", "t", "", "only those of one `tenant`")
	f.flag(cmd, "table", "json", "yaml", "csv")
	return cmd
}

func (p *program) reserveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reserve TENANT ADDRESS...",
		Short: "Keep addresses of a tenant's pools from all VMs",
		Long: "Keep addresses of a tenant's pools from all VMs, until \"bmc-gateway release TENANT/ADDRESS\".\n" +
			"An address that is in use or held for a VM is refused.",
		Args: arguments(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var addresses []netip.Addr
			for _, text := range args[1:] {
				a, err := netip.ParseAddr(text)
				if err != nil {
					return misused("%q is no IP address", text)
				}
				addresses = append(addresses, a)
			}
			for _, a := range addresses {
				if err := p.changeLease(cmd.Context(), admin.LeaseChange{Verb: admin.ReserveLease, Tenant: args[0], Address: a}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (p *program) releaseCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "release TENANT/VM",
		Short: "End the hold, the pin or the reservation of an address",
		Long: "End the hold, the pin or the reservation of an address. What is written behind the tenant is the VM's name,\n" +
			"its instance UUID or the address. The quarantine begins, and is never cut short: for a day at least a client may\n" +
			"still mean the old VM by the address. A VM that has a BMC keeps it; deselect it first.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			tenant, target, err := ofTenant(args[0])
			if err != nil {
				return err
			}
			return p.changeLease(cmd.Context(), admin.LeaseChange{Verb: admin.ReleaseLease, Tenant: tenant, Target: target})
		},
	}
}

func (p *program) pinCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "pin TENANT/VM ADDRESS",
		Short: "Give a VM an address for good",
		Long: "Give a VM an address for good: it does not lapse while the VM is gone. The VM is written by its name or its\n" +
			"instance UUID. A BMC that answers elsewhere moves within seconds, and its old address is quarantined. An address\n" +
			"that is another VM's, or not out of its quarantine, is refused. \"bmc-gateway release\" ends it when the VM is gone.",
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			tenant, target, err := ofTenant(args[0])
			if err != nil {
				return err
			}
			a, err := netip.ParseAddr(args[1])
			if err != nil {
				return misused("%q is no IP address", args[1])
			}
			return p.changeLease(cmd.Context(), admin.LeaseChange{Verb: admin.PinLease, Tenant: tenant, Target: target, Address: a})
		},
	}
}

// ofTenant cuts TENANT/VM; names of VMs may have slashes, those of tenants not.
func ofTenant(arg string) (tenant, target string, err error) {
	tenant, target, ok := strings.Cut(arg, "/")
	if !ok || tenant == "" || target == "" {
		return "", "", misused("%q is not written as TENANT/VM", arg)
	}
	return tenant, target, nil
}

// changeLease asks for a change and prints the lease as it is then.
func (p *program) changeLease(ctx context.Context, c admin.LeaseChange) error {
	l, err := p.client().ChangeLease(ctx, c)
	if err == nil {
		_, err = fmt.Fprintf(p.stdout, "%s of pool %s is %s\n", l.Address, l.Pool, leaseState(l, time.Now()))
	}
	return err
}

// leaseState tells a state and how long it lasts.
func leaseState(l admin.Lease, now time.Time) string {
	s := l.State
	if l.Pinned {
		s += ", pinned"
	}
	if !l.Until.IsZero() {
		s += ", " + brief(l.Until.Sub(now)) + " left"
	}
	return s
}

func leaseCells(all []admin.Lease, now time.Time) cells {
	c := cells{headers: []string{"ADDRESS", "POOL", "TENANT", "VM", "MAC", "STATE", "CONFLICT"}}
	for _, l := range all {
		c.rows = append(c.rows, []string{l.Address.String(), l.Pool, dash(l.Tenant), dash(l.VM), dash(l.MAC), leaseState(l, now), ago(now, l.Conflict)})
	}
	return c
}
