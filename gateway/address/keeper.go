package address

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/pulse"
)

// A Keeper keeps the wanted addresses on their interfaces: it gives them a
// lifetime and refreshes it, puts back what somebody took away, announces, and
// hears other hosts that say they have one. When it stops doing so, because the
// process is dead, stopped or hangs, the kernel takes the addresses away by
// itself.
type Keeper struct {
	kernel     kernel
	neighbours neighbours // nil: no right to send ARP
	tell       func(Event)
	stop       func() // of the kernel's notices
	stopRoutes func() // and of those of routes; nil: nobody has asked for them
	kick       chan struct{}
	closed     chan struct{}
	pulse      pulse.Pulse // of Run

	// ops is held during every change of the kernel's addresses, so that what was
	// decided by a look is done before the next change. It is taken before mu.
	ops sync.Mutex

	mu       sync.Mutex
	segments []*Segment
	routed   []*Routes
	vlans    []*vlanWard
	wanted   map[place]*ward
	asked    map[place]*asked
	due      []announcement
	dropped  []place         // to give up because of a conflict
	local    map[string]bool // hardware addresses of this host
	links    map[string]linkState
	stalled  string // why nothing is refreshed

	posting sync.Mutex
	events  []Event // that wait to be told of
}

// A kernel is what a Keeper needs of the host's addresses.
type kernel interface {
	put(iface string, a netip.Addr, t terms) error
	has(iface string, a netip.Addr) (bool, error)
	look() (view, error)
	renew(index uint32, addrs []netip.Addr, lifetime time.Duration) error
	Remove(iface string, a netip.Addr) error
	List(iface string) ([]netip.Addr, error)
	tagWith(tags func(netip.Addr) uint32)
	tagged(iface string) (map[netip.Addr]uint32, error)
	routes() ([]localRoute, error)
	putRoute(iface string, p netip.Prefix) error
	removeRoute(iface string, p netip.Prefix) error
	watchRoutes(changed func()) (stop func(), err error)
	makeVLAN(iface string, v VLAN) error
	setUp(iface string) error
	removeLink(iface string) error
	Close() error
}

// neighbours are those on the same link.
type neighbours interface {
	Announce(iface string, a netip.Addr) error
	probe(iface string, a netip.Addr) error
	listen(iface string) error
	forget(iface string)
	Close() error
}

// A place is an address on an interface, by name.
type place struct {
	iface string
	addr  netip.Addr
}

func newKeeper(k kernel, n neighbours, tell func(Event)) *Keeper {
	return &Keeper{
		kernel: k, neighbours: n, tell: tell, stop: func() {},
		kick: make(chan struct{}, 1), closed: make(chan struct{}),
		wanted: make(map[place]*ward), asked: make(map[place]*asked),
	}
}

// Close ends what waits for an answer and closes the sockets. The addresses stay,
// as long as their lifetime lasts. Run has to have ended.
func (k *Keeper) Close() error {
	close(k.closed)
	k.stop()
	if k.stopRoutes != nil {
		k.stopRoutes()
	}
	err := k.kernel.Close()
	if k.neighbours != nil {
		err = errors.Join(err, k.neighbours.Close())
	}
	return err
}

// TagWith says what the kernel is to keep with each address, as [Tags.Of] does.
func (k *Keeper) TagWith(tags func(netip.Addr) uint32) { k.kernel.tagWith(tags) }

// Segment returns the part of the Keeper for the addresses of one pool.
func (k *Keeper) Segment(p Policy) *Segment {
	s := &Segment{keeper: k, policy: p, renewed: time.Now()}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.segments = append(k.segments, s)
	return s
}

// wake makes the loop look soon.
func (k *Keeper) wake() {
	select {
	case k.kick <- struct{}{}:
	default:
	}
}

// changed is told of the kernel's notices.
func (k *Keeper) changed(lost bool) {
	if lost {
		k.post(Event{Kind: NoticesLost})
	}
	k.wake()
}
