package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/firewall"
)

func (p *program) nftablesCommand() *cobra.Command {
	var path string
	var limit firewall.Limit
	cmd := &cobra.Command{
		Use:   "nftables",
		Short: "Print nftables rules that protect the BMCs' addresses, for nft -f",
		Long: "Print nftables rules that protect the BMCs' addresses. They are in a table of their own,\n" +
			"inet bmc_gateway, and replace what was loaded of it before:\n\n" +
			"  bmc-gateway nftables | nft -f -",
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			cfg, _, err := config.Load(path, p.env)
			if err != nil {
				return fmt.Errorf("%w: %w", errConfig, err)
			}
			if limit.PerSecond < 1 || limit.Burst < 1 {
				return fmt.Errorf("--rate %d, --burst %d: less than 1", limit.PerSecond, limit.Burst)
			}
			text, err := firewall.Rules(cfg, limit)
			if err != nil {
				return err
			}
			_, err = io.WriteString(p.stdout, text)
			return err
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().IntVar(&limit.PerSecond, "rate", 500, "`packets` a second from one source to one BMC")
	cmd.Flags().IntVar(&limit.Burst, "burst", 500, "`packets` at once")
	return cmd
}
