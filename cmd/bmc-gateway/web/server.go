package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"

	"github.com/bmc-gateway/bmc-gateway/cmd/bmc-gateway/page"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/metrics"
)

// A Config says where and how to answer.
type Config struct {
	Listen string // host:port; empty: not at all
	// File is a web configuration file of the Prometheus exporters, for TLS and
	// basic authentication; it is read again at each connection. Empty: neither.
	File string
}

// A Source knows the present state of the daemon; its methods answer from memory.
type Source interface {
	BMCs() []admin.BMC
	Status() admin.Status
	Detail(b admin.BMC) (admin.Detail, error)
	// WebAccess says who of the users of the web configuration file sees what.
	WebAccess() admin.WebAccess
}

// A look is what most addresses tell of: what a Source knows, and the page of it.
type look interface {
	BMCs() []admin.BMC
	Status() admin.Status
}

// A Server is the HTTP server of the daemon.
type Server struct {
	listener net.Listener // nil: none is wanted
	server   *http.Server
	file     string
	ending   chan struct{} // closed when Run is about to end
	log      *slog.Logger
}

// maxConns is how many connections there are at most: more wait until others end. The
// process has one limit of open files, and BMCs need theirs.
const maxConns = 512

// Listen binds the address. Without one it returns a Server that does nothing.
func Listen(c Config, reg *prometheus.Registry, src Source, log *slog.Logger) (*Server, error) {
	if c.Listen == "" {
		return &Server{}, nil
	}
	if err := toolkit.Validate(c.File); err != nil {
		return nil, fmt.Errorf("http.web_config_file %s: %w", c.File, err)
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	ending := make(chan struct{})
	g := newGate(c.File, src.WebAccess)
	return &Server{listener: netutil.LimitListener(l, maxConns), file: c.File, ending: ending, log: log, server: &http.Server{
		Handler:           g.byName(c.Listen, handler(reg, src, g, ending, log)),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}, nil
}

// Addr returns where it listens; nil when it does not.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

func handler(reg *prometheus.Registry, src Source, g *gate, ending <-chan struct{}, log *slog.Logger) http.Handler {
	options := promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError),
		// Scrapes are few; more at once than these are a mistake or an attack.
		MaxRequestsInFlight: 4,
		Timeout:             10 * time.Second,
		EnableOpenMetrics:   true,
	}
	mux := http.NewServeMux()
	status := page.New(page.Config{Source: src, Viewer: g.viewer, Ending: ending})
	status.Handle(mux)
	mux.Handle("GET /metrics", g.letAdmins(promhttp.HandlerFor(reg, options)))
	mux.Handle("GET /metrics/bmcs", g.let(bmcMetrics(status, options)))
	mux.Handle("GET /sd/prometheus", g.let(discovery(status)))
	mux.HandleFunc("GET /healthz", alive)
	mux.Handle("GET /readyz", g.let(readiness(status)))
	metrics.Pages(reg, status.Streams)
	return mux
}

// Run answers until ctx ends, then gives running requests 3 s.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		return nil
	}
	served := make(chan error, 1)
	socket := false
	go func() {
		served <- toolkit.Serve(s.listener, s.server, &toolkit.FlagConfig{WebConfigFile: &s.file, WebSystemdSocket: &socket}, quiet(s.log))
	}()
	select {
	case err := <-served:
		return fmt.Errorf("http server: %w", err)
	case <-ctx.Done():
	}
	close(s.ending) // an open page would otherwise keep Shutdown waiting
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := s.server.Shutdown(late); err != nil {
		err = s.server.Close()
		<-served
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// quiet is a log in which the library's announcements are no news.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(&demoted{log.Handler()}) }

// A demoted handler takes information for debugging.
type demoted struct{ slog.Handler }

// Enabled implements slog.Handler.
func (d *demoted) Enabled(ctx context.Context, l slog.Level) bool {
	return d.Handler.Enabled(ctx, demote(l))
}

// Handle implements slog.Handler.
func (d *demoted) Handle(ctx context.Context, r slog.Record) error {
	r.Level = demote(r.Level)
	return d.Handler.Handle(ctx, r)
}

func demote(l slog.Level) slog.Level {
	if l == slog.LevelInfo {
		return slog.LevelDebug
	}
	return l
}
