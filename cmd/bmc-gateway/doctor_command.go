package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/doctor"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// errProblems makes doctor end with 1, for scripts.
var errProblems = errors.New("BMCs do not work as configured")

func (p *program) doctorCommand() *cobra.Command {
	var path, output string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at host, network and daemon, and say what is wrong and what to do; exit 1 on a problem",
		Long: "Look at host, network and daemon with the configuration in hand, and say what is wrong\n" +
			"and what to do about it. Nothing is changed. Run it as the user the daemon runs as.",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return err
			}
			return oneOf("--output", output, "table", "json")
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := config.Load(path, p.env)
			if err != nil {
				return fmt.Errorf("%w: %w", errConfig, err)
			}
			return p.doctor(cmd.Context(), cfg, output)
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "`format`: table, json")
	return cmd
}

func (p *program) doctor(ctx context.Context, cfg gateway.Config, output string) error {
	patient, err := p.patient(cfg)
	if err != nil {
		return err
	}
	findings, err := doctor.Examine(ctx, patient)
	if err != nil {
		return err
	}
	if output == "json" {
		err = printJSON(p.stdout, findings)
	} else {
		err = printFindings(p.stdout, findings)
	}
	if err == nil && doctor.Worst(findings) == doctor.Problem {
		err = errProblems
	}
	return err
}

// patient collects what this host says of itself.
func (p *program) patient(cfg gateway.Config) (doctor.Patient, error) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return doctor.Patient{}, fmt.Errorf("limit of open files: %w", err)
	}
	interfaces, err := doctor.Interfaces()
	if err != nil {
		return doctor.Patient{}, err
	}
	marked, err := markedAddresses(interfaces)
	return doctor.Patient{
		Config: cfg, Proc: os.DirFS("/proc"), Files: files.Max,
		Interfaces: interfaces, Marked: marked, Daemon: p.client(),
	}, err
}

// markedAddresses are those on this host that a daemon has put there.
func markedAddresses(interfaces []doctor.Interface) (map[netip.Addr]bool, error) {
	kernel, err := address.NewNetlink()
	if err != nil {
		return nil, err
	}
	defer kernel.Close()
	marked := make(map[netip.Addr]bool)
	for _, i := range interfaces {
		ours, err := kernel.List(i.Name)
		if err != nil && !errors.Is(err, address.ErrNoInterface) {
			return nil, err
		}
		for _, a := range ours {
			marked[a] = true
		}
	}
	return marked, nil
}

// printFindings prints a line for each finding and one below it for its remedy.
func printFindings(w io.Writer, findings []doctor.Finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%-8s %s: %s\n", f.Level, printable(f.Check), printable(f.Text)); err != nil {
			return err
		}
		if f.Remedy != "" {
			if _, err := fmt.Fprintf(w, "%8s -> %s\n", "", printable(f.Remedy)); err != nil {
				return err
			}
		}
	}
	return nil
}
