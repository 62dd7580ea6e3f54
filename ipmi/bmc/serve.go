package bmc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"time"
)

const (
	// maxDatagram is more than any IPMI packet has. What is longer is cut off, and
	// then its lengths or its auth code do not fit.
	maxDatagram = 1024
	// maxReadErrors in a row, without a packet between them, end Serve: a socket
	// may report the fate of packets sent earlier, but not for ever.
	maxReadErrors = 100
)

// A Sender sends the datagrams of a BMC. It is called from many goroutines, one
// at a time.
type Sender interface {
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
}

// A PacketConn is what Serve uses of a UDP socket; *net.UDPConn is one.
type PacketConn interface {
	Sender
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	SetReadDeadline(t time.Time) error
}

// Start lets the BMC answer what is given to Receive, by way of conn. It fails
// when the BMC was started already. stop must be called once: it waits for the
// commands that are held, which takes as long as the Machine takes, but no longer
// than a Machine that keeps its contract; then the keys of all sessions are
// forgotten. conn must work until stop returns.
func (b *BMC) Start(conn Sender) (stop func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil {
		return nil, errors.New("bmc: already serving")
	}
	b.conn, b.stopped, b.receiving = conn, make(chan struct{}), true
	return b.stop, nil
}

// stop ends everything that Start has begun.
func (b *BMC) stop() {
	b.mu.Lock()
	b.receiving = false
	b.watchdog.halt(time.Now())
	b.mu.Unlock()
	close(b.stopped)
	b.carrying.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conn, b.via, b.stopped, b.sweeping = nil, nil, nil, false
	for _, s := range b.sessions {
		b.closeSession(s)
	}
	b.forgetAllParting()
	b.handshakes.abandonAll()
}

// Receive answers one datagram, which it may change, or drops it for a counted
// reason. Before Start and after stop it does nothing.
func (b *BMC) Receive(from netip.AddrPort, packet []byte) { b.ReceiveVia(nil, from, packet) }

// ReceiveVia is Receive for a datagram that came by another way than the conn of
// Start: its answer, also a late one, goes back by way of via, which must work
// until stop returns or answer with an error.
func (b *BMC) ReceiveVia(via Sender, from netip.AddrPort, packet []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.receiving {
		return
	}
	if b.via = via; via == nil {
		b.via = b.conn
	}
	b.config.Events.Received()
	b.traffic.received++
	if reason := b.handle(from, packet); reason != NotDropped {
		b.config.Events.Dropped(reason)
	}
}

// Serve answers the packets of conn until ctx ends, and then returns nil. It
// ends as the stop of Start does. It does not close conn. An error says that
// conn cannot be read any more.
func (b *BMC) Serve(ctx context.Context, conn PacketConn) error {
	end, err := b.Start(conn)
	if err != nil {
		return err
	}
	defer end()
	if err := conn.SetReadDeadline(time.Time{}); err != nil { // of an earlier Serve
		return fmt.Errorf("bmc: %w", err)
	}
	unblocked := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(unblocked)
		// A deadline long ago wakes the reader. Should it fail, the reader's
		// own error is the one to report.
		_ = conn.SetReadDeadline(time.Unix(1, 0))
	})
	err = b.read(ctx, conn)
	if !stop() {
		<-unblocked
	}
	return err
}

// read handles one packet after the other.
func (b *BMC) read(ctx context.Context, conn PacketConn) error {
	packet := make([]byte, maxDatagram)
	failed := 0
	for {
		n, from, err := conn.ReadFromUDPAddrPort(packet)
		switch {
		case err == nil:
			failed = 0
			b.Receive(from, packet[:n])
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("bmc: socket is gone: %w", err)
		default:
			// Such as "connection refused" after a reply to a port that is closed by now.
			if failed++; failed == maxReadErrors {
				return fmt.Errorf("bmc: %d errors in a row: %w", failed, err)
			}
		}
	}
}

// handle answers one packet. Whatever goes wrong in there is this packet's fate
// alone, not the daemon's.
func (b *BMC) handle(from netip.AddrPort, packet []byte) (reason DropReason) {
	defer b.recovered(&reason)
	reply, reason := b.answer(time.Now(), from, packet, b.reply[:0])
	if len(reply) == 0 {
		return reason
	}
	b.reply = reply
	return b.send(b.via, reply, from)
}

// recovered, when deferred, makes a panic the reason why a packet was dropped.
func (b *BMC) recovered(reason *DropReason) {
	if v := recover(); v != nil {
		b.config.Events.Panicked(v, debug.Stack())
		*reason = DropPanic
	}
}

func (b *BMC) send(via Sender, reply []byte, to netip.AddrPort) DropReason {
	if _, err := via.WriteToUDPAddrPort(reply, to); err != nil {
		return DropWriteFailed
	}
	b.traffic.sent++
	return NotDropped
}
