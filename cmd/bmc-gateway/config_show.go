package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
)

func (p *program) configShowCommand() *cobra.Command {
	var path, output string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print every key that is in force and where it was said; passwords are not shown",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return err
			}
			return oneOf("--output", output, "table", "json")
		},
		RunE: func(*cobra.Command, []string) error {
			values, err := config.Effective(path, p.env)
			if err != nil {
				return fmt.Errorf("%w: %w", errConfig, err)
			}
			if output == "json" {
				return printJSON(p.stdout, values)
			}
			t := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
			for _, v := range values {
				fmt.Fprintf(t, "%s\t%s\t%s\n", printable(v.Key), dash(v.Text), printable(v.Origin))
			}
			return t.Flush()
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "`format`: table, json")
	return cmd
}

func (p *program) configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors and generators",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := config.Schema()
			if err != nil {
				return errors.Join(errConfig, err)
			}
			_, err = fmt.Fprintf(p.stdout, "%s\n", text)
			return err
		},
	}
}
