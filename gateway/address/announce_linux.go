package address

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/mdlayher/arp"
	"github.com/mdlayher/ethernet"
	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// An Announcer tells the neighbours on a link that an address is ours now, so
// that those who remember another host for it forget that at once. It is safe
// for concurrent use.
type Announcer struct{}

// NewAnnouncer tries the packet socket that announcements are sent from. Without
// CAP_NET_RAW it returns [ErrPermission].
func NewAnnouncer() (*Announcer, error) {
	lo, err := linkByName("lo")
	if err != nil {
		return nil, fmt.Errorf("announce addresses: %w", err)
	}
	c, err := listenPacket(lo)
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("announce addresses: %w: needs CAP_NET_RAW "+
			"(AmbientCapabilities=CAP_NET_RAW in the systemd unit, or run as root)", ErrPermission)
	case err != nil:
		return nil, fmt.Errorf("announce addresses: open a packet socket: %w", err)
	}
	return &Announcer{}, c.Close()
}

// Announce sends one gratuitous ARP request and one gratuitous ARP reply for the
// address from the interface: some hosts learn from one, some from the other. An
// interface without ARP, such as lo, has nobody to tell and is no error.
func (*Announcer) Announce(iface string, a netip.Addr) error {
	if err := announce(iface, a); err != nil {
		return fmt.Errorf("interface %q, address %s: announce: %w", iface, a, err)
	}
	return nil
}

func announce(iface string, a netip.Addr) error {
	if !a.Is4() {
		return errors.New("only IPv4 is supported")
	}
	link, err := linkByName(iface)
	if err != nil || !speaksARP(link) {
		return err
	}
	c, err := listenPacket(link)
	if err != nil {
		return err
	}
	defer c.Close()
	hw := link.HardwareAddr
	// In both, sender and target are the same address (RFC 5944, section 4.6). In
	// a reply the target hardware address is ours as well, in a request it is not used.
	return errors.Join(
		sendARP(c, arp.OperationRequest, hw, make(net.HardwareAddr, len(hw)), a),
		sendARP(c, arp.OperationReply, hw, hw, a))
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

// listenPacket opens a packet socket that only sends: it is subscribed to no protocol.
func listenPacket(link *netlink.LinkAttrs) (*packet.Conn, error) {
	ifi := net.Interface{Index: link.Index, Name: link.Name, HardwareAddr: link.HardwareAddr}
	return packet.Listen(&ifi, packet.Raw, 0, nil)
}

// sendARP sends one packet about the address to everybody.
func sendARP(c *packet.Conn, op arp.Operation, sender, target net.HardwareAddr, a netip.Addr) error {
	p, err := arp.NewPacket(op, sender, a, target, a)
	if err != nil {
		return err
	}
	payload, err := p.MarshalBinary()
	if err != nil {
		return err
	}
	frame := ethernet.Frame{
		Destination: ethernet.Broadcast, Source: sender, EtherType: ethernet.EtherTypeARP, Payload: payload,
	}
	b, err := frame.MarshalBinary()
	if err != nil {
		return err
	}
	_, err = c.WriteTo(b, &packet.Addr{HardwareAddr: ethernet.Broadcast})
	return err
}
