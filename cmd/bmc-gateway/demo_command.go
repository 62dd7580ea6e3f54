package main

import (
	"github.com/spf13/cobra"
)

func (p *program) demoCommand() *cobra.Command {
	var port uint16
	var level string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run two simulated vCenters and a gateway on 127.x addresses, until Ctrl-C",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := noArguments(cmd, args); err != nil {
				return err
			}
			return oneOf("--log-level", level, "debug", "info", "warn", "error")
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), port, p.stdout, newLog(p.stderr, level, "text"))
		},
	}
	cmd.Flags().Uint16Var(&port, "port", 6230, "UDP `port` of the BMCs; 623 needs a privilege")
	cmd.Flags().StringVar(&level, "log-level", "warn", "`level`: debug, info, warn, error")
	return cmd
}
