package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

var (
	// errPolicy makes a command end with 5.
	errPolicy = errors.New("refused by policy")
	// errConfirm is for several BMCs without --yes.
	errConfirm = errors.New("say --yes if they are meant")
)

// ordersAtOnce is how many orders are under way at a time; the daemon has queues of
// its own.
const ordersAtOnce = 16

func (p *program) powerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "power",
		Short: "Power BMCs' virtual machines on or off, as over IPMI",
		Long: "Power BMCs' virtual machines on or off, on the path of IPMI commands: queue, policy, event log and audit.\n" +
			"NAME is as for show. More than one needs --yes. Exit code 5 when the configuration refuses one: a protected\n" +
			"VM, too many power-offs at once, a quota.",
		Args: noArguments,
		RunE: needsCommand,
	}
	for action, short := range map[string]string{
		"on": "Power on", "off": "Cut the power", "cycle": "Power off, and on again", "reset": "Press the reset button",
		"soft": "Ask the guest to shut down", "diag": "Send an NMI",
	} {
		cmd.AddCommand(p.orderCommand(action, short, func([]string) (admin.Order, []string) { return admin.Order{Action: action}, nil }))
	}
	cmd.AddCommand(p.powerStatusCommand(), p.powerReleaseCommand())
	return cmd
}

func (p *program) powerStatusCommand() *cobra.Command {
	var s selection
	cmd := &cobra.Command{
		Use:   "status NAME...",
		Short: "Tell the power state",
		Args:  s.args,
		RunE: func(cmd *cobra.Command, names []string) error {
			bmcs, err := s.find(cmd.Context(), p.client(), names)
			if err != nil {
				return err
			}
			for _, b := range bmcs {
				if _, err := fmt.Fprintf(p.stdout, "%s: %s\n", printable(b.Tenant+"/"+b.Name), b.Power); err != nil {
					return err
				}
			}
			return nil
		},
	}
	s.flags(cmd)
	return cmd
}

func (p *program) powerReleaseCommand() *cobra.Command {
	var d time.Duration
	cmd := &cobra.Command{
		Use:   "release TENANT",
		Short: "Let a tenant's BMCs be powered off, however many",
		Long: "Let a tenant's BMCs be powered off, however many: it is the operator's word when too many at once were\n" +
			"refused (power_off_breaker).",
		Args: func(cmd *cobra.Command, args []string) error {
			if d < time.Second || d > 24*time.Hour {
				return fmt.Errorf("--for %s is not from 1s to 24h", d)
			}
			return arguments(1, 1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := p.client().ReleasePower(cmd.Context(), args[0], d)
			if err != nil {
				return err
			}
			was := "none was refused"
			if r.WasHeld {
				was = "they were refused"
			}
			_, err = fmt.Fprintf(p.stdout, "tenant %s: power-offs pass for %s; %s\n", printable(r.Tenant), d, was)
			return err
		},
	}
	cmd.Flags().DurationVar(&d, "for", 10*time.Minute, "how long it holds; 1s to 24h")
	return cmd
}

func (p *program) bootdevCommand() *cobra.Command {
	var persistent bool
	cmd := p.orderCommand("bootdev", "Set the boot device", func(args []string) (admin.Order, []string) {
		device := args[len(args)-1]
		return admin.Order{Boot: device, Persistent: persistent}, args[:len(args)-1]
	})
	cmd.Use = "bootdev NAME... " + strings.Join(admin.BootDevices, "|")
	cmd.Long = "Set the boot device for the next start, or with --persistent for all. none takes back what was set."
	names := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return arguments(1, -1)(cmd, args)
		}
		if err := oneOf("boot device, the last argument,", args[len(args)-1], admin.BootDevices...); err != nil {
			return err
		}
		return names(cmd, args[:len(args)-1])
	}
	cmd.Flags().BoolVar(&persistent, "persistent", false, "for all starts, not only the next one")
	return cmd
}

// orderCommand gives one order to all BMCs that are named or selected. order returns
// what it is, and the arguments that are names when not all are.
func (p *program) orderCommand(use, short string, order func(args []string) (admin.Order, []string)) *cobra.Command {
	var s selection
	var yes bool
	var f format
	cmd := &cobra.Command{
		Use:   use + " NAME...",
		Short: short,
		Args:  f.args(s.args),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, names := order(args)
			if names == nil {
				names = args
			}
			bmcs, err := s.find(cmd.Context(), p.client(), names)
			if err != nil {
				return err
			}
			if len(bmcs) > 1 && !yes {
				return fmt.Errorf("%s are selected: %w", counted(len(bmcs), "BMC"), errConfirm)
			}
			return p.giveOrders(cmd.Context(), bmcs, o, &f)
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do it to more than one")
	f.flag(cmd, "table", "json", "yaml", "csv")
	return cmd
}

// giveOrders tells the outcome of each order, in the order of the BMCs. The error
// counts those that failed.
func (p *program) giveOrders(ctx context.Context, bmcs []admin.BMC, o admin.Order, f *format) error {
	done := orderAll(ctx, p.client(), bmcs, o)
	if err := f.printCells(p.stdout, admin.OutcomeList(done), outcomeCells(done)); err != nil {
		return err
	}
	failed := slices.DeleteFunc(slices.Clone(done), func(d admin.Outcome) bool { return d.Result == "ok" })
	if len(failed) == 0 {
		return nil
	}
	err := fmt.Errorf("%d of %s failed", len(failed), counted(len(done), "BMC"))
	if slices.ContainsFunc(failed, func(d admin.Outcome) bool { return d.Policy }) {
		return fmt.Errorf("%w, %w", err, errPolicy)
	}
	return err
}

func orderAll(ctx context.Context, c *admin.Client, bmcs []admin.BMC, o admin.Order) []admin.Outcome {
	done := make([]admin.Outcome, len(bmcs))
	turns := make(chan struct{}, ordersAtOnce)
	ended := make(chan struct{}, len(bmcs))
	for i, b := range bmcs {
		go func() {
			turns <- struct{}{}
			defer func() { <-turns; ended <- struct{}{} }()
			var err error
			if done[i], err = c.Order(ctx, b.Tenant, b.VM.InstanceUUID, o); err != nil {
				done[i] = admin.Outcome{Tenant: b.Tenant, Name: b.Name, InstanceUUID: b.VM.InstanceUUID, Result: "failed", Error: err.Error()}
			}
		}()
	}
	for range bmcs {
		<-ended
	}
	return done
}

func outcomeCells(done []admin.Outcome) cells {
	c := cells{headers: []string{"NAME", "RESULT", "CODE", "OPERATION", "REASON"}}
	for _, d := range done {
		c.rows = append(c.rows, []string{printable(d.Tenant + "/" + d.Name), d.Result, dash(d.Code), dash(d.Operation), dash(d.Error)})
	}
	return c
}
