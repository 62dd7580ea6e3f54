package lab

import (
	"net"
	"net/netip"
	"os"
	"testing"
)

const (
	// StandardPort is IPMI's, which some clients insist on.
	StandardPort = 623
	anyonesPort  = 16623 // where port 623 needs more rights than we have
	claimPort    = 16622
)

// A network is a /24 of 127.62.0.0/16 that no other lab of this machine has.
type network byte

// claim finds one. Labs of other processes claim theirs by the same socket, so
// that two suites side by side do not meet.
func claim(t testing.TB) network {
	t.Helper()
	var err error
	for try := range 256 {
		n := network(os.Getpid() + try)
		var conn *net.UDPConn
		conn, err = net.ListenUDP("udp4", &net.UDPAddr{IP: n.address(254).AsSlice(), Port: claimPort})
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return n
		}
	}
	t.Fatalf("all of 127.62.0.0/16 is in use: %v", err)
	return 0
}

// address is the network's host of that number.
func (n network) address(host byte) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 62, byte(n), host})
}

// port is the standard one where we may have it.
func (n network) port(t testing.TB) uint16 {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: n.address(1).AsSlice(), Port: StandardPort})
	if err != nil {
		t.Logf("on port %d instead: %v", anyonesPort, err)
		return anyonesPort
	}
	_ = conn.Close()
	return StandardPort
}
