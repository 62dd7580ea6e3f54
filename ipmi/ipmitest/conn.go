package ipmitest

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// queueSize is how many datagrams wait unread at a Conn; more are dropped, as a
// socket with a full buffer drops them.
const queueSize = 256

var _ remote.PacketConn = (*Conn)(nil)

// A Conn is an address on a Network. Its methods behave as those of
// *net.UDPConn and can be used by several goroutines at once.
type Conn struct {
	network  *Network
	addr     netip.AddrPort
	queue    chan datagram
	closed   chan struct{}
	deadline deadline
}

func newConn(n *Network, addr netip.AddrPort) *Conn {
	return &Conn{
		network:  n,
		addr:     addr,
		queue:    make(chan datagram, queueSize),
		closed:   make(chan struct{}),
		deadline: deadline{passed: make(chan struct{})},
	}
}

// ReadFromUDPAddrPort waits for a datagram. What does not fit into b is cut off.
// The error is net.ErrClosed or os.ErrDeadlineExceeded.
func (c *Conn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	passed := c.deadline.wait()
	// A closed Conn and a passed deadline win over datagrams that wait.
	select {
	case <-c.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	case <-passed:
		return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
	default:
	}
	select {
	case d := <-c.queue:
		return copy(b, d.data), d.from, nil
	case <-c.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	case <-passed:
		return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
	}
}

// WriteToUDPAddrPort sends b. It never waits; the error is net.ErrClosed.
func (c *Conn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	default:
	}
	c.network.send(to, datagram{from: c.addr, data: b})
	return len(b), nil
}

// SetReadDeadline makes reads fail from t on, those that wait already included.
// The zero time means never.
func (c *Conn) SetReadDeadline(t time.Time) error {
	select {
	case <-c.closed:
		return net.ErrClosed
	default:
	}
	c.deadline.set(t)
	return nil
}

// LocalAddr returns the address as a *net.UDPAddr.
func (c *Conn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.addr) }

// AddrPort returns the address.
func (c *Conn) AddrPort() netip.AddrPort { return c.addr }

// Close gives up the address and ends all reads.
func (c *Conn) Close() error {
	c.deadline.set(time.Time{})
	return c.network.remove(c)
}

// A deadline is a point in time that can be moved while somebody waits for it.
// The channel is closed when the time has come and replaced when it is moved
// away again; whoever waits keeps the channel, so a moved deadline reaches them.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	passed chan struct{}
}

func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	select {
	case <-d.passed:
		d.passed = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		close(d.passed)
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		d.mu.Lock() // which also orders the reading of timer after its assignment below
		defer d.mu.Unlock()
		if d.timer == timer { // otherwise the deadline was moved after this had fired
			d.timer = nil
			close(d.passed)
		}
	})
	d.timer = timer
}
