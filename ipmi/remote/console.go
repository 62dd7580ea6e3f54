package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	defaultTimeout = time.Second
	defaultTries   = 4
	datagramSize   = 2048
)

// ErrNoAnswer says that no try was answered.
var ErrNoAnswer = errors.New("no answer")

// A PacketConn is what a console needs of a UDP socket; *net.UDPConn is one.
type PacketConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	SetReadDeadline(t time.Time) error
	LocalAddr() net.Addr
	Close() error
}

var _ PacketConn = (*net.UDPConn)(nil)

// A Console talks to one BMC through one socket. Its methods, and those of its
// sessions, are for one goroutine at a time.
type Console struct {
	// Timeout is how long a try waits for its answer; Tries is how many there
	// are, one at least. They may be changed between calls.
	Timeout time.Duration
	Tries   int
	// FreshSequence gives each try of a command an rqSeq of its own and ignores
	// answers to the tries before, as FreeIPMI does; otherwise all tries carry
	// the same, as with ipmitool.
	FreshSequence bool

	conn PacketConn
	bmc  netip.AddrPort
	tag  uint8 // of the last set-up message or ping
	seq  uint8 // rqSeq of the last sessionless request

	datagram [datagramSize]byte // that is being read
}

// Dial returns a console with a UDP socket of its own.
func Dial(bmc netip.AddrPort) (*Console, error) {
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return nil, err
	}
	return New(conn, bmc), nil
}

// New returns a console that uses conn, which it then owns.
func New(conn PacketConn, bmc netip.AddrPort) *Console {
	return &Console{Timeout: defaultTimeout, Tries: defaultTries, conn: conn, bmc: bmc}
}

// Close closes the socket. It does not close sessions.
func (c *Console) Close() error { return c.conn.Close() }

// Send sends a datagram as it is, once.
func (c *Console) Send(datagram []byte) error {
	_, err := c.conn.WriteToUDPAddrPort(datagram, c.bmc)
	return err
}

// Receive returns the next datagram from the BMC, or ErrNoAnswer after Timeout.
func (c *Console) Receive(ctx context.Context) ([]byte, error) {
	var got []byte
	err := c.try(ctx, nil, func(datagram []byte) bool {
		got = datagram
		return true
	})
	return got, err
}

// Exchange sends a datagram as it is, once, and returns the next one from the
// BMC, or ErrNoAnswer after Timeout. What arrived before is thrown away.
func (c *Console) Exchange(ctx context.Context, datagram []byte) ([]byte, error) {
	if err := c.drain(); err != nil {
		return nil, err
	}
	if err := c.Send(datagram); err != nil {
		return nil, err
	}
	return c.Receive(ctx)
}

// Ping sends an ASF presence ping and waits for the pong.
func (c *Console) Ping(ctx context.Context) error {
	c.tag = (c.tag + 1) % 0xFF // FFh would mean that no answer is wanted
	ping, pong := ipmi.AppendPing(nil, c.tag), ipmi.AppendPong(nil, c.tag)
	return c.exchange(ctx, func() []byte { return ping }, func(datagram []byte) bool {
		return bytes.Equal(datagram, pong)
	})
}

// exchange sends what build returns until an answer is accepted; build is
// called for each try.
func (c *Console) exchange(ctx context.Context, build func() []byte, accept func(datagram []byte) bool) error {
	var err error
	for range max(c.Tries, 1) {
		if err = c.try(ctx, build(), accept); !errors.Is(err, ErrNoAnswer) {
			return err
		}
	}
	return err
}

// try sends a datagram, unless it is nil, and reads until one is accepted.
func (c *Console) try(ctx context.Context, datagram []byte, accept func([]byte) bool) error {
	defer c.interruptBy(ctx)()
	if err := c.conn.SetReadDeadline(time.Now().Add(c.Timeout)); err != nil {
		return err
	}
	// The deadline is set before the context is asked: whichever ends it later
	// also moves the deadline, and nothing undoes that.
	if err := ctx.Err(); err != nil {
		return err
	}
	if datagram != nil {
		if err := c.Send(datagram); err != nil {
			return err
		}
	}
	for {
		got, err := c.read()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%w within %s", ErrNoAnswer, c.Timeout)
		case err != nil:
			return err
		case accept(got):
			return nil
		}
	}
}

// interruptBy lets the end of ctx end a read. The function it returns waits
// until that can no longer happen.
func (c *Console) interruptBy(ctx context.Context) (stop func()) {
	if ctx.Done() == nil { // it never ends
		return func() {}
	}
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = c.conn.SetReadDeadline(time.Unix(1, 0)) // fails only when the socket is closed: the read ends, too
	})
	return func() {
		if !cancel() {
			<-done
		}
	}
}

// read returns the next datagram from the BMC and ignores those of others.
func (c *Console) read() ([]byte, error) {
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(c.datagram[:])
		if err != nil {
			return nil, err
		}
		if netip.AddrPortFrom(from.Addr().Unmap(), from.Port()) == c.bmc {
			return slices.Clone(c.datagram[:n]), nil
		}
	}
}

// drain reads all that has arrived.
func (c *Console) drain() error {
	for {
		// A deadline that has passed would hide what waits; this is the shortest
		// that a socket honours after it has looked into its buffer.
		if err := c.conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
		if _, err := c.read(); errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
