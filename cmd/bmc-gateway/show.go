package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) showCommand() *cobra.Command {
	var f format
	var also tables
	cmd := &cobra.Command{
		Use:   "show NAME...",
		Short: "Show BMCs in full",
		Long: "Show BMCs in full. NAME is tenant/vm, a VM's name if only one has it, an address,\n" +
			"or a VM's instance or BIOS UUID. JSON and YAML have the event log, the sensors and\n" +
			"the recent commands without being asked for them.",
		Args: f.args(arguments(1, -1)),
		RunE: func(cmd *cobra.Command, names []string) error {
			bmcs, err := p.named(cmd.Context(), names)
			if err != nil {
				return err
			}
			all := plainly(bmcs)
			if f.chosen != "table" || also != (tables{}) {
				if all, err = p.details(cmd.Context(), bmcs); err != nil {
					return err
				}
			}
			shown := admin.DetailList(all)
			if len(all) == 1 {
				shown = admin.SingleDetail(all[0])
			}
			return f.print(p.stdout, shown, func() string { return showText(all, also, time.Now()) })
		},
	}
	f.flag(cmd, "table", "json", "yaml")
	also.flags(cmd)
	return cmd
}

// named returns the BMCs that names mean.
func (p *program) named(ctx context.Context, names []string) (bmcs []admin.BMC, err error) {
	all, err := p.client().BMCs(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := findBMC(all, name)
		if err != nil {
			return nil, err
		}
		bmcs = append(bmcs, b)
	}
	return bmcs, nil
}

// showText is each BMC as a table of its properties, with the tables asked for.
func showText(all []admin.Detail, also tables, now time.Time) string {
	var b strings.Builder
	for i, one := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeBMC(&b, one.BMC, now)
		also.write(&b, one)
	}
	return b.String()
}

func writeBMC(b *strings.Builder, one admin.BMC, now time.Time) {
	var table cells
	for _, p := range properties(one, now) {
		if p.value != "" {
			table.rows = append(table.rows, []string{p.name + ":", printable(p.value)})
		}
	}
	b.WriteString(table.String())
	if len(one.Sessions) == 0 {
		return
	}
	b.WriteString("Sessions:\n")
	sessions := cells{headers: []string{"  ID", "ACCOUNT", "PRIVILEGE", "FROM", "SUITE", "IDLE", "OPENED"}}
	for _, s := range one.Sessions {
		sessions.rows = append(sessions.rows, []string{"  " + s.ID, printable(s.Account), s.Privilege, s.From.String(), strconv.Itoa(s.Suite),
			brief(time.Duration(s.IdleSeconds) * time.Second), stamp(s.OpenedAt)})
	}
	b.WriteString(sessions.String())
}

type property struct{ name, value string }

// properties are in the order an operator asks for them; one without a value is
// not printed.
func properties(b admin.BMC, now time.Time) []property {
	power := string(b.Power)
	if b.Power != admin.PowerUnknown {
		power += ", for " + brief(time.Duration(b.PowerAge)*time.Second)
	}
	address := "none yet"
	if b.Address.IsValid() {
		address = b.Address.String()
	}
	if b.Interface != "" {
		address += " on " + b.Interface
	}
	last := "none"
	if !b.LastRequest.IsZero() {
		last = fmt.Sprintf("%d, the last %s", b.Requests, ago(now, b.LastRequest))
	}
	return []property{
		{"Name", b.Tenant + "/" + b.Name},
		{"Status", fmt.Sprintf("%s (since %s)", b.State, stamp(b.Since))},
		{"Reason", b.Reason},
		{"Maintenance", maintenance(b, now)},
		{"Power", power},
		{"Address", address + ", pool " + b.Pool},
		{"BMC MAC", b.MAC},
		{"Port", fmt.Sprintf("%d/udp", b.Port)},
		{"Extra ports", extraPorts(b.ExtraPorts)},
		{"vCenter", b.VCenter},
		{"Cluster", b.Cluster},
		{"VM", fmt.Sprintf("%s  %s  uuid %s", b.VM.Name, b.VM.Ref, b.VM.InstanceUUID)},
		{"BIOS UUID", b.VM.BIOSUUID},
		{"Network cards", strings.Join(b.VM.NICs, "  ")},
		{"Selected by", strings.Join(b.SelectedBy, ", ")},
		{"Accounts", accounts(b.Accounts)},
		{"Cipher suites", strings.Trim(fmt.Sprint(b.CipherSuites), "[]")},
		{"IPMI 1.5", b.V15},
		{"Boot override", b.Boot},
		{"Boot order", b.BootOrder},
		{"Identify", b.Identify},
		{"Protected by", b.Protected},
		{"Requests", last},
	}
}

// maintenance is what keeps the BMC from carrying out commands.
func maintenance(b admin.BMC, now time.Time) string {
	m := b.Maintenance
	if m == nil {
		return ""
	}
	s := "of this BMC"
	if m.VM == "" {
		s = "of the tenant"
	}
	return s + maintenanceEnd(*m, now)
}

func extraPorts(all []admin.ExtraPort) string {
	words := make([]string, len(all))
	for i, p := range all {
		words[i] = p.Listen + "/udp"
		if p.Failure != "" {
			words[i] += " (" + p.Failure + ")"
		}
	}
	return strings.Join(words, "  ")
}

func accounts(all []admin.Account) string {
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = fmt.Sprintf("%s (%s)", a.Name, a.Privilege)
		if !a.Until.IsZero() {
			words[i] = fmt.Sprintf("%s (%s, until %s)", a.Name, a.Privilege, stamp(a.Until))
		}
		if a.VCenter != "" {
			words[i] = fmt.Sprintf("%s (%s, of vCenter %s)", a.Name, a.Privilege, a.VCenter)
		}
	}
	return strings.Join(words, "  ")
}

// stamp writes a time as everywhere else: RFC 3339, UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
