package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

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
	build  func(Config, <-chan struct{}) (_ http.Handler, streams func() int)
	log    *slog.Logger
	failed chan error // one word: a door that is not closed answers no more

	turn sync.Mutex // over a change of doors
	mu   sync.Mutex
	now  *door // nil: none is wanted
	runs bool
	over bool
}

// Listen binds the address, if there is one.
func Listen(c Config, reg *prometheus.Registry, src Source, log *slog.Logger) (*Server, error) {
	s := &Server{log: log, failed: make(chan error, 1)}
	s.build = func(c Config, ending <-chan struct{}) (http.Handler, func() int) {
		g := newGate(c.File, src.WebAccess)
		h, streams := handler(reg, src, g, ending, log)
		return g.byName(c.Listen, h), streams
	}
	metrics.Pages(reg, s.streams)
	if c.Listen == "" {
		return s, nil
	}
	held, err := readHeld(c.File)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	s.now = s.door(c, held, l)
	return s, nil
}

// Addr returns where it listens; nil when it does not.
func (s *Server) Addr() net.Addr {
	if d := s.open(); d != nil {
		return d.listener.Addr()
	}
	return nil
}

// open returns the door that is open; nil: none.
func (s *Server) open() *door {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *Server) streams() int {
	if d := s.open(); d != nil {
		return d.streams()
	}
	return 0
}

func handler(reg *prometheus.Registry, src Source, g *gate, ending <-chan struct{}, log *slog.Logger) (_ http.Handler, streams func() int) {
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
	return mux, status.Streams
}

// Run answers until ctx ends, then gives running requests 3 s. Changes may be applied
// meanwhile.
func (s *Server) Run(ctx context.Context) error {
	s.mu.Lock()
	s.runs = true
	if s.now != nil {
		s.now.start(s.failed)
	}
	s.mu.Unlock()
	var failed error
	select {
	case err := <-s.failed:
		failed = fmt.Errorf("http server: %w", err)
	case <-ctx.Done():
	}
	s.turn.Lock() // a change that is being made is made first, and none after it
	defer s.turn.Unlock()
	s.mu.Lock()
	s.over = true
	last := s.now
	s.mu.Unlock()
	if last == nil {
		return failed
	}
	return errors.Join(failed, last.close())
}
