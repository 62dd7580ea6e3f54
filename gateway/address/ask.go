package address

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// Ask asks the neighbours on an interface who has the addresses, which are of
// IPv4, and returns those that another host has. It takes about as long as within
// says and puts no address anywhere; those that this host has are not asked for.
// Without CAP_NET_RAW it returns [ErrPermission].
func Ask(iface string, addrs []netip.Addr, within time.Duration) (taken map[netip.Addr]net.HardwareAddr, err error) {
	k, err := NewKeeper(func(Event) {})
	if k != nil {
		defer func() { err = errors.Join(err, k.Close()) }()
	}
	if err != nil {
		return nil, err
	}
	s := k.Segment(Policy{Check: CheckProbe, ProbeTime: within})
	s.Vet(iface, addrs)
	k.mu.Lock()
	defer k.mu.Unlock()
	taken = make(map[netip.Addr]net.HardwareAddr)
	for _, a := range addrs {
		q, ok := k.asked[place{iface, a}]
		switch {
		case !ok: // this host's
		case q.err != nil:
			return nil, q.err
		case q.conflict.is():
			taken[a] = net.HardwareAddr(q.conflict.mac)
		}
	}
	return taken, nil
}

// Sample returns addresses that a pool made from this may give away, spread over
// all of them, in order: all when there are no more than most.
func (c PoolConfig) Sample(most int) []netip.Addr {
	usable := c.usable()
	size, fits := total(usable)
	if !fits || most < 1 {
		return nil
	}
	n := min(size, uint64(most))
	all := make([]netip.Addr, 0, n)
	before := uint64(0) // addresses in the ranges before
	for _, r := range usable {
		for uint64(len(all)) < n {
			at := size / n * uint64(len(all))
			if at-before >= r.Size() {
				break
			}
			all = append(all, after(r.First, at-before))
		}
		before += r.Size()
	}
	return all
}
