package vspheretest

import (
	"errors"
	"net"
	"sync"
	"time"
)

// A gate is the vCenter's network: a listener that can be taken down and put up
// again at the same address, and connections that can be made to stand still.
// It works below TLS, so that a stalled vCenter looks like a dead path.
type gate struct {
	addr string

	mu       sync.Mutex
	listener net.Listener // nil while down
	conns    map[*gateConn]struct{}
	stalled  chan struct{} // closed when traffic flows again; nil while it flows
}

// listen binds the gate; serve is to run on the listener it returns.
func (g *gate) listen() (net.Listener, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		return nil, errors.New("already listening")
	}
	l, err := net.Listen("tcp", g.addr)
	if err != nil {
		return nil, err
	}
	g.addr = l.Addr().String()
	g.listener = l
	return &gateListener{Listener: l, gate: g}, nil
}

// shut refuses new connections and cuts the present ones.
func (g *gate) shut() {
	g.mu.Lock()
	conns := g.conns
	g.conns = nil
	if g.listener != nil {
		g.listener.Close()
		g.listener = nil
	}
	g.mu.Unlock()
	for c := range conns {
		c.Close()
	}
}

func (g *gate) stall(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case on && g.stalled == nil:
		g.stalled = make(chan struct{})
	case !on && g.stalled != nil:
		close(g.stalled)
		g.stalled = nil
	}
}

// admit takes a connection in, or closes it when the gate was shut meanwhile.
func (g *gate) admit(l net.Listener, conn net.Conn) *gateConn {
	c := &gateConn{Conn: conn, gate: g, closed: make(chan struct{})}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != l {
		c.shut()
		return c
	}
	if g.conns == nil {
		g.conns = make(map[*gateConn]struct{})
	}
	g.conns[c] = struct{}{}
	return c
}

type gateListener struct {
	net.Listener
	gate *gate
}

func (l *gateListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.gate.admit(l.Listener, conn), nil
}

// gateConn holds back what was read and what is to be written while the gate is
// stalled. What the client sent meanwhile is delivered when the stall ends, as
// retransmission would do on a path that was interrupted.
type gateConn struct {
	net.Conn
	gate   *gate
	once   sync.Once
	closed chan struct{}
}

func (c *gateConn) pass() error {
	for {
		c.gate.mu.Lock()
		stalled := c.gate.stalled
		c.gate.mu.Unlock()
		if stalled == nil {
			return nil
		}
		select {
		case <-stalled:
		case <-c.closed:
			return net.ErrClosed
		}
	}
}

func (c *gateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if held := c.pass(); held != nil {
		return 0, held
	}
	return n, err
}

func (c *gateConn) Write(p []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *gateConn) shut() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.closed)
		err = c.Conn.Close()
	})
	return err
}

func (c *gateConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c)
	c.gate.mu.Unlock()
	return c.shut()
}

// Stall makes the vCenter a black hole: connections are accepted, bytes are
// taken, nothing is answered, on existing connections neither. Stall(false)
// heals it; requests sent meanwhile are then carried out.
func (v *VCenter) Stall(on bool) { v.gate.stall(on) }

// Down refuses new connections and cuts the existing ones. Sessions survive.
func (v *VCenter) Down() { v.gate.shut() }

// Up listens on the same address again. The port may have been taken meanwhile,
// so it tries for two seconds before it gives up.
func (v *VCenter) Up() error {
	var err error
	for range 20 {
		if err = v.listen(); err == nil {
			return nil
		}
		if !v.pause(100 * time.Millisecond) {
			break
		}
	}
	return err
}
