package address

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

const (
	// ifaProto is IFA_PROTO of linux/if_addr.h: one byte that says who added an
	// address. Neither x/sys nor netlink v1.3.1 has it.
	ifaProto = 11
	// ourProto is the value that is ours. 0 to 3 are the kernel's; there is no
	// registry, and no value of rt_addrprotos that ships with iproute2 is BCh.
	ourProto = 0xBC
	// netlinkTimeout bounds one exchange with the kernel, in seconds.
	netlinkTimeout = 5
	// dumpTries bounds how often a listing starts anew because addresses changed
	// meanwhile.
	dumpTries = 10
)

func openRouteSocket() (*nl.SocketHandle, error) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE) // to no group: a socket for requests only
	if err != nil {
		return nil, err
	}
	timeout := unix.Timeval{Sec: netlinkTimeout}
	err = errors.Join(s.SetSendTimeout(&timeout), s.SetReceiveTimeout(&timeout), s.SetExtAck(true))
	if err != nil {
		s.Close()
		return nil, err
	}
	// A listing of routes is of the table that was asked for; a kernel before 4.20
	// cannot do that and sends all.
	_ = unix.SetsockoptInt(s.GetFd(), unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)
	return &nl.SocketHandle{Socket: s}, nil
}

// index returns the index of an interface, ENODEV when there is none. It asks
// each time, as an interface that is made anew has another index.
func (n *Netlink) index(iface string) (uint32, error) {
	if n.socket == nil {
		return 0, os.ErrClosed
	}
	req, err := unix.NewIfreq(iface)
	if err != nil {
		return 0, unix.ENODEV // empty or too long for an interface
	}
	if err := unix.IoctlIfreq(n.socket.Socket.GetFd(), unix.SIOCGIFINDEX, req); err != nil {
		return 0, err
	}
	return req.Uint32(), nil
}

// newRequest returns a request that goes through our socket.
func (n *Netlink) newRequest(kind, flags int) *nl.NetlinkRequest {
	req := nl.NewNetlinkRequest(kind, flags)
	req.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: n.socket}
	return req
}

// request sends RTM_NEWADDR or RTM_DELADDR for address/32 or /128 and waits for
// the kernel's verdict.
func (n *Netlink) request(kind, flags int, index uint32, a netip.Addr, attrs []*nl.RtAttr) error {
	_, err := n.about(kind, flags, index, a, attrs).Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// about returns the request.
func (n *Netlink) about(kind, flags int, index uint32, a netip.Addr, attrs []*nl.RtAttr) *nl.NetlinkRequest {
	req := n.newRequest(kind, flags|unix.NLM_F_ACK)
	msg := nl.NewIfAddrmsg(family(a))
	msg.Prefixlen = uint8(a.BitLen())
	msg.Index = index
	req.AddData(msg)
	req.AddData(nl.NewRtAttr(unix.IFA_LOCAL, a.AsSlice()))
	req.AddData(nl.NewRtAttr(unix.IFA_ADDRESS, a.AsSlice()))
	for _, attr := range attrs {
		req.AddData(attr)
	}
	// With each lifetime again, because the kernel forgets what is left out. It is the
	// metric of a prefix route, which addresses of ours do not have.
	if kind == unix.RTM_NEWADDR && a.Is4() && n.tags != nil {
		if tag := n.tags(a); tag != 0 {
			req.AddData(nl.NewRtAttr(unix.IFA_RT_PRIORITY, nl.Uint32Attr(tag)))
		}
	}
	return req
}

func family(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// markAttrs returns what makes an address ours: the protocol, the label, and no
// prefix route.
func markAttrs(iface string, a netip.Addr, t terms) []*nl.RtAttr {
	flags := uint32(unix.IFA_F_NOPREFIXROUTE)
	if a.Is6() && !t.dad {
		flags |= unix.IFA_F_NODAD
	}
	return append(labelAttrs(iface, a), ownAttrs(a, t.lifetime, flags)...)
}

// renewAttrs returns what an address of ours has to be told again with its new
// lifetime: what is left out would be lost.
func renewAttrs(a netip.Addr, lifetime time.Duration) []*nl.RtAttr {
	return ownAttrs(a, lifetime, unix.IFA_F_NOPREFIXROUTE)
}

func ownAttrs(a netip.Addr, lifetime time.Duration, flags uint32) []*nl.RtAttr {
	attrs := []*nl.RtAttr{
		nl.NewRtAttr(unix.IFA_FLAGS, nl.Uint32Attr(flags)),
		nl.NewRtAttr(ifaProto, []byte{ourProto}),
	}
	if lifetime == 0 {
		return attrs
	}
	seconds := uint32((lifetime + time.Second - 1) / time.Second)
	info := nl.IfaCacheInfo{IfaCacheinfo: unix.IfaCacheinfo{Valid: seconds, Prefered: seconds}}
	if a.Is6() {
		// Deprecated from the start: the host does not choose a BMC's address for
		// connections of its own (RFC 6724, rule 3). It answers as any other does.
		info.Prefered = 0
	}
	return append(attrs, nl.NewRtAttr(unix.IFA_CACHEINFO, info.Serialize()))
}

// labelAttrs returns our label as an attribute, or nothing when it does not fit
// or for IPv6, which has none.
// In RTM_DELADDR the kernel removes only an address that has the label.
func labelAttrs(iface string, a netip.Addr) []*nl.RtAttr {
	label := labelFor(iface)
	if label == "" || a.Is6() {
		return nil
	}
	return []*nl.RtAttr{nl.NewRtAttr(unix.IFA_LABEL, nl.ZeroTerminated(label))}
}

// labelFor returns the label of our addresses on an interface, empty when it
// would be longer than a label can be.
func labelFor(iface string) string {
	label := iface + ":bmc"
	if len(label) >= unix.IFNAMSIZ {
		return ""
	}
	return label
}

// isLocal reports whether packets to the address end at this host. It costs one
// route lookup, however many addresses there are.
func (n *Netlink) isLocal(a netip.Addr) (bool, error) {
	req := n.newRequest(unix.RTM_GETROUTE, 0)
	req.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{Family: uint8(family(a)), Dst_len: uint8(a.BitLen())}})
	req.AddData(nl.NewRtAttr(unix.RTA_DST, a.AsSlice()))
	msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE)
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH),
		errors.Is(err, unix.EACCES), errors.Is(err, unix.EINVAL):
		return false, nil // no route, or one that prohibits or drops
	case err != nil:
		return false, fmt.Errorf("look up route: %w", err)
	case len(msgs) == 0 || len(msgs[0]) < unix.SizeofRtMsg:
		return false, errors.New("look up route: the kernel's answer is too short")
	}
	return nl.DeserializeRtMsg(msgs[0]).Type == unix.RTN_LOCAL, nil
}

// dump returns all addresses of the host, or those of one family.
func (n *Netlink) dump(family int) ([]held, error) {
	for try := 1; ; try++ {
		req := n.newRequest(unix.RTM_GETADDR, unix.NLM_F_DUMP)
		req.AddData(nl.NewIfAddrmsg(family))
		msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWADDR)
		if errors.Is(err, nl.ErrDumpInterrupted) && try < dumpTries {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list addresses: %w", err)
		}
		return parseAddresses(msgs, n.kernel)
	}
}
