package web

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// A Change is the way to another configuration of the server. One of both is called,
// once: Apply makes it, Drop forgets it.
type Change struct {
	What  []string // of the same file is not what it was: tls_server_config, http2, rate_limit
	Apply func()
	Drop  func()
}

// Prepare binds what is to be bound and checks the file, so that hardly anything can
// fail when the change is made. Nothing is answered otherwise before that.
func (s *Server) Prepare(c Config) (Change, error) {
	now := s.open()
	nothing := Change{Apply: func() {}, Drop: func() {}}
	if c.Listen == "" {
		if now != nil {
			nothing.Apply = func() { s.enter(nil) }
		}
		return nothing, nil
	}
	h, err := readHeld(c.File)
	if err != nil {
		return Change{}, err
	}
	var what []string
	if now != nil && now.config == c {
		if what = h.differs(now.held); len(what) == 0 {
			return nothing, nil
		}
	}
	l, err := bind(c.Listen, now)
	if errors.Is(err, syscall.EADDRINUSE) && now != nil && portOf(now.config.Listen) == portOf(c.Listen) {
		// All addresses in the place of one, or the other way round: the door itself is in the way.
		return Change{What: what, Apply: func() { s.move(c, h) }, Drop: func() {}}, nil
	}
	if err != nil {
		return Change{}, fmt.Errorf("http.listen: %w", err)
	}
	next := s.door(c, h, l)
	return Change{What: what, Apply: func() { s.enter(next) }, Drop: func() { _ = l.Close() }}, nil
}

// bind listens. At the address of the door that is open it takes another handle of
// the same socket: there is no moment in which nobody listens.
func bind(listen string, now *door) (net.Listener, error) {
	if now == nil || now.config.Listen != listen {
		return net.Listen("tcp", listen)
	}
	tcp, ok := now.listener.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("%s: not a TCP socket", listen)
	}
	f, err := tcp.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return net.FileListener(f)
}

func portOf(listen string) string {
	_, port, _ := net.SplitHostPort(listen)
	return port
}

// enter opens the next door, nil is none, and closes the one before.
func (s *Server) enter(next *door) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if before, entered := s.swap(next); entered && before != nil {
		s.leave(before)
	}
}

// swap makes the door the one that is open; false: the server has ended.
func (s *Server) swap(next *door) (before *door, entered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		if next != nil {
			_ = next.listener.Close()
		}
		return nil, false
	}
	if next != nil && s.runs {
		next.start(s.failed)
	}
	before, s.now = s.now, next
	return before, true
}

func (s *Server) leave(d *door) {
	if err := d.close(); err != nil {
		s.log.Warn("closing the HTTP server's old socket failed", "listen", d.config.Listen, "error", err)
	}
}

// move closes the door before it opens the next one. Should that be impossible, it
// goes back to the one before.
func (s *Server) move(c Config, h held) {
	s.turn.Lock()
	defer s.turn.Unlock()
	before, entered := s.swap(nil)
	if !entered {
		return
	}
	s.leave(before)
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		s.log.Error("http.listen cannot be changed; it stays as it was", "listen", c.Listen, "error", err)
		c, h = before.config, before.held
		if l, err = net.Listen("tcp", c.Listen); err != nil {
			s.log.Error("nothing is answered over HTTP any more", "listen", c.Listen, "error", err)
			return
		}
	}
	s.swap(s.door(c, h, l))
}
