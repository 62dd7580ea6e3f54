package address

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"github.com/mdlayher/arp"
	"github.com/mdlayher/ethernet"
	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A wire is the packet sockets of one interface.
type wire struct {
	iface  string
	hw     net.HardwareAddr
	conn   *packet.Conn // for ARP and for all that is sent; nil: the interface has no neighbours
	conn6  *packet.Conn // for what neighbours of IPv6 say; nil: nobody listens
	reader sync.WaitGroup
}

// openWire opens the sockets. They get packets only when somebody listens.
func openWire(link *netlink.LinkAttrs, heard func(string, neighbourSeen)) (*wire, error) {
	w := &wire{iface: link.Name, hw: link.HardwareAddr}
	if !speaksARP(link) {
		return w, nil
	}
	protocol := 0
	if heard != nil {
		protocol = unix.ETH_P_ARP
	}
	var err error
	if w.conn, err = listenPacket(link, protocol); err != nil || heard == nil {
		return w, err
	}
	if w.conn6, err = listenNeighbours6(link); err != nil {
		return nil, errors.Join(err, w.conn.Close())
	}
	w.reader.Go(func() { w.read(w.conn, parseARP, heard) })
	w.reader.Go(func() { w.read(w.conn6, parseNeighbour6, heard) })
	return w, nil
}

// listenPacket opens a packet socket; with protocol 0 it only sends.
func listenPacket(link *netlink.LinkAttrs, protocol int) (*packet.Conn, error) {
	ifi := net.Interface{Index: link.Index, Name: link.Name, HardwareAddr: link.HardwareAddr}
	return packet.Listen(&ifi, packet.Raw, protocol, nil)
}

func (w *wire) close() {
	for _, c := range []*packet.Conn{w.conn, w.conn6} {
		if c != nil {
			c.Close()
		}
	}
	w.reader.Wait()
}

// read tells of each packet until the socket is closed. An interface that goes
// down is an error of one read; one that is deleted ends in close, too.
func (w *wire) read(c *packet.Conn, parse func([]byte) (neighbourSeen, bool), heard func(string, neighbourSeen)) {
	buf := make([]byte, 256)
	for {
		size, _, err := c.ReadFrom(buf)
		switch {
		case errors.Is(err, unix.ENETDOWN):
			continue
		case err != nil:
			return
		}
		if p, ok := parse(buf[:size]); ok {
			heard(w.iface, p)
		}
	}
}

func parseARP(b []byte) (neighbourSeen, bool) {
	var frame ethernet.Frame
	var p arp.Packet
	if frame.UnmarshalBinary(b) != nil || p.UnmarshalBinary(frame.Payload) != nil {
		return neighbourSeen{}, false
	}
	return neighbourSeen{sender: p.SenderIP, target: p.TargetIP, mac: string(p.SenderHardwareAddr)}, true
}

func (w *wire) announce(a netip.Addr) error {
	switch {
	case w.conn == nil:
		return nil
	case a.Is6():
		return w.advertise(a)
	}
	// In both, sender and target are the same address (RFC 5944, section 4.6). In
	// a reply the target hardware address is ours as well, in a request it is not used.
	return errors.Join(
		w.sendARP(arp.OperationRequest, a, make(net.HardwareAddr, len(w.hw)), a),
		w.sendARP(arp.OperationReply, a, w.hw, a))
}

func (w *wire) probe(a netip.Addr) error {
	if w.conn == nil {
		return errNoNeighbours
	}
	return w.sendARP(arp.OperationRequest, netip.IPv4Unspecified(), make(net.HardwareAddr, len(w.hw)), a)
}

// sendARP sends one packet to everybody.
func (w *wire) sendARP(op arp.Operation, sender netip.Addr, targetHW net.HardwareAddr, target netip.Addr) error {
	p, err := arp.NewPacket(op, w.hw, sender, targetHW, target)
	if err != nil {
		return err
	}
	payload, err := p.MarshalBinary()
	if err != nil {
		return err
	}
	return w.send(ethernet.Broadcast, ethernet.EtherTypeARP, payload)
}

func (w *wire) send(to net.HardwareAddr, kind ethernet.EtherType, payload []byte) error {
	frame := ethernet.Frame{Destination: to, Source: w.hw, EtherType: kind, Payload: payload}
	b, err := frame.MarshalBinary()
	if err != nil {
		return err
	}
	_, err = w.conn.WriteTo(b, &packet.Addr{HardwareAddr: to})
	return err
}
