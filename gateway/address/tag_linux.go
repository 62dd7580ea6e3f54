package address

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// tagWith has the kernel keep a tag with each address that is added or renewed.
func (n *Netlink) tagWith(tags func(netip.Addr) uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tags = tags
}

// tagged returns the tags of the addresses on the interface that are ours.
func (n *Netlink) tagged(iface string) (map[netip.Addr]uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	index, err := n.index(iface)
	if err != nil {
		return nil, explain(iface, netip.Addr{}, err)
	}
	all, err := n.dump(unix.AF_INET)
	if err != nil {
		return nil, explain(iface, netip.Addr{}, err)
	}
	tags := make(map[netip.Addr]uint32)
	for _, h := range all {
		if h.index == index && h.ours && h.tag != 0 {
			tags[h.addr] = h.tag
		}
	}
	return tags, nil
}
