package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/deploy"
	"github.com/bmc-gateway/bmc-gateway/gateway"
)

func (p *program) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Work with the configuration file",
		Args:  cobra.NoArgs,
		RunE:  needsCommand,
	}
	cmd.AddCommand(p.configCheckCommand(), p.configExampleCommand())
	return cmd
}

func (p *program) configExampleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "example",
		Short: "Print a configuration with every key there is, to begin with",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(p.stdout, deploy.ExampleConfig)
			return err
		},
	}
}

func (p *program) configCheckCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Tell everything that is wrong with the configuration; no network is used",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
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
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}

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
