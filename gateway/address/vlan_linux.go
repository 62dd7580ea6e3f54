package address

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// makeVLAN makes the interface, with our mark in its alias. The kernel takes the
// alias with a second request only: whoever dies between leaves an interface that
// nobody will remove.
func (n *Netlink) makeVLAN(iface string, v VLAN) error {
	return n.changeLink(iface, func(h *netlink.Handle) error {
		parent, err := h.LinkByName(v.Parent)
		if err != nil {
			return fmt.Errorf("parent %q: %w", v.Parent, err)
		}
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.ParentIndex = iface, parent.Attrs().Index
		if err := h.LinkAdd(&netlink.Vlan{LinkAttrs: attrs, VlanId: v.ID}); err != nil {
			if errors.Is(err, unix.EOPNOTSUPP) {
				err = fmt.Errorf("the kernel knows no VLANs: modprobe 8021q, and /etc/modules-load.d for the next start: %w", err)
			}
			return fmt.Errorf("make VLAN %d on %s: %w", v.ID, v.Parent, err)
		}
		made, err := h.LinkByName(iface)
		if err != nil {
			return err
		}
		return h.LinkSetAlias(made, ourAlias)
	})
}

// setUp brings an interface up.
func (n *Netlink) setUp(iface string) error {
	return n.changeLink(iface, func(h *netlink.Handle) error {
		link, err := h.LinkByName(iface)
		if err == nil {
			err = h.LinkSetUp(link)
		}
		if err != nil {
			err = fmt.Errorf("bring it up: %w", err)
		}
		return err
	})
}

// removeLink removes an interface that has our mark at the moment it is looked at.
func (n *Netlink) removeLink(iface string) error {
	return n.changeLink(iface, func(h *netlink.Handle) error {
		link, err := h.LinkByName(iface)
		if err == nil && link.Attrs().Alias == ourAlias {
			err = h.LinkDel(link)
		}
		if err != nil {
			err = fmt.Errorf("remove it: %w", err)
		}
		return err
	})
}

// changeLink runs f and says where its error happened.
func (n *Netlink) changeLink(iface string, f func(*netlink.Handle) error) error {
	err := f(n.handle)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EPERM):
		err = fmt.Errorf("%w: changing interfaces needs CAP_NET_ADMIN "+
			"(AmbientCapabilities=CAP_NET_ADMIN in the systemd unit, or run as root)", ErrPermission)
	}
	return fmt.Errorf("interface %q: %w", iface, err)
}

// linkInfo reads what kind of interface it is (IFLA_LINKINFO).
func (l *linkState) linkInfo(value []byte) error {
	attrs, err := nl.ParseRouteAttr(value)
	if err != nil {
		return err
	}
	var data []byte
	for _, attr := range attrs {
		switch attr.Attr.Type {
		case nl.IFLA_INFO_KIND:
			l.kind = unix.ByteSliceToString(attr.Value)
		case nl.IFLA_INFO_DATA:
			data = attr.Value
		}
	}
	if l.kind != "vlan" {
		return nil
	}
	if attrs, err = nl.ParseRouteAttr(data); err != nil {
		return err
	}
	for _, attr := range attrs {
		if attr.Attr.Type == nl.IFLA_VLAN_ID && len(attr.Value) >= 2 {
			l.vlan = int(nl.NativeEndian().Uint16(attr.Value))
		}
	}
	return nil
}

// VLANs returns the VLAN interfaces there are, by name. One whose parent is in
// another network namespace has none here.
func (n *Netlink) VLANs() (map[string]VLAN, error) {
	v, err := n.look()
	if err != nil {
		return nil, err
	}
	names := make(map[uint32]string, len(v.links))
	for name, l := range v.links {
		names[l.index] = name
	}
	all := make(map[string]VLAN)
	for name, l := range v.links {
		if l.kind == "vlan" {
			all[name] = VLAN{Parent: names[l.parent], ID: l.vlan}
		}
	}
	return all, nil
}
