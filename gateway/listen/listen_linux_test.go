package listen

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newServer ends with the test, after the sockets that were opened by open.
func newServer(t testing.TB, workers int) *Server {
	t.Helper()
	s, err := New(workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func open(t testing.TB, s *Server, at string) *Socket {
	t.Helper()
	c, err := s.Open(netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the test may have done so
	return c
}

func serve(t testing.TB, c *Socket, receive func(netip.AddrPort, []byte)) {
	t.Helper()
	if err := c.Serve(Handler{Receive: receive, Failed: func(err error) { t.Errorf("%s failed: %v", c.LocalAddr(), err) }}); err != nil {
		t.Fatal(err)
	}
}

// echo answers each packet with itself.
func echo(t testing.TB, c *Socket) {
	t.Helper()
	serve(t, c, func(from netip.AddrPort, packet []byte) { _, _ = c.WriteToUDPAddrPort(packet, from) })
}

// client returns a socket of package net that talks to c.
func client(t testing.TB, c *Socket) *net.UDPConn {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(c.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func write(t testing.TB, conn *net.UDPConn, packet []byte) {
	t.Helper()
	if _, err := conn.Write(packet); err != nil {
		t.Fatal(err)
	}
}

// ask sends a packet and returns the answer, nil when none comes within the time.
func ask(t testing.TB, conn *net.UDPConn, packet []byte, within time.Duration) []byte {
	t.Helper()
	write(t, conn, packet)
	if err := conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 2*maxDatagram)
	n, err := conn.Read(answer)
	if err != nil {
		return nil
	}
	return answer[:n]
}

func TestAnswers(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			c := open(t, newServer(t, 2), at)
			conn := client(t, c)
			write(t, conn, []byte("early")) // it waits for Serve
			echo(t, c)
			if got := ask(t, conn, []byte("late"), 30*time.Second); string(got) != "early" {
				t.Errorf("first answer %q, want %q", got, "early")
			}
			long := bytes.Repeat([]byte{1}, maxDatagram+100)
			for _, want := range []string{"late", string(long[:maxDatagram])} {
				if got := ask(t, conn, long, 30*time.Second); string(got) != want {
					t.Errorf("answer of %d bytes, want %d", len(got), len(want))
				}
			}
		})
	}
}

func TestTakenAddressIsRefused(t *testing.T) {
	s := newServer(t, 1)
	c := open(t, s, "127.0.0.1:0")
	if _, err := s.Open(c.LocalAddr()); !errors.Is(err, unix.EADDRINUSE) || !bytes.Contains([]byte(err.Error()), []byte(c.LocalAddr().String())) {
		t.Errorf("second socket: %v, want one that names the address", err)
	}
	if _, err := s.Open(netip.MustParseAddrPort("[fe80::1%nowhere]:0")); err == nil {
		t.Error("a socket in the zone of an interface that is not there")
	}
}

// TestTurnsAreBounded: a socket that has packets without end gets no more than
// its turn, and at most one more, before another one's only packet.
func TestTurnsAreBounded(t *testing.T) {
	s := newServer(t, 1)
	flooded, quiet := open(t, s, "127.0.0.1:0"), open(t, s, "127.0.0.1:0")
	flood, other := client(t, flooded), client(t, quiet)
	for range 5 * perTurn {
		write(t, flood, []byte{1})
	}
	var before atomic.Int32
	sent, turn, total := make(chan struct{}), make(chan int32, 1), make(chan struct{})
	serve(t, quiet, func(netip.AddrPort, []byte) { turn <- before.Load() })
	serve(t, flooded, func(netip.AddrPort, []byte) {
		switch before.Add(1) {
		case 1:
			<-sent
		case 5 * perTurn:
			close(total)
		}
	})
	write(t, other, []byte{1})
	close(sent)
	if n := <-turn; n > 2*perTurn {
		t.Errorf("%d packets of the flood came first, more than two turns of %d", n, perTurn)
	}
	<-total
}

// TestNothingAfterClose: whatever comes meanwhile, and on however many sockets.
func TestNothingAfterClose(t *testing.T) {
	s := newServer(t, 2)
	steady := open(t, s, "127.0.0.1:0")
	echo(t, steady)
	for range 200 {
		c := open(t, s, "127.0.0.1:0")
		var closed, late atomic.Bool
		first := make(chan struct{}, 1)
		serve(t, c, func(from netip.AddrPort, packet []byte) {
			if closed.Load() {
				late.Store(true)
			}
			_, _ = c.WriteToUDPAddrPort(packet, from)
			select {
			case first <- struct{}{}:
			default:
			}
		})
		conn := client(t, c)
		for range 20 {
			write(t, conn, []byte{1})
		}
		<-first
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		closed.Store(true)
		_, _ = conn.Write([]byte{1}) // nobody is there
		if _, err := c.WriteToUDPAddrPort([]byte{1}, c.LocalAddr()); !errors.Is(err, net.ErrClosed) {
			t.Fatalf("writing to a closed socket: %v", err)
		}
		if late.Load() {
			t.Fatal("a packet was handled after Close")
		}
	}
	if err := steady.Close(); err != nil {
		t.Error(err)
	}
	if err := steady.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closing again: %v", err)
	}
}

// TestWritersMeetClose: a held answer may be on its way while the socket closes.
func TestWritersMeetClose(t *testing.T) {
	s := newServer(t, 1)
	for range 50 {
		c := open(t, s, "127.0.0.1:0")
		echo(t, c)
		to := client(t, c).LocalAddr().(*net.UDPAddr).AddrPort()
		ended := make(chan error)
		for range 4 {
			go func() {
				for {
					if _, err := c.WriteToUDPAddrPort([]byte{1}, to); err != nil {
						ended <- err
						return
					}
				}
			}()
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if err := <-ended; !errors.Is(err, net.ErrClosed) && !errors.Is(err, unix.EAGAIN) {
				t.Errorf("writing: %v", err)
			}
		}
	}
}

// TestErrorsOfEarlierPackets cost no packet: they are read and forgotten.
func TestErrorsOfEarlierPackets(t *testing.T) {
	s := newServer(t, 1)
	c := open(t, s, "127.0.0.1:0")
	if err := unix.SetsockoptInt(c.fd, unix.IPPROTO_IP, unix.IP_RECVERR, 1); err != nil {
		t.Fatal(err) // without this Linux tells nothing to a socket that is not connected
	}
	gone := client(t, c)
	nobody := gone.LocalAddr().(*net.UDPAddr).AddrPort()
	_ = gone.Close()
	echo(t, c)
	for range maxFailures / 2 {
		_, _ = c.WriteToUDPAddrPort([]byte{1}, nobody) // it fails for the one before
	}
	if got := ask(t, client(t, c), []byte("hello"), 30*time.Second); string(got) != "hello" {
		t.Errorf("answer %q after packets to nobody", got)
	}
}

// TestSocketThatFailsForGood is given up, once.
func TestSocketThatFailsForGood(t *testing.T) {
	c := open(t, newServer(t, 1), "127.0.0.1:0")
	var failed []error
	c.handler = Handler{Failed: func(err error) { failed = append(failed, err) }}
	socket := c.fd
	c.fd = c.worker.wake // which is no socket
	b := newBatch()
	for range 2 * maxFailures {
		c.takeTurn(b)
	}
	c.fd = socket
	if len(failed) != 1 || !errors.Is(failed[0], unix.ENOTSOCK) {
		t.Errorf("failed with %v, want ENOTSOCK once", failed)
	}
}

// TestWhatCannotBeSent is told, so that it is counted.
func TestWhatCannotBeSent(t *testing.T) {
	c := open(t, newServer(t, 1), "127.0.0.1:0")
	if _, err := c.WriteToUDPAddrPort(make([]byte, 1<<17), c.LocalAddr()); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("a packet of 128 KB: %v, want EMSGSIZE", err)
	}
	if _, err := c.WriteToUDPAddrPort([]byte{1}, netip.MustParseAddrPort("[::1]:9")); !errors.Is(err, unix.EAFNOSUPPORT) {
		t.Errorf("IPv6 from an IPv4 socket: %v, want EAFNOSUPPORT", err)
	}
}

func TestPacketsAllocateNothing(t *testing.T) {
	c := open(t, newServer(t, 1), "127.0.0.1:0")
	b := newBatch()
	got := 0
	c.handler = Handler{Receive: func(netip.AddrPort, []byte) { got++ }}
	packet := []byte("hello")
	if n := testing.AllocsPerRun(100, func() {
		_, _ = c.WriteToUDPAddrPort(packet, c.LocalAddr())
		c.takeTurn(b)
	}); n != 0 || got == 0 {
		t.Errorf("%v allocations for each of %d packets", n, got)
	}
}

func TestRawAddr(t *testing.T) {
	for _, text := range []string{"192.0.2.1:623", "[2001:db8::1]:65535", "[fe80::1%3]:1"} {
		var raw rawAddr
		want := netip.MustParseAddrPort(text)
		raw.set(want)
		if got := raw.addrPort(); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// An address that no interface has can be bound to all the same, for a local route.
func TestOpenRouted(t *testing.T) {
	s := newServer(t, 1)
	for _, at := range []string{"192.0.2.77:0", "[2001:db8::77]:0"} {
		if c, err := s.Open(netip.MustParseAddrPort(at)); !errors.Is(err, unix.EADDRNOTAVAIL) {
			t.Errorf("%s: opened without a route: %v, %v", at, c, err)
		}
		c, err := s.OpenRouted(netip.MustParseAddrPort(at))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.LocalAddr().Addr(); got != netip.MustParseAddrPort(at).Addr() {
			t.Errorf("bound to %s, want %s", got, at)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
