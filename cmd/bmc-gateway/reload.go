package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/web"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

func (p *program) reloadCommand() *cobra.Command {
	var f format
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the daemon read its configuration again; exit 2 when that cannot be used",
		Long: "Have the daemon read its configuration again and apply the difference, as SIGHUP does. BMCs that it\n" +
			"does not concern keep their sessions. A configuration that cannot be used changes nothing. With\n" +
			"--dry-run the difference is only shown.",
		Args: f.args(noArguments),
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := p.client().Reload(cmd.Context(), dryRun)
			if err != nil {
				return err
			}
			err = f.print(p.stdout, admin.Reloaded(done), func() string { return reloadText(done) })
			for _, text := range append(done.Warnings, done.Problems...) {
				fmt.Fprintln(p.stderr, printable(text))
			}
			if n := len(done.Problems); err == nil && n > 0 {
				err = fmt.Errorf("%w: %s; the one before stays in force", errConfig, counted(n, "error"))
			}
			return err
		},
	}
	f.flag(cmd, "table", "json", "yaml")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would change")
	return cmd
}

func reloadText(r admin.Reload) string {
	var b strings.Builder
	switch {
	case len(r.Problems) > 0:
		return ""
	case len(r.Steps) == 0:
		return "nothing has changed\n"
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tNAME\tACTION\tBECAUSE OF")
	for _, s := range r.Steps {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.Kind, printable(s.Name), s.Action, dash(strings.Join(s.What, ", ")))
	}
	t.Flush() // into memory
	if r.DryRun {
		b.WriteString("nothing has been changed: this was a dry run\n")
	}
	return b.String()
}

// loader reads the configuration again, from where serve has read it.
func loader(path string, env func(string) string) gateway.Loader {
	return func() (gateway.Config, []string, []string) {
		c, warned, err := config.Load(path, env)
		var warnings, problems []string
		for _, w := range warned {
			warnings = append(warnings, w.String())
		}
		var several config.Problems
		switch {
		case errors.As(err, &several):
			for _, one := range several {
				problems = append(problems, one.String())
			}
		case err != nil:
			problems = []string{err.Error()}
		}
		return c, warnings, problems
	}
}

// front has a reload change the HTTP server.
func front(s *web.Server) gateway.Front {
	return func(listen, webConfig string) (gateway.Reopening, error) {
		c, err := s.Prepare(web.Config{Listen: listen, File: webConfig})
		return gateway.Reopening{What: c.What, Apply: c.Apply, Drop: c.Drop}, err
	}
}

// reloadOn reloads with each SIGHUP, until ctx ends, and tells the supervisor.
func reloadOn(ctx context.Context, hangups <-chan os.Signal, gw *gateway.Gateway, above *supervisor, log *slog.Logger) error {
	select {
	case <-ctx.Done():
		return nil
	case <-gw.Ready():
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
		}
		over := above.reloading()
		if _, err := gw.Reload(false, admin.Caller{}); err != nil {
			log.Error("the configuration is not reloaded", "error", err)
		}
		over()
	}
}
