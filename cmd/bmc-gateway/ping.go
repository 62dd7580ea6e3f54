package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/probe"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// errPing makes ping end with 1.
var errPing = errors.New("the BMC does not answer as it should")

// A pinger is what the flags of ping say.
type pinger struct {
	port         uint16
	passwordFile string
	passwordEnv  string
	privilege    string
	suite        uint8
	target       probe.Target
}

func (p *program) pingCommand() *cobra.Command {
	var f pinger
	cmd := &cobra.Command{
		Use:   "ping BMC",
		Short: "Ask a BMC what an IPMI client asks first, and time each step",
		Long: "Ask a BMC what an IPMI client asks first, and time each step. BMC is an address or,\n" +
			"when a daemon runs here, any name that \"show\" understands. Without --user only what\n" +
			"needs no login is asked.",
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return p.ping(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	flags.Uint16VarP(&f.port, "port", "p", 0, "UDP `port` (default 623, or what the daemon says)")
	flags.StringVarP(&f.target.User, "user", "U", "", "`account` to log in with")
	flags.StringVarP(&f.passwordFile, "password-file", "f", "", "`file` that holds its password")
	flags.StringVarP(&f.passwordEnv, "password-env", "E", "IPMI_PASSWORD", "environment `variable` that holds it, when no file is given")
	flags.StringVarP(&f.privilege, "privilege", "L", "user", "`level` to ask for: user, operator, administrator")
	flags.Uint8VarP(&f.suite, "cipher-suite", "C", 17, "cipher `suite`")
	flags.DurationVarP(&f.target.Timeout, "timeout", "N", time.Second, "how long to wait for one answer")
	flags.IntVarP(&f.target.Tries, "tries", "R", 4, "how often to ask")
	return cmd
}

func (p *program) ping(ctx context.Context, name string, f pinger) error {
	t := f.target
	t.Suite = ipmi.CipherSuiteID(f.suite)
	var err error
	if t.Address, err = p.addressOf(ctx, name, f.port); err != nil {
		return err
	}
	if t.Privilege, err = ipmi.ParsePrivilege(f.privilege); err != nil {
		return misused("--privilege: %w", err)
	}
	if t.User != "" {
		if t.Password, err = p.password(f); err != nil {
			return err
		}
	}
	steps := probe.Run(ctx, t)
	out := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, s := range steps {
		text := s.Text
		if s.Err != nil {
			text = "FAILED: " + oneLine(s.Err)
		}
		fmt.Fprintf(out, "%s\t%.2f ms\t%s\n", s.Name, float64(s.Took)/float64(time.Millisecond), text)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := probe.Failed(steps); err != nil {
		return fmt.Errorf("%s: %w: %w", t.Address, errPing, err)
	}
	return nil
}

// addressOf understands an address by itself, and asks the daemon for a name.
func (p *program) addressOf(ctx context.Context, name string, port uint16) (netip.AddrPort, error) {
	if at, err := netip.ParseAddrPort(name); err == nil {
		return at, nil
	}
	if a, err := netip.ParseAddr(name); err == nil && port != 0 {
		return netip.AddrPortFrom(a, port), nil
	}
	all, err := p.client().BMCs(ctx, "")
	var b admin.BMC
	if err == nil {
		b, err = findBMC(all, name)
	}
	if a, notAName := netip.ParseAddr(name); err != nil && notAName == nil {
		return netip.AddrPortFrom(a, 623), nil // of somebody else's BMC
	}
	switch {
	case err != nil:
		return netip.AddrPort{}, err
	case !b.Address.IsValid():
		return netip.AddrPort{}, fmt.Errorf("%s/%s has no address: %s", b.Tenant, b.Name, b.Reason)
	case port == 0:
		port = b.Port
	}
	return netip.AddrPortFrom(b.Address, port), nil
}

// password reads the account's password; it is never an argument, which anybody
// on the host could read.
func (p *program) password(f pinger) (string, error) {
	if f.passwordFile == "" {
		if v := p.env(f.passwordEnv); v != "" {
			return v, nil
		}
		return "", misused("no password: give --password-file, or set $%s", f.passwordEnv)
	}
	b, err := os.ReadFile(f.passwordFile)
	return strings.TrimRight(string(b), "\r\n"), err
}
