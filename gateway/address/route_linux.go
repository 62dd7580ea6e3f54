package address

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// routes returns the local routes of the host that lead to more than one of its
// own addresses, and those with our mark.
func (n *Netlink) routes() ([]localRoute, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.socket == nil {
		return nil, os.ErrClosed
	}
	var all []localRoute
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		some, err := n.dumpRoutes(family)
		if err != nil {
			return nil, fmt.Errorf("list routes: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// dumpRoutes lists the table "local". A kernel before 4.20 does not choose, and
// sends all tables.
func (n *Netlink) dumpRoutes(family uint8) ([]localRoute, error) {
	for try := 1; ; try++ {
		req := n.newRequest(unix.RTM_GETROUTE, unix.NLM_F_DUMP)
		req.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{Family: family, Table: unix.RT_TABLE_LOCAL}})
		msgs, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE)
		switch {
		case errors.Is(err, nl.ErrDumpInterrupted) && try < dumpTries:
			continue
		case errors.Is(err, unix.ENOENT): // there is no such table yet
			return nil, nil
		case err != nil:
			return nil, err
		}
		return parseRoutes(msgs)
	}
}

func parseRoutes(msgs [][]byte) ([]localRoute, error) {
	var all []localRoute
	for _, m := range msgs {
		if len(m) < unix.SizeofRtMsg {
			return nil, errors.New("the kernel's message is too short")
		}
		msg := nl.DeserializeRtMsg(m)
		if msg.Table != unix.RT_TABLE_LOCAL || msg.Type != unix.RTN_LOCAL {
			continue
		}
		attrs, err := nl.ParseRouteAttr(m[unix.SizeofRtMsg:])
		if err != nil {
			return nil, err
		}
		r := localRoute{ours: msg.Protocol == ourRouteProto}
		for _, attr := range attrs {
			switch attr.Attr.Type {
			case unix.RTA_DST:
				if a, ok := netip.AddrFromSlice(attr.Value); ok {
					r.prefix = netip.PrefixFrom(a, int(msg.Dst_len))
				}
			case unix.RTA_OIF:
				r.index = nl.NativeEndian().Uint32(attr.Value)
			}
		}
		if r.prefix.IsValid() {
			all = append(all, r)
		}
	}
	return all, nil
}

// putRoute adds "local PREFIX dev IFACE" with our mark to the table "local".
func (n *Netlink) putRoute(iface string, p netip.Prefix) error {
	err := n.aboutRoute(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL, iface, p)
	if errors.Is(err, unix.EEXIST) {
		err = ErrForeign
	}
	return explainRoute(iface, p, err)
}

// removeRoute removes the route that carries our mark. One that is not there is
// fine; the kernel leaves one with another mark alone.
func (n *Netlink) removeRoute(iface string, p netip.Prefix) error {
	err := n.aboutRoute(unix.RTM_DELROUTE, 0, iface, p)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return explainRoute(iface, p, err)
}

func (n *Netlink) aboutRoute(kind, flags int, iface string, p netip.Prefix) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	index, err := n.index(iface)
	if err != nil {
		return err
	}
	req := n.newRequest(kind, flags|unix.NLM_F_ACK)
	req.AddData(&nl.RtMsg{RtMsg: unix.RtMsg{
		Family: uint8(family(p.Addr())), Dst_len: uint8(p.Bits()), Table: unix.RT_TABLE_LOCAL,
		Protocol: ourRouteProto, Scope: unix.RT_SCOPE_HOST, Type: unix.RTN_LOCAL,
	}})
	req.AddData(nl.NewRtAttr(unix.RTA_DST, p.Addr().AsSlice()))
	req.AddData(nl.NewRtAttr(unix.RTA_OIF, nl.Uint32Attr(index)))
	_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

func explainRoute(iface string, p netip.Prefix, err error) error {
	if err == nil {
		return nil
	}
	return explain(iface, p.Addr(), fmt.Errorf("local route to %s: %w", p, err))
}

// Routes returns the local routes over an interface that carry our mark, sorted.
func (n *Netlink) Routes(iface string) ([]netip.Prefix, error) {
	all, err := n.routes()
	if err != nil {
		return nil, fmt.Errorf("interface %q: %w", iface, err)
	}
	n.mu.Lock()
	index, err := n.index(iface)
	n.mu.Unlock()
	if err != nil {
		return nil, explain(iface, netip.Addr{}, err)
	}
	var ours []netip.Prefix
	for _, r := range all {
		if r.ours && r.index == index {
			ours = append(ours, r.prefix)
		}
	}
	slices.SortFunc(ours, netip.Prefix.Compare)
	return ours, nil
}
