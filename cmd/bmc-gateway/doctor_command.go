package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/doctor"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// errProblems makes doctor end with 1, for scripts.
var errProblems = errors.New("BMCs do not work as configured")

func (p *program) doctorCommand() *cobra.Command {
	var path string
	var f format
	var offline bool
	var within time.Duration
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at host, network, vCenters and daemon, and say what is wrong and what to do; exit 1 on a problem",
		Long: "Look at host, network, vCenters and daemon with the configuration in hand, and say what is\n" +
			"wrong and what to do about it. Nothing is changed. Run it as the user the daemon runs as.",
		Args: f.args(noArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := config.Load(path, p.env)
			if err != nil {
				return fmt.Errorf("%w: %w", errConfig, err)
			}
			patient, err := p.patient(cfg)
			if err != nil {
				return err
			}
			if !offline {
				patient.VCenters = func(ctx context.Context) []gateway.CheckedVCenter {
					ctx, cancel := context.WithTimeout(ctx, within)
					defer cancel()
					return gateway.CheckVCenters(ctx, cfg)
				}
			}
			return p.doctor(cmd.Context(), patient, &f)
		},
	}
	configFlag(cmd, &path)
	f.flag(cmd, "table", "json", "yaml")
	cmd.Flags().BoolVar(&offline, "offline", false, "leave the vCenters out")
	cmd.Flags().DurationVar(&within, "within", time.Minute, "`time` that the vCenters have to answer")
	return cmd
}

func (p *program) doctor(ctx context.Context, patient doctor.Patient, f *format) error {
	findings, err := doctor.Examine(ctx, patient)
	if err != nil {
		return err
	}
	document := map[string]any{"apiVersion": admin.APIVersion, "kind": "FindingList", "items": findings}
	err = f.print(p.stdout, document, func() string { return findingsText(findings) })
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
	patient := doctor.Patient{
		Config: cfg, Proc: os.DirFS("/proc"), Files: files.Max, Interfaces: interfaces, Daemon: p.clientOf(cfg),
		Ask: func(iface string, addrs []netip.Addr) (map[netip.Addr]net.HardwareAddr, error) {
			return address.Ask(iface, addrs, askedWithin)
		},
	}
	return patient, marked(&patient)
}

// clientOf asks the daemon where the configuration has its socket.
func (p *program) clientOf(cfg gateway.Config) *admin.Client {
	if p.socket != "" {
		return p.client()
	}
	return admin.NewClient(cfg.AdminSocket)
}

// askedWithin is how long other hosts have to say that they have an address.
const askedWithin = time.Second

// marked notes what on this host a daemon has put there, and the VLAN interfaces.
func marked(p *doctor.Patient) error {
	kernel, err := address.NewNetlink()
	if err != nil {
		return err
	}
	defer kernel.Close()
	p.Marked, p.Routes = make(map[netip.Addr]bool), make(map[string][]netip.Prefix)
	for _, i := range p.Interfaces {
		addrs, err := kernel.List(i.Name)
		if err == nil {
			p.Routes[i.Name], err = kernel.Routes(i.Name)
		}
		if err != nil && !errors.Is(err, address.ErrNoInterface) {
			return err
		}
		for _, a := range addrs {
			p.Marked[a] = true
		}
	}
	p.VLANs, err = kernel.VLANs()
	return err
}

// findingsText is a line for each finding and one below it for its remedy.
func findingsText(findings []doctor.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%-8s %s: %s\n", f.Level, printable(f.Check), printable(f.Text))
		if f.Remedy != "" {
			fmt.Fprintf(&b, "%8s -> %s\n", "", printable(f.Remedy))
		}
	}
	return b.String()
}
