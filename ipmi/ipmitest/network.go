package ipmitest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Faults are the probabilities, from 0 to 1, of what happens to a datagram on
// its way. The zero value is a perfect network.
type Faults struct {
	Loss      float64 // it never arrives
	Duplicate float64 // it arrives twice
	// Reorder is the probability that a datagram is held back until the next one
	// to the same destination has overtaken it. If there is no next one, it is lost.
	Reorder float64
}

// A Network carries datagrams between its Conns in memory. Delivery is
// immediate and the faults follow from the seed, so that a test which sends the
// same datagrams in the same order sees the same ones arrive.
type Network struct {
	mu     sync.Mutex
	random *rand.Rand
	faults Faults
	conns  map[netip.AddrPort]*Conn
	held   map[netip.AddrPort]datagram
}

type datagram struct {
	from netip.AddrPort
	data []byte
}

// NewNetwork returns a perfect network; seed decides what SetFaults will do to it.
func NewNetwork(seed uint64) *Network {
	return &Network{
		random: rand.New(rand.NewPCG(seed, seed)),
		conns:  make(map[netip.AddrPort]*Conn),
		held:   make(map[netip.AddrPort]datagram),
	}
}

// SetFaults changes what happens to the datagrams sent from now on.
func (n *Network) SetFaults(f Faults) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = f
}

// Listen returns the Conn that has this address until it is closed. The error
// says that another one has it.
func (n *Network) Listen(addr netip.AddrPort) (*Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns[addr] != nil {
		return nil, fmt.Errorf("listen %s: address in use", addr)
	}
	c := newConn(n, addr)
	n.conns[addr] = c
	return c, nil
}

// Pipe returns the two ends of a network of their own: 192.0.2.1:623 for a BMC
// and 192.0.2.2:10000 for a console.
func Pipe(seed uint64, f Faults) (bmc, console *Conn) {
	n := NewNetwork(seed)
	n.SetFaults(f)
	bmc = newConn(n, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 623))
	console = newConn(n, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 2}), 10000))
	n.conns[bmc.addr], n.conns[console.addr] = bmc, console
	return bmc, console
}

// send carries one datagram. As with UDP the sender does not learn whether it arrived.
func (n *Network) send(to netip.AddrPort, d datagram) {
	d.data = slices.Clone(d.data)
	n.mu.Lock()
	defer n.mu.Unlock()
	// All three dice are cast for each datagram, so that changing one
	// probability does not change the others' fortune.
	lost := n.random.Float64() < n.faults.Loss
	doubled := n.random.Float64() < n.faults.Duplicate
	late := n.random.Float64() < n.faults.Reorder
	if lost {
		return
	}
	overtaken, waiting := n.held[to]
	if late && !waiting {
		n.held[to] = d
		return
	}
	delete(n.held, to)
	n.deliver(to, d)
	if doubled {
		n.deliver(to, d)
	}
	if waiting {
		n.deliver(to, overtaken)
	}
}

// deliver drops what nobody listens for, and what does not fit into the queue.
func (n *Network) deliver(to netip.AddrPort, d datagram) {
	c := n.conns[to]
	if c == nil {
		return
	}
	select {
	case c.queue <- d:
	default:
	}
}

func (n *Network) remove(c *Conn) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns[c.addr] != c { // closed before; somebody else may have the address now
		return net.ErrClosed
	}
	delete(n.conns, c.addr)
	delete(n.held, c.addr)
	close(c.closed)
	return nil
}
