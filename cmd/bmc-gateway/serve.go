package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/config"
	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/web"
	"github.com/bmc-gateway/bmc-gateway/gateway"
	"github.com/bmc-gateway/bmc-gateway/metrics"
)

// overrides are serve's flags that go before environment and file.
var overrides = []struct{ flag, key, usage string }{
	{"log-level", "log.level", "`level`: debug, info, warn, error"},
	{"log-format", "log.format", "`format`: auto, text, json"},
	{"http-listen", "http.listen", "`address` of /metrics and /healthz"},
	{"state", "state.path", "`path` of the state file"},
}

func (p *program) serveCommand() *cobra.Command {
	var path string
	given := make([]string, len(overrides))
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon, in the foreground, until SIGTERM or SIGINT",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			before := map[string]string{config.EnvName("admin.socket"): p.socket}
			for i, o := range overrides {
				before[config.EnvName(o.key)] = given[i]
			}
			return p.serve(cmd.Context(), path, func(name string) string {
				if v := before[name]; v != "" {
					return v
				}
				return p.env(name)
			})
		},
	}
	configFlag(cmd, &path)
	for i, o := range overrides {
		cmd.Flags().StringVar(&given[i], o.flag, "", o.usage+"; goes before "+config.EnvName(o.key)+" and "+o.key)
	}
	return cmd
}

// gcPercent is how much garbage there may be, in percent of what is in use, before it
// is collected. A gateway's heap is mostly BMCs, which stay, and answering them makes
// next to no garbage: Go's 100 would double the memory to spare work there is none of.
const gcPercent = 50

// serve loads the configuration and runs the daemon until ctx ends.
func (p *program) serve(ctx context.Context, path string, env func(string) string) error {
	hangups := make(chan os.Signal, 1) // also before anybody reads it: a SIGHUP must not end the daemon
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	cfg, warnings, err := config.Load(path, env)
	if err != nil {
		return fmt.Errorf("%w: %w", errConfig, err)
	}
	if env("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	log := newLog(p.stderr, cfg.LogLevel, cfg.LogFormat)
	for _, w := range warnings {
		log.Warn("configuration: "+w.Text, "file", w.File, "line", w.Line, "key", w.Key)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m := metrics.New(reg)
	m.Build(version, revision(), runtime.Version())

	gw, err := gateway.New(cfg, gatewayVersion(), log, m)
	if err != nil {
		return fmt.Errorf("%w: %w", errConfig, err)
	}
	gw.LoadWith(loader(path, env))
	http, err := web.Listen(web.Config{Listen: cfg.HTTPListen, File: cfg.HTTPWebConfig}, reg, gw, log)
	if err != nil {
		return err
	}
	gw.OpenWith(front(http))
	above := newSupervisor(gw, log)
	return p.runAll(ctx, log, cfg, above, gw.Run, http.Run,
		func(ctx context.Context) error { return reloadOn(ctx, hangups, gw, above, log) })
}

// runAll runs the parts of the daemon. When one fails, all end. The supervisor is
// told until the last of them has ended.
func (p *program) runAll(ctx context.Context, log *slog.Logger, cfg gateway.Config, above *supervisor, parts ...func(context.Context) error) error {
	log.Info("bmc-gateway starts", "version", version, "revision", revision(),
		"vcenters", len(cfg.VCenters), "pools", len(cfg.Pools), "tenants", len(cfg.Tenants))
	g, ctx := errgroup.WithContext(ctx)
	for _, part := range parts {
		g.Go(func() error { return part(ctx) })
	}
	ended := make(chan struct{})
	var told sync.WaitGroup
	told.Go(func() { above.run(ctx, ended) })
	err := g.Wait()
	close(ended)
	told.Wait()
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error("bmc-gateway ends", "error", err)
		return err
	}
	log.Info("bmc-gateway ends")
	return nil
}
