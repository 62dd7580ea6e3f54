package address

import (
	"errors"
	"net/netip"

	"github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	solicitation = 135
	ethHeader    = 14
	ip6Header    = 40
	// where things are in a frame
	atNextHeader = ethHeader + 6
	atHopLimit   = ethHeader + 7
	atICMP       = ethHeader + ip6Header
	// of both messages, without options (RFC 4861, sections 4.3 and 4.4)
	neighbourSize = 24
	// the option that says the hardware address of who has the target
	optionTargetHW = 2
)

// neighbours6Filter lets neighbour solicitations and advertisements pass, in the
// kernel's filter language: the socket is of all IPv6, and a flood at one BMC is
// none of its concern. The jumps count the lines that are left out.
var neighbours6Filter = []unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: atNextHeader},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: icmpv6, Jf: 4},
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: atICMP},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: advertisement, Jt: 1},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: solicitation, Jf: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 256},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
}

// listenNeighbours6 opens the socket for them. Advertisements to all nodes reach
// every host; so do those that answer a question of ours.
func listenNeighbours6(link *netlink.LinkAttrs) (*packet.Conn, error) {
	c, err := listenPacket(link, unix.ETH_P_IPV6)
	if err != nil {
		return nil, err
	}
	raw, err := c.SyscallConn()
	if err == nil {
		filter := unix.SockFprog{Len: uint16(len(neighbours6Filter)), Filter: &neighbours6Filter[0]}
		var set error
		err = raw.Control(func(fd uintptr) {
			set = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &filter)
		})
		err = errors.Join(err, set)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// parseNeighbour6 reads a frame with one of the two. One that came through a
// router is not believed (RFC 4861, sections 7.1.1 and 7.1.2).
func parseNeighbour6(b []byte) (p neighbourSeen, ok bool) {
	if len(b) < atICMP+neighbourSize || b[atNextHeader] != icmpv6 || b[atHopLimit] != 255 {
		return p, false
	}
	from, _ := netip.AddrFromSlice(b[ethHeader+8 : ethHeader+24])
	message := b[atICMP:]
	about, _ := netip.AddrFromSlice(message[8:24])
	p.mac = string(b[6:12])
	switch message[0] {
	case advertisement:
		p.sender, p.target = about, about
		if hw, has := optionOf(message[neighbourSize:], optionTargetHW); has {
			p.mac = string(hw)
		}
	case solicitation:
		p.sender, p.target = from, about
	default:
		return p, false
	}
	return p, true
}

// optionOf returns the six bytes of an option with a hardware address.
func optionOf(options []byte, kind byte) ([]byte, bool) {
	for len(options) >= 8 {
		size := int(options[1]) * 8
		if size == 0 || size > len(options) {
			return nil, false
		}
		if options[0] == kind && size == 8 {
			return options[2:8], true
		}
		options = options[size:]
	}
	return nil, false
}
