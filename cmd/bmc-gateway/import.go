package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/vbmc"
)

func (p *program) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Make a configuration of another program's",
		Args:  noArguments,
		RunE:  needsCommand,
	}
	cmd.AddCommand(p.importVBMCCommand())
	return cmd
}

func (p *program) importVBMCCommand() *cobra.Command {
	var o vbmc.Options
	cmd := &cobra.Command{
		Use:   "vbmc [DIR...]",
		Short: "Make a configuration of vbmc4vsphere's or virtualbmc's",
		Long: "Make a configuration of vbmc4vsphere's (~/.vsbmc) or virtualbmc's (~/.vbmc): names, accounts,\n" +
			"hardware addresses, addresses and ports. Without --output it prints what it would write, without\n" +
			"passwords. No vCenter is asked, and the other program's files stay as they are.",
		RunE: func(_ *cobra.Command, dirs []string) error {
			if len(dirs) == 0 {
				dirs = p.vbmcDirs()
			}
			if len(dirs) == 0 {
				return errors.New("neither ~/.vsbmc nor ~/.vbmc is there; name the directory")
			}
			notices, err := vbmc.Import(p.stdout, dirs, o)
			for _, n := range notices {
				fmt.Fprintf(p.stderr, "note: %s\n", n)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.Output, "output", "", "`directory` to write to, such as /etc/bmc-gateway; nothing in it is overwritten")
	cmd.Flags().BoolVar(&o.All, "all", false, "also what is not active")
	cmd.Flags().BoolVar(&o.AllowWeak, "allow-weak", false, "keep passwords that anybody guesses, such as \"password\"")
	return cmd
}

// vbmcDirs are where the two programs keep their files, as far as these are there.
func (p *program) vbmcDirs() (dirs []string) {
	for _, name := range []string{".vsbmc", ".vbmc"} {
		dir := filepath.Join(p.env("HOME"), name)
		if _, err := os.Stat(dir); err == nil {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
