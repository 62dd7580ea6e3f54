package listen

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A Server is the threads that receive, each for its share of the sockets.
type Server struct {
	workers []*worker
	next    atomic.Uint32 // who gets the next socket
}

// New starts so many workers, at least one. Close ends them.
func New(workers int) (*Server, error) {
	s := &Server{}
	for range max(workers, 1) {
		w, err := newWorker()
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("starting to receive: %w", err)
		}
		s.workers = append(s.workers, w)
	}
	return s, nil
}

// Close ends the workers. All sockets must have been closed.
func (s *Server) Close() {
	for _, w := range s.workers {
		w.close()
	}
}

// Silent returns for how long some worker has been in one round. An idle one
// starts a new round every few seconds.
func (s *Server) Silent(now time.Time) (most time.Duration) {
	for _, w := range s.workers {
		most = max(most, w.pulse.Silent(now))
	}
	return most
}

// Open binds a UDP socket to an address of this host; port 0 is one of the
// kernel's choice. What arrives waits in the kernel until Serve.
func (s *Server) Open(at netip.AddrPort) (*Socket, error) { return s.open(at, false) }

// OpenRouted is Open for an address that is on no interface, and that a local route
// makes this host's (IP_FREEBIND, IPV6_FREEBIND). The route may come later.
func (s *Server) OpenRouted(at netip.AddrPort) (*Socket, error) { return s.open(at, true) }

func (s *Server) open(at netip.AddrPort, free bool) (*Socket, error) {
	fd, err := bound(at, free)
	if err != nil {
		return nil, fmt.Errorf("listening on udp %s: %w", at, err)
	}
	local, err := localAddr(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("listening on udp %s: %w", at, err)
	}
	w := s.workers[int(s.next.Add(1))%len(s.workers)]
	return &Socket{fd: fd, local: local, worker: w}, nil
}

// bound returns a socket that never blocks.
func bound(at netip.AddrPort, free bool) (fd int, err error) {
	family := unix.AF_INET6
	if at.Addr().Is4() {
		family = unix.AF_INET
	}
	fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if family == unix.AF_INET6 {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if err == nil && free {
		err = freebind(fd, family)
	}
	var sa unix.Sockaddr
	if err == nil {
		sa, err = sockaddr(at)
	}
	if err == nil {
		err = unix.Bind(fd, sa)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// freebind lets a socket be bound to an address that no interface has.
func freebind(fd, family int) error {
	if family == unix.AF_INET {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_FREEBIND, 1)
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1)
}
