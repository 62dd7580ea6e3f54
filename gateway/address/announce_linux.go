package address

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"
)

// An Announcer tells the neighbours on a link that an address is ours now, so
// that those who remember another host for it forget that at once. It is safe
// for concurrent use.
type Announcer struct {
	mu sync.Mutex
	fd int // AF_PACKET, -1 after Close; it is subscribed to no protocol and receives nothing
}

// NewAnnouncer opens the one packet socket that everything is sent from, in the
// network namespace of the caller. Without CAP_NET_RAW it returns
// [ErrPermission].
func NewAnnouncer() (*Announcer, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return nil, fmt.Errorf("announce addresses: %w: needs CAP_NET_RAW "+
			"(AmbientCapabilities=CAP_NET_RAW in the systemd unit, or run as root)", ErrPermission)
	case err != nil:
		return nil, fmt.Errorf("announce addresses: open a packet socket: %w", err)
	}
	return &Announcer{fd: fd}, nil
}

// Close closes the socket.
func (n *Announcer) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fd < 0 {
		return nil
	}
	fd := n.fd
	n.fd = -1
	return unix.Close(fd)
}

// Announce sends one gratuitous ARP request and one gratuitous ARP reply for the
// address from the interface: some hosts learn from one, some from the other. An
// interface without ARP, such as lo, has nobody to tell and is no error.
func (n *Announcer) Announce(iface string, a netip.Addr) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.announce(iface, a); err != nil {
		return fmt.Errorf("interface %q, address %s: announce: %w", iface, a, err)
	}
	return nil
}

func (n *Announcer) announce(iface string, a netip.Addr) error {
	if !a.Is4() {
		return errors.New("only IPv4 is supported")
	}
	index, err := interfaceIndex(n.fd, iface)
	if errors.Is(err, unix.ENODEV) {
		return ErrNoInterface
	}
	if err != nil {
		return err
	}
	hw, err := n.arpAddress(iface, index)
	if err != nil || hw == nil {
		return err
	}
	to := unix.SockaddrLinklayer{Ifindex: int(index)}
	return errors.Join(
		unix.Sendto(n.fd, gratuitousARP(arpRequest, hw, a), 0, &to),
		unix.Sendto(n.fd, gratuitousARP(arpReply, hw, a), 0, &to))
}

// arpAddress returns the hardware address that an interface uses in ARP, nil
// when it does not speak ARP over Ethernet. A packet socket knows the address of
// the interface it is bound to; bound to none again it does not notice when the
// interface goes.
func (n *Announcer) arpAddress(iface string, index uint32) (net.HardwareAddr, error) {
	req, err := unix.NewIfreq(iface)
	if err != nil {
		return nil, err
	}
	if err := unix.IoctlIfreq(n.fd, unix.SIOCGIFFLAGS, req); err != nil {
		return nil, err
	}
	if req.Uint16()&(unix.IFF_NOARP|unix.IFF_LOOPBACK) != 0 {
		return nil, nil
	}
	if err := unix.Bind(n.fd, &unix.SockaddrLinklayer{Ifindex: int(index)}); err != nil {
		return nil, err
	}
	bound, err := unix.Getsockname(n.fd)
	if err := errors.Join(err, unix.Bind(n.fd, &unix.SockaddrLinklayer{})); err != nil {
		return nil, err
	}
	ll, ok := bound.(*unix.SockaddrLinklayer)
	if !ok || ll.Hatype != unix.ARPHRD_ETHER || ll.Halen != 6 {
		return nil, nil
	}
	return ll.Addr[:6], nil
}

// ARP operations (RFC 826).
const (
	arpRequest = 1
	arpReply   = 2
)

// gratuitousARP returns an Ethernet frame to everybody in which sender and
// target are the same address (RFC 5944, section 4.6). In a reply the target
// hardware address is ours as well, in a request it is not used.
func gratuitousARP(operation uint16, hw net.HardwareAddr, a netip.Addr) []byte {
	target := make(net.HardwareAddr, 6)
	if operation == arpReply {
		target = hw
	}
	f := make([]byte, 0, 42)
	f = append(f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) //  0 destination: broadcast
	f = append(f, hw...)                              //  6 source
	f = binary.BigEndian.AppendUint16(f, 0x0806)      // 12 EtherType: ARP
	f = binary.BigEndian.AppendUint16(f, 1)           // 14 hardware: Ethernet
	f = binary.BigEndian.AppendUint16(f, 0x0800)      // 16 protocol: IPv4
	f = append(f, 6, 4)                               // 18 lengths of both addresses
	f = binary.BigEndian.AppendUint16(f, operation)   // 20
	f = append(f, hw...)                              // 22 sender
	f = append(f, a.AsSlice()...)                     // 28
	f = append(f, target...)                          // 32 target
	return append(f, a.AsSlice()...)                  // 38
}
