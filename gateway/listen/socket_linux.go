package listen

import (
	"net"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"
)

// maxFailures in a row, without a packet between them, end the receiving: a
// socket may report the fate of packets sent earlier, but not for ever.
const maxFailures = 100

// A Handler is what becomes of the packets of a socket. Its functions are called
// by one worker at a time, which others wait for: they must return at once, and
// must not close the socket.
type Handler struct {
	// Receive gets each packet, in order. It may change it, but not keep it.
	Receive func(from netip.AddrPort, packet []byte)
	// Failed says that the socket cannot be read any more.
	Failed func(error)
}

// A Socket is bound to one address of this host. It may be written to from many
// goroutines, and from Receive.
type Socket struct {
	local  netip.AddrPort
	worker *worker
	id     int32 // of its events

	turn     sync.Mutex // held while the worker is inside
	handler  Handler
	done     bool // it gets no turn any more
	failures int

	open sync.RWMutex // held for reading while fd is in use for sending
	fd   int          // -1: closed; written with turn held, too
}

// LocalAddr is the address the socket is bound to.
func (s *Socket) LocalAddr() netip.AddrPort { return s.local }

// Serve lets the packets be handled from now on. It is called once.
func (s *Socket) Serve(h Handler) error {
	s.handler = h
	return s.worker.add(s)
}

// WriteToUDPAddrPort sends one packet. An error, such as ENOBUFS, says that it
// was not sent; nothing is ever waited for.
func (s *Socket) WriteToUDPAddrPort(packet []byte, to netip.AddrPort) (int, error) {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.fd < 0 {
		return 0, net.ErrClosed
	}
	if err := send(s.fd, packet, to); err != nil {
		return 0, err
	}
	return len(packet), nil
}

// Close takes the socket from the others and closes it. When it returns,
// Receive is not running and is not called again.
func (s *Socket) Close() error {
	s.worker.remove(s)
	s.turn.Lock() // the worker leaves first; it may be writing, so open must be free
	defer s.turn.Unlock()
	s.done = true
	s.open.Lock()
	defer s.open.Unlock()
	if s.fd < 0 {
		return net.ErrClosed
	}
	fd := s.fd
	s.fd = -1
	return unix.Close(fd)
}

// takeTurn handles what has come, up to the size of a batch.
func (s *Socket) takeTurn(b *batch) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.done {
		return
	}
	n, err := b.receive(s.fd)
	if err != nil {
		s.fail(err)
		return
	}
	for i := range n {
		s.failures = 0
		s.handler.Receive(b.packet(i))
	}
}

// fail counts an error, such as "connection refused" after a reply to a port
// that is closed by now.
func (s *Socket) fail(err error) {
	if s.failures++; s.failures < maxFailures {
		return
	}
	s.done = true
	s.worker.remove(s)
	s.handler.Failed(err)
}
