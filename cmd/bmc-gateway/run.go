package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// What the process ends with.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2 // wrong command line or configuration
	exitNotFound    = 3
	exitUnreachable = 4 // the daemon does not answer
	exitRefused     = 5 // by policy, a limit, or what is there already
	exitOnline      = 6 // the configuration is right, but something at a vCenter is not
)

// errConfig marks that the configuration cannot be used.
var errConfig = errors.New("the configuration cannot be used")

// A program is one run of the command line, with all it knows of the world.
type program struct {
	env            func(string) string
	stdout, stderr io.Writer

	socket  string // --socket; empty: not given
	started bool   // the command line was understood
}

// run carries out a command line and returns the exit code. It returns when
// the command is done or, for serve and demo, some seconds after ctx ended.
func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) int {
	p := &program{env: env, stdout: stdout, stderr: stderr}
	root := p.root()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var problems config.Problems
	if errors.As(err, &problems) {
		for _, one := range problems {
			fmt.Fprintln(stderr, one)
		}
		err = fmt.Errorf("%w: %s", errConfig, counted(len(problems), "error"))
	}
	fmt.Fprintf(stderr, "bmc-gateway: %s%s\n", oneLine(err), hint(err))
	return p.code(err)
}

// code says in a number why the command failed.
func (p *program) code(err error) int {
	switch {
	case !p.started, errors.As(err, new(misuse)), errors.Is(err, errConfig), errors.Is(err, admin.ErrAmbiguous), errors.Is(err, errConfirm):
		return exitUsage
	case errors.Is(err, admin.ErrNotFound), errors.Is(err, admin.ErrNoTenant):
		return exitNotFound
	case errors.Is(err, admin.ErrUnreachable):
		return exitUnreachable
	case errors.Is(err, errPolicy):
		return exitRefused
	case errors.Is(err, errOnline):
		return exitOnline
	case errors.Is(err, admin.ErrRefused):
		return exitRefused
	default:
		return exitFailed
	}
}

// hint says what helps where the error does not.
func hint(err error) string {
	switch {
	case !errors.Is(err, errConfig):
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "; \"bmc-gateway config example\" prints one to begin with"
	case errors.Is(err, fs.ErrPermission):
		return "; root and the daemon's user may read it"
	}
	return ""
}

// oneLine is for errors that were joined.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "bmc-gateway",
		Short: "An IPMI gateway for VMware vSphere: tag a VM, and it has a BMC",
		Long: "An IPMI gateway for VMware vSphere: tag a VM, and it has a BMC.\n\n" +
			"Exit codes: 0 done; 1 failed, or something is wrong; 2 wrong command line or configuration;\n" +
			"3 no such BMC or tenant; 4 the daemon does not answer; 5 refused; 6 something at a vCenter.",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		// Called when the command line is understood and before anything is done.
		PersistentPreRun: func(*cobra.Command, []string) { p.started = true },
		RunE:             needsCommand,
	}
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().StringVar(&p.socket, "socket", "",
		"`path` of the daemon's admin socket (default $BMC_GATEWAY_ADMIN_SOCKET or "+config.DefaultAdminSocket+")")
	for _, of := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"See:", []*cobra.Command{p.listCommand(), p.showCommand(), p.statusCommand(), p.eventsCommand(), p.leasesCommand()}},
		{"Act on BMCs:", []*cobra.Command{p.powerCommand(), p.bootdevCommand(), p.accessCommand(), p.maintenanceCommand(), p.registerCommand()}},
		{"Addresses:", []*cobra.Command{p.reserveCommand(), p.pinCommand(), p.releaseCommand(), p.removalsCommand()}},
		{"Set up and check:", []*cobra.Command{p.demoCommand(), p.configCommand(), p.serveCommand(), p.reloadCommand(), p.doctorCommand(),
			p.pingCommand(), p.nftablesCommand(), p.exportCommand(), p.importCommand()}},
	} {
		root.AddGroup(&cobra.Group{ID: of.title, Title: of.title})
		for _, c := range of.commands {
			c.GroupID = of.title
			root.AddCommand(c)
		}
	}
	root.AddCommand(p.versionCommand(), p.manCommand(root))
	p.completes(root)
	return root
}

// needsCommand is for a command that only holds others.
func needsCommand(cmd *cobra.Command, _ []string) error {
	if err := cmd.Help(); err != nil {
		return err
	}
	return nil
}

// client asks the daemon. The configuration is not read for its socket: who may
// ask need not be allowed to read that.
func (p *program) client() *admin.Client {
	path := config.DefaultAdminSocket
	if v := p.env(config.EnvName("admin.socket")); v != "" {
		path = v
	}
	if p.socket != "" {
		path = p.socket
	}
	return admin.NewClient(path)
}

// oneOf is the error for a flag that is not one of the words it may be.
func oneOf(flag, value string, words ...string) error {
	for _, w := range words {
		if value == w {
			return nil
		}
	}
	return fmt.Errorf("%s %q is not one of %s", flag, value, strings.Join(words, ", "))
}
