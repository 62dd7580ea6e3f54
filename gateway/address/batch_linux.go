package address

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// batchSize is how many requests are sent to the kernel at once: their
// acknowledgements fit the smallest receive buffer.
const batchSize = 100

// renew gives addresses of ours on one interface their lifetime anew. The caller
// has just seen that they are ours.
func (n *Netlink) renew(index uint32, addrs []netip.Addr, lifetime time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.socket == nil {
		return os.ErrClosed
	}
	var problems []error
	for len(addrs) > 0 {
		size := min(batchSize, len(addrs))
		reqs := make([]*nl.NetlinkRequest, size)
		for i, a := range addrs[:size] {
			reqs[i] = n.about(unix.RTM_NEWADDR, unix.NLM_F_REPLACE, index, a, renewAttrs(a, lifetime))
		}
		if err := n.batch(reqs); err != nil {
			problems = append(problems, fmt.Errorf("refresh %s and %d more: %w", addrs[0], size-1, err))
		}
		addrs = addrs[size:]
	}
	return errors.Join(problems...)
}

// batch sends requests in one datagram and waits for all their verdicts. It
// returns the first that is an error.
func (n *Netlink) batch(reqs []*nl.NetlinkRequest) error {
	var buf []byte
	pending := make(map[uint32]bool, len(reqs))
	for _, req := range reqs {
		req.Seq = atomic.AddUint32(&n.socket.Seq, 1)
		pending[req.Seq] = true
		buf = append(buf, req.Serialize()...)
		for len(buf)%unix.NLMSG_ALIGNTO != 0 {
			buf = append(buf, 0)
		}
	}
	s := n.socket.Socket
	s.Lock()
	defer s.Unlock()
	if err := unix.Sendto(s.GetFd(), buf, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	var first error
	for len(pending) > 0 {
		msgs, _, err := s.Receive()
		if err != nil {
			return err
		}
		for _, m := range msgs {
			if !pending[m.Header.Seq] || m.Header.Type != unix.NLMSG_ERROR || len(m.Data) < 4 {
				continue
			}
			delete(pending, m.Header.Seq)
			if errno := int32(nl.NativeEndian().Uint32(m.Data)); errno != 0 && first == nil {
				first = syscall.Errno(-errno)
			}
		}
	}
	return first
}

// look returns all interfaces and addresses.
func (n *Netlink) look() (view, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.socket == nil {
		return view{}, os.ErrClosed
	}
	links, err := n.links()
	if err != nil {
		return view{}, fmt.Errorf("list interfaces: %w", err)
	}
	all, err := n.dump(unix.AF_UNSPEC)
	if err != nil {
		return view{}, err
	}
	v := view{links: links, held: make(map[netip.Addr][]held, len(all))}
	for _, h := range all {
		v.held[h.addr] = append(v.held[h.addr], h)
	}
	return v, nil
}

// links returns the interfaces by name.
func (n *Netlink) links() (map[string]linkState, error) {
	for try := 1; ; try++ {
		req := n.newRequest(unix.RTM_GETLINK, unix.NLM_F_DUMP)
		req.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
		msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
		if errors.Is(err, nl.ErrDumpInterrupted) && try < dumpTries {
			continue
		}
		if err != nil {
			return nil, err
		}
		all := make(map[string]linkState, len(msgs))
		for _, m := range msgs {
			name, l, err := parseLink(m)
			if err != nil {
				return nil, err
			}
			all[name] = l
		}
		return all, nil
	}
}

func parseLink(m []byte) (name string, l linkState, err error) {
	if len(m) < unix.SizeofIfInfomsg {
		return "", l, errors.New("the kernel's message is too short")
	}
	msg := nl.DeserializeIfInfomsg(m)
	l.index, l.up = uint32(msg.Index), msg.Flags&unix.IFF_UP != 0
	attrs, err := nl.ParseRouteAttr(m[unix.SizeofIfInfomsg:])
	for _, attr := range attrs {
		switch attr.Attr.Type {
		case unix.IFLA_IFNAME:
			name = unix.ByteSliceToString(attr.Value)
		case unix.IFLA_ADDRESS:
			if len(attr.Value) == 6 && msg.Flags&(unix.IFF_LOOPBACK|unix.IFF_NOARP) == 0 {
				l.mac = string(attr.Value)
			}
		case unix.IFLA_LINK:
			if len(attr.Value) >= 4 {
				l.parent = nl.NativeEndian().Uint32(attr.Value)
			}
		case unix.IFLA_IFALIAS:
			l.alias = unix.ByteSliceToString(attr.Value)
		case unix.IFLA_LINKINFO:
			if err := l.linkInfo(attr.Value); err != nil {
				return "", l, err
			}
		}
	}
	return name, l, err
}
