package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes what the packages install; it is of no use to operators.
func (p *program) manCommand(root *cobra.Command) *cobra.Command {
	var date string
	cmd := &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages of all commands into a directory",
		Hidden: true,
		Args:   arguments(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			header := &doc.GenManHeader{Section: "8", Source: "bmc-gateway " + version, Manual: "System Administration"}
			if date != "" {
				day, err := time.Parse(time.DateOnly, date)
				if err != nil {
					return fmt.Errorf("--date: %w", err)
				}
				header.Date = &day
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root.DisableAutoGenTag = true
			return doc.GenManTree(root, header, args[0])
		},
	}
	cmd.Flags().StringVar(&date, "date", "", "the pages' `date`, 2006-01-02, so that equal sources make equal pages")
	return cmd
}
