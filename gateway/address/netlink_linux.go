package address

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Netlink is the [Addresser] that puts addresses on interfaces of the network
// namespace it was opened in. It is safe for concurrent use.
//
// Each address is a /32, or a /128, without a prefix route, so that it is neither
// primary nor secondary to an address of the host: the kernel removes the
// secondaries of a subnet together with its primary. Our mark is the address
// protocol BCh (IFA_PROTO). For people, and for kernels that do not know address
// protocols (before 5.18), an IPv4 address is labelled "<interface>:bmc" when that
// fits the 15 bytes of a label. On such an old kernel the label is the mark; on an
// interface with a name longer than 11 bytes an address then has none, nor has one
// of IPv6, and nothing is removed.
type Netlink struct {
	kernel version // of the running kernel

	handle *netlink.Handle // for changes of interfaces; one at a time goes through it

	mu     sync.Mutex
	tags   func(netip.Addr) uint32 // nil: no address is tagged
	socket *nl.SocketHandle        // nil after Close
	// marked are the addresses that carried our mark when they were last seen.
	// They spare Remove the listing of the interface; the kernel checks the
	// label in its place.
	marked map[placed]struct{}
}

var _ Addresser = (*Netlink)(nil)

// NewNetlink opens the netlink sockets that all requests go through: one for addresses
// and routes, one for interfaces. They need
// no privilege; adding and removing addresses needs CAP_NET_ADMIN.
func NewNetlink() (*Netlink, error) {
	socket, err := openRouteSocket()
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		socket.Close()
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	return &Netlink{kernel: kernelVersion(), handle: handle, socket: socket, marked: make(map[placed]struct{})}, nil
}

// Close closes the socket. The addresses stay.
func (n *Netlink) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.socket != nil {
		n.socket.Close()
		n.handle.Close()
		n.socket = nil
	}
	return nil
}

// Add implements [Addresser]. The address is foreign when anything on the host
// has it that is not ours, be it with another prefix length or on another
// interface. A route that makes a whole prefix local, such as that of
// 127.0.0.0/8, is no such thing.
func (n *Netlink) Add(iface string, a netip.Addr) error {
	return n.put(iface, a, terms{})
}

// put is Add with a lifetime. An address that is ours already gets it anew.
func (n *Netlink) put(iface string, a netip.Addr, t terms) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.add(iface, a, t); err != nil {
		return explain(iface, a, err)
	}
	return nil
}

// has reports whether the address is on the interface as ours. Somebody else's
// anywhere on the host is [ErrForeign].
func (n *Netlink) has(iface string, a netip.Addr) (ours bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	index, err := n.target(iface, a)
	if err == nil {
		ours, err = n.lookBeforeAdd(index, a)
	}
	if err != nil {
		return false, explain(iface, a, err)
	}
	return ours, nil
}

// lookBeforeAdd is lookForAdd for an address that is most probably not there.
func (n *Netlink) lookBeforeAdd(index uint32, a netip.Addr) (ours bool, err error) {
	local, err := n.isLocal(a)
	if err != nil || !local {
		// A tentative address of IPv6 is not local yet, and found by the request.
		return false, err
	}
	return n.lookForAdd(index, a)
}

func (n *Netlink) add(iface string, a netip.Addr, t terms) error {
	index, err := n.target(iface, a)
	if err != nil {
		return err
	}
	ours, err := n.lookBeforeAdd(index, a)
	if err != nil {
		return err
	}
	if ours {
		return n.renewOne(index, a, t)
	}
	err = n.request(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, index, a, markAttrs(iface, a, t))
	if errors.Is(err, unix.EEXIST) {
		// Somebody was faster, between the question and the request.
		ours, lookErr := n.lookForAdd(index, a)
		if lookErr != nil {
			return lookErr
		}
		if ours {
			return n.renewOne(index, a, t)
		}
	}
	if err == nil {
		n.marked[placed{index, a}] = struct{}{}
	}
	return err
}

// renewOne gives an address that is ours its lifetime anew.
func (n *Netlink) renewOne(index uint32, a netip.Addr, t terms) error {
	if t.lifetime == 0 {
		return nil
	}
	return n.request(unix.RTM_NEWADDR, unix.NLM_F_REPLACE, index, a, renewAttrs(a, t.lifetime))
}

// lookForAdd reports whether the address is on the interface as ours. It is an
// error when it is on the host as somebody else's.
func (n *Netlink) lookForAdd(index uint32, a netip.Addr) (ours bool, err error) {
	all, err := n.dump(family(a))
	if err != nil {
		return false, err
	}
	for _, h := range all {
		switch {
		case h.addr != a:
		case h.ours && h.index == index:
			n.marked[h.placed] = struct{}{}
			return true, nil
		case !h.ours:
			err = fmt.Errorf("%w: it is there as %s", ErrForeign, h)
		}
	}
	return false, err
}

// Remove implements [Addresser].
func (n *Netlink) Remove(iface string, a netip.Addr) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.remove(iface, a); err != nil {
		return explain(iface, a, err)
	}
	return nil
}

func (n *Netlink) remove(iface string, a netip.Addr) error {
	index, err := n.target(iface, a)
	if err != nil {
		return err
	}
	at := placed{index, a}
	if _, known := n.marked[at]; !known || labelAttrs(iface, a) == nil {
		ours, err := n.lookForRemove(at)
		if err != nil || !ours {
			return err
		}
	}
	err = n.request(unix.RTM_DELADDR, 0, index, a, labelAttrs(iface, a))
	if errors.Is(err, unix.EADDRNOTAVAIL) {
		// Not there, or there without our label: whose is it then?
		ours := false
		if ours, err = n.lookForRemove(at); ours {
			err = n.request(unix.RTM_DELADDR, 0, index, a, nil)
		}
	}
	if err == nil {
		delete(n.marked, at)
	}
	return err
}

// lookForRemove reports whether the address is on the interface as ours. It is
// an error when it is there as somebody else's only.
func (n *Netlink) lookForRemove(at placed) (ours bool, err error) {
	delete(n.marked, at)
	all, err := n.dump(family(at.addr))
	if err != nil {
		return false, err
	}
	for _, h := range all {
		switch {
		case h.placed != at:
		case h.ours:
			return true, nil
		default:
			err = fmt.Errorf("%w: it is there as %s", ErrForeign, h)
		}
	}
	return false, err
}

// List implements [Addresser].
func (n *Netlink) List(iface string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	index, err := n.index(iface)
	if err != nil {
		return nil, explain(iface, netip.Addr{}, err)
	}
	all, err := n.dump(unix.AF_UNSPEC)
	if err != nil {
		return nil, explain(iface, netip.Addr{}, err)
	}
	maps.DeleteFunc(n.marked, func(at placed, _ struct{}) bool { return at.index == index })
	var out []netip.Addr
	for _, h := range all {
		if h.index == index && h.ours {
			n.marked[h.placed] = struct{}{}
			out = append(out, h.addr)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out, nil
}

// target returns the index of an interface that is to get or lose an address.
func (n *Netlink) target(iface string, a netip.Addr) (uint32, error) {
	if !a.IsValid() || a.Is4In6() || a.Zone() != "" {
		return 0, errors.New("not an address of IPv4 or IPv6")
	}
	return n.index(iface)
}

// explain says where an error happened and, where it can, what to do about it.
func explain(iface string, a netip.Addr, err error) error {
	switch {
	case errors.Is(err, unix.ENODEV):
		err = ErrNoInterface
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		err = fmt.Errorf("%w: adding and removing addresses needs CAP_NET_ADMIN "+
			"(AmbientCapabilities=CAP_NET_ADMIN in the systemd unit, or run as root)", ErrPermission)
	}
	if !a.IsValid() {
		return fmt.Errorf("interface %q: list addresses: %w", iface, err)
	}
	return fmt.Errorf("interface %q, address %s: %w", iface, a, err)
}
