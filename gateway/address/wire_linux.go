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

// A wire is the packet socket of one interface.
type wire struct {
	iface  string
	hw     net.HardwareAddr
	conn   *packet.Conn // nil: the interface has no neighbours
	reader sync.WaitGroup
}

// openWire opens the socket. It gets ARP only when somebody listens.
func openWire(link *netlink.LinkAttrs, heard func(string, arpSeen)) (*wire, error) {
	w := &wire{iface: link.Name, hw: link.HardwareAddr}
	if !speaksARP(link) {
		return w, nil
	}
	protocol := 0
	if heard != nil {
		protocol = unix.ETH_P_ARP
	}
	var err error
	if w.conn, err = listenPacket(link, protocol); err != nil {
		return nil, err
	}
	if heard != nil {
		w.reader.Go(func() { w.read(heard) })
	}
	return w, nil
}

// listenPacket opens a packet socket; with protocol 0 it only sends.
func listenPacket(link *netlink.LinkAttrs, protocol int) (*packet.Conn, error) {
	ifi := net.Interface{Index: link.Index, Name: link.Name, HardwareAddr: link.HardwareAddr}
	return packet.Listen(&ifi, packet.Raw, protocol, nil)
}

func (w *wire) close() {
	if w.conn != nil {
		w.conn.Close()
		w.reader.Wait()
	}
}

// read tells of each ARP packet until the socket is closed. An interface that
// goes down is an error of one read; one that is deleted ends in close, too.
func (w *wire) read(heard func(string, arpSeen)) {
	buf := make([]byte, 128)
	for {
		size, _, err := w.conn.ReadFrom(buf)
		switch {
		case errors.Is(err, unix.ENETDOWN):
			continue
		case err != nil:
			return
		}
		var frame ethernet.Frame
		var p arp.Packet
		if frame.UnmarshalBinary(buf[:size]) != nil || p.UnmarshalBinary(frame.Payload) != nil {
			continue
		}
		heard(w.iface, arpSeen{sender: p.SenderIP, target: p.TargetIP, mac: string(p.SenderHardwareAddr)})
	}
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
