package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"
)

// A door is where the server answers, and how. A reload opens another one before it
// closes it.
type door struct {
	config   Config
	held     held // of the file, since the door is there
	listener net.Listener
	server   *http.Server
	streams  func() int
	log      *slog.Logger
	ending   chan struct{} // closed when it is about to be closed
	ended    chan struct{} // closed when nothing is served any more; nil: it was not started
}

// maxConns is how many connections there are at most: more wait until others end. The
// process has one limit of open files, and BMCs need theirs.
const maxConns = 512

// closeWithin is how long running requests have when a door is closed.
const closeWithin = 3 * time.Second

func (s *Server) door(c Config, h held, l net.Listener) *door {
	d := &door{config: c, held: h, listener: l, log: s.log, ending: make(chan struct{})}
	handler, streams := s.build(c, d.ending)
	d.streams = streams
	d.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return d
}

// start answers from now on, until close. failed is told when that ends before.
func (d *door) start(failed chan<- error) {
	d.ended = make(chan struct{})
	go func() {
		defer close(d.ended)
		socket := false
		err := toolkit.Serve(netutil.LimitListener(d.listener, maxConns), d.server,
			&toolkit.FlagConfig{WebConfigFile: &d.config.File, WebSystemdSocket: &socket}, quiet(d.log))
		if errors.Is(err, http.ErrServerClosed) {
			return
		}
		select {
		case failed <- err:
		default: // another one has failed
		}
	}()
}

// close gives running requests their time and waits for the end.
func (d *door) close() error {
	close(d.ending) // an open page would otherwise keep Shutdown waiting
	late, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	err := d.server.Shutdown(late)
	if err != nil {
		err = d.server.Close()
	}
	_ = d.listener.Close() // it is, if it was served
	if d.ended != nil {
		<-d.ended
	}
	return err
}
