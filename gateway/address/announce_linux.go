package address

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// An Announcer tells the neighbours on a link that an address is ours now, so
// that those who remember another host for it forget that at once. It keeps one
// packet socket for each interface and is safe for concurrent use.
type Announcer struct {
	heard func(iface string, p neighbourSeen) // nil: nobody listens

	mu    sync.Mutex
	wires map[string]*wire
}

// NewAnnouncer tries the packet socket that announcements are sent from. Without
// CAP_NET_RAW it returns [ErrPermission].
func NewAnnouncer() (*Announcer, error) {
	lo, err := linkByName("lo")
	if err != nil {
		return nil, fmt.Errorf("announce addresses: %w", err)
	}
	c, err := listenPacket(lo, 0)
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("announce addresses: %w: needs CAP_NET_RAW "+
			"(AmbientCapabilities=CAP_NET_RAW in the systemd unit, or run as root)", ErrPermission)
	case err != nil:
		return nil, fmt.Errorf("announce addresses: open a packet socket: %w", err)
	}
	return &Announcer{wires: make(map[string]*wire)}, c.Close()
}

// Close closes the sockets and waits for those who listen on them.
func (n *Announcer) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for iface, w := range n.wires {
		w.close()
		delete(n.wires, iface)
	}
	return nil
}

// Announce sends one gratuitous ARP request and one gratuitous ARP reply for the
// address from the interface: some hosts learn from one, some from the other. For
// IPv6 it is an unsolicited neighbour advertisement to all nodes. An interface
// without ARP, such as lo, has nobody to tell and is no error.
func (n *Announcer) Announce(iface string, a netip.Addr) error {
	if err := n.through(iface, func(w *wire) error { return w.announce(a) }); err != nil {
		return fmt.Errorf("interface %q, address %s: announce: %w", iface, a, err)
	}
	return nil
}

// probe asks who has the IPv4 address, without saying that we would (RFC 5227,
// section 1.1). It returns [errNoNeighbours] on an interface without ARP.
func (n *Announcer) probe(iface string, a netip.Addr) error {
	if err := n.through(iface, func(w *wire) error { return w.probe(a) }); err != nil {
		return fmt.Errorf("interface %q, address %s: probe: %w", iface, a, err)
	}
	return nil
}

// listen makes sure that ARP on the interface is heard.
func (n *Announcer) listen(iface string) error {
	return n.through(iface, func(*wire) error { return nil })
}

// forget closes the socket of an interface that is not the one it was.
func (n *Announcer) forget(iface string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if w, ok := n.wires[iface]; ok {
		w.close()
		delete(n.wires, iface)
	}
}

// through sends through the socket of the interface. One that is of an earlier
// interface of that name is opened anew, once.
func (n *Announcer) through(iface string, send func(*wire) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for try := 0; ; try++ {
		w, opened, err := n.wire(iface)
		if err != nil {
			return err
		}
		if err = send(w); err == nil || opened || try > 0 || errors.Is(err, errNoNeighbours) {
			return err
		}
		w.close()
		delete(n.wires, iface)
	}
}

func (n *Announcer) wire(iface string) (w *wire, opened bool, err error) {
	if w, ok := n.wires[iface]; ok {
		return w, false, nil
	}
	link, err := linkByName(iface)
	if err != nil {
		return nil, false, err
	}
	if w, err = openWire(link, n.heard); err != nil {
		return nil, false, err
	}
	n.wires[iface] = w
	return w, true, nil
}

// speaksARP reports whether the interface is Ethernet with neighbours.
func speaksARP(link *netlink.LinkAttrs) bool {
	return link.RawFlags&(unix.IFF_NOARP|unix.IFF_LOOPBACK) == 0 && len(link.HardwareAddr) == 6
}

func linkByName(name string) (*netlink.LinkAttrs, error) {
	link, err := netlink.LinkByName(name)
	var missing netlink.LinkNotFoundError
	switch {
	case errors.As(err, &missing):
		return nil, ErrNoInterface
	case err != nil:
		return nil, err
	}
	return link.Attrs(), nil
}
