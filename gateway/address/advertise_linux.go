package address

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/mdlayher/ethernet"
)

// allNodes is ff02::1, and allNodesHW its Ethernet address (RFC 2464, section 7).
var (
	allNodes   = netip.IPv6LinkLocalAllNodes()
	allNodesHW = net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}
)

const (
	icmpv6        = 58
	advertisement = 136
	override      = 0x20 // of the flags: an entry that says something else is corrected
)

// advertise sends an unsolicited neighbour advertisement (RFC 4861, sections 4.4
// and 7.2.6).
func (w *wire) advertise(a netip.Addr) error {
	message := make([]byte, 32)
	message[0] = advertisement
	message[4] = override
	copy(message[8:24], a.AsSlice())
	message[24], message[25] = 2, 1 // target link-layer address, one unit of 8 bytes
	copy(message[26:32], w.hw)
	binary.BigEndian.PutUint16(message[2:], checksum6(a, allNodes, message))

	header := make([]byte, 40, 72)
	header[0] = 6 << 4
	binary.BigEndian.PutUint16(header[4:], uint16(len(message)))
	header[6], header[7] = icmpv6, 255 // RFC 4861, section 7.1.2: another hop limit is not accepted
	copy(header[8:24], a.AsSlice())
	copy(header[24:40], allNodes.AsSlice())
	return w.send(allNodesHW, ethernet.EtherTypeIPv6, append(header, message...))
}

// checksum6 is the Internet checksum over the pseudo header of RFC 8200, section
// 8.1, and an ICMPv6 message of an even length.
func checksum6(from, to netip.Addr, message []byte) uint16 {
	sum := uint32(len(message)) + icmpv6
	for _, part := range [][]byte{from.AsSlice(), to.AsSlice(), message} {
		for i := 0; i+1 < len(part); i += 2 {
			sum += uint32(binary.BigEndian.Uint16(part[i:]))
		}
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
