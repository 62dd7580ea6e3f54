package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/doctor"
	"github.com/bmc-gateway/bmc-gateway/deploy"
	"github.com/bmc-gateway/bmc-gateway/gateway"
)

func (p *program) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Work with the configuration file",
		Args:  noArguments,
		RunE:  needsCommand,
	}
	cmd.AddCommand(p.configCheckCommand(), p.configShowCommand(), p.configExampleCommand(), p.configSchemaCommand())
	return cmd
}

func (p *program) configExampleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "example",
		Short: "Print a configuration with every key there is, to begin with",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(p.stdout, deploy.ExampleConfig)
			return err
		},
	}
}

func (p *program) configCheckCommand() *cobra.Command {
	var path string
	var online bool
	var within time.Duration
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Tell everything that is wrong with the configuration; no network is used without --online",
		Long: "Tell everything that is wrong with the configuration. With --online, then ask every vCenter too:\n" +
			"login, certificate, clock, folders, tags and the privileges of the account. Nothing is changed there.\n" +
			"Exit 2 when the configuration is wrong, 6 when something at a vCenter is.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, warnings, err := config.Load(path, p.env)
			var problems config.Problems
			if err != nil && !errors.As(err, &problems) {
				return fmt.Errorf("%w: %w", errConfig, err)
			}
			for _, one := range problems {
				fmt.Fprintln(p.stdout, one)
			}
			for _, w := range warnings {
				fmt.Fprintln(p.stdout, "warning:", w)
			}
			if err != nil {
				return fmt.Errorf("%w: %s", errConfig, counted(len(problems), "error"))
			}
			fmt.Fprintf(p.stdout, "OK: %s\n", summary(cfg, len(warnings)))
			if online {
				return p.checkOnline(cmd.Context(), cfg, within)
			}
			return nil
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&online, "online", false, "connect to every vCenter too")
	cmd.Flags().DurationVar(&within, "within", time.Minute, "`time` that --online gives the vCenters to answer")
	return cmd
}

// checkOnline prints a line for each finding and one below it for its remedy.
func (p *program) checkOnline(ctx context.Context, cfg gateway.Config, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	findings := doctor.VCenters(gateway.CheckVCenters(ctx, cfg))
	if _, err := io.WriteString(p.stdout, findingsText(findings)); err != nil {
		return err
	}
	broken := 0
	for _, f := range findings {
		if f.Level == doctor.Problem {
			broken++
		}
	}
	if broken > 0 {
		return fmt.Errorf("%w: %s", errOnline, counted(broken, "problem"))
	}
	return nil
}

// errOnline marks that a vCenter does not have what the configuration needs.
var errOnline = errors.New("the vCenters are not as the configuration needs them")

func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", config.DefaultPath, "the configuration `file`")
}

func summary(c gateway.Config, warnings int) string {
	s := fmt.Sprintf("%s, %s, %s", counted(len(c.VCenters), "vCenter"),
		counted(len(c.Pools), "pool"), counted(len(c.Tenants), "tenant"))
	if warnings > 0 {
		s += ", " + counted(warnings, "warning")
	}
	return s
}
