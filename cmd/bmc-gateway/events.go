package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) eventsCommand() *cobra.Command {
	var tenant string
	var f format
	var watch bool
	var last int
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Show what has happened lately: commands, failed logins, BMCs, addresses, vCenters",
		Long: "Show what has happened lately: commands and who gave them, failed logins, BMCs that came, went or cannot\n" +
			"answer, addresses, vCenters. The daemon remembers the last few thousand since it started; the audit file\n" +
			"(audit.file) has all commands. With --watch and -o json each event is a line.",
		Args: f.args(func(cmd *cobra.Command, args []string) error {
			if err := noArguments(cmd, args); err != nil {
				return err
			}
			if last < 0 {
				return fmt.Errorf("--last %d is less than none", last)
			}
			if watch {
				return oneOf("--output", f.chosen, "table", "json")
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			events, err := p.client().Events(cmd.Context(), 0, tenant)
			if err != nil {
				return err
			}
			newest := uint64(0)
			if len(events) > 0 {
				newest = events[len(events)-1].Seq
			}
			p.tellTenant(cmd.Context(), tenant, ofOneTenant(events, tenant))
			events = events[max(0, len(events)-last):]
			if !watch && f.chosen != "table" {
				return f.print(p.stdout, admin.EventList(events), nil)
			}
			each := eventPrinter(p.stdout, f.chosen)
			for _, e := range events {
				if err := each(e); err != nil {
					return err
				}
			}
			if !watch {
				return nil
			}
			return quietEnd(cmd.Context(), p.client().Follow(cmd.Context(), newest, tenant, each))
		},
	}
	cmd.Flags().StringVarP(&tenant, "tenant", "t", "", "only those of one `tenant`, and those of no tenant, such as of vCenters")
	f.flag(cmd, "table", "json", "yaml")
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "go on with what happens from now on, until interrupted")
	cmd.Flags().IntVarP(&last, "last", "n", 50, "begin with the last `number` of them")
	return cmd
}

// ofOneTenant counts the events of a tenant.
func ofOneTenant(events []admin.Event, tenant string) (n int) {
	for _, e := range events {
		if e.Tenant == tenant {
			n++
		}
	}
	return n
}

// eventPrinter prints an event as a line.
func eventPrinter(w io.Writer, output string) func(admin.Event) error {
	if output == "json" {
		lines := json.NewEncoder(w)
		return func(e admin.Event) error { return lines.Encode(e) }
	}
	return func(e admin.Event) error {
		_, err := fmt.Fprintln(w, eventLine(e))
		return err
	}
}

// eventLine has the columns time, level, kind and subject, then the text: what was
// done to whom comes first, by whom and with what result after it.
func eventLine(e admin.Event) string {
	text := e.Text
	if e.Kind == admin.EventLost {
		text = fmt.Sprintf("%s: %s", counted(int(e.Lost), "event"), e.Text)
	}
	var more []string
	add := func(name, value string) {
		if value != "" {
			more = append(more, name+" "+value)
		}
	}
	if e.Account != "" {
		add("account", quoted(e.Account)) // at a login it is what somebody sent
	}
	if e.From.IsValid() {
		add("from", e.From.String())
	}
	if e.UID != nil {
		add("uid", fmt.Sprint(*e.UID))
	}
	add("code", e.Code)
	add("operation", e.Operation)
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	if e.Error != "" {
		text += ": " + e.Error
	}
	return fmt.Sprintf("%s  %-7s  %-7s  %-24s  %s", stamp(e.Time), e.Level, e.Kind, dash(subject(e)), printable(text))
}

// subject is what an event is about, in one word.
func subject(e admin.Event) string {
	switch {
	case e.BMC != "":
		return e.Tenant + "/" + e.BMC
	case e.Kind == admin.EventVCenter:
		return e.VCenter
	case e.Address.IsValid():
		return e.Address.String()
	default:
		return e.Tenant
	}
}
