package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) configShowCommand() *cobra.Command {
	var path string
	var f format
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print every key that is in force and where it was said; passwords are not shown",
		Args:  f.args(noArguments),
		RunE: func(*cobra.Command, []string) error {
			values, err := config.Effective(path, p.env)
			if err != nil {
				return fmt.Errorf("%w: %w", errConfig, err)
			}
			c := cells{}
			for _, v := range values {
				c.rows = append(c.rows, []string{printable(v.Key), dash(v.Text), printable(v.Origin)})
			}
			return f.printCells(p.stdout, map[string]any{"apiVersion": admin.APIVersion, "kind": "SettingList", "items": values}, c)
		},
	}
	configFlag(cmd, &path)
	f.flag(cmd, "table", "json", "yaml", "csv")
	return cmd
}

func (p *program) configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors and generators",
		Args:  noArguments,
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
