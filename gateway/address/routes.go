package address

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// ourRouteProto is the route protocol (rtm_protocol) that says a route is ours.
// No routing daemon has it: rtnetlink.h and iproute2's rt_protos end before, at 99
// (openr), and go on at 186 (bgp).
const ourRouteProto = 176

// A localRoute is one of the table "local": the host is the destination.
type localRoute struct {
	prefix netip.Prefix
	index  uint32 // of the interface
	ours   bool
}

// Routes is the part of a [Keeper] for a pool whose addresses are on no interface:
// a local route for each prefix makes this host their destination. It is an
// [Addresser] of all of them at once.
//
// The kernel knows no lifetime of routes. Those of a daemon that is dead stay.
type Routes struct {
	keeper *Keeper
	iface  string

	// With the keeper's lock.
	paths map[netip.Prefix]*path
	own   map[netip.Addr]string // the host's own addresses in the prefixes
	idle  bool                  // not to be kept any more
}

var _ Addresser = (*Routes)(nil)

// A path is a route that is kept.
type path struct {
	is       Presence
	why      string // it is not present
	index    uint32 // of the interface it was last seen on
	added    bool   // by us, in this run
	putBacks []time.Time
}

// Routes returns the part of the Keeper for the prefixes of one pool.
func (k *Keeper) Routes(iface string, prefixes []netip.Prefix) *Routes {
	r := &Routes{keeper: k, iface: iface, paths: make(map[netip.Prefix]*path)}
	for _, p := range prefixes {
		r.paths[p] = &path{is: Missing, why: "is not added yet"}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.routed = append(k.routed, r)
	return r
}

// TakeUp adds what is missing and keeps what an earlier run left. What carries our
// mark there, or leads to addresses of the pool, and is wanted by nobody any more
// is removed: another configuration's. All Routes of the Keeper have to be known.
func (r *Routes) TakeUp() error {
	k := r.keeper
	k.ops.Lock()
	defer k.ops.Unlock()
	v, have, err := k.lookRoutes()
	if err != nil {
		return err
	}
	problems := k.removeStale(r, v, have)
	k.mendRoutes(r, v, have, time.Now(), true)
	problems = append(problems, k.hearOfRoutes())
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, w := range r.paths {
		w.putBacks = nil // nobody had taken it away
	}
	if t := r.troubles(); len(t) > 0 {
		problems = append(problems, fmt.Errorf("interface %q: %d of %d routes: %s", r.iface, len(t), len(r.paths), t[0]))
	}
	return errors.Join(problems...)
}

// hearOfRoutes makes the loop look when a route of ours is gone. ops is held.
func (k *Keeper) hearOfRoutes() (err error) {
	if k.stopRoutes == nil {
		k.stopRoutes, err = k.kernel.watchRoutes(k.wake)
	}
	return err
}

// lookRoutes returns interfaces and addresses, and the local routes by prefix.
func (k *Keeper) lookRoutes() (view, map[netip.Prefix][]localRoute, error) {
	v, err := k.kernel.look()
	if err != nil {
		return view{}, nil, err
	}
	k.withoutWrongVLANs(v)
	all, err := k.kernel.routes()
	if err != nil {
		return view{}, nil, err
	}
	have := make(map[netip.Prefix][]localRoute)
	for _, one := range all {
		have[one.prefix] = append(have[one.prefix], one)
	}
	return v, have, nil
}

// removeStale removes routes of ours that nobody wants. ops is held.
func (k *Keeper) removeStale(r *Routes, v view, have map[netip.Prefix][]localRoute) (problems []error) {
	names := make(map[uint32]string)
	for name, l := range v.links {
		names[l.index] = name
	}
	for p, all := range have {
		for _, one := range all {
			iface := names[one.index]
			if one.ours && (iface == r.iface || r.overlaps(p)) && !k.wantsRoute(iface, p) {
				problems = append(problems, k.kernel.removeRoute(iface, p))
			}
		}
	}
	return problems
}

func (r *Routes) overlaps(p netip.Prefix) bool {
	for mine := range r.paths {
		if mine.Overlaps(p) {
			return true
		}
	}
	return false
}

func (k *Keeper) wantsRoute(iface string, p netip.Prefix) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.ContainsFunc(k.routed, func(r *Routes) bool {
		_, ok := r.paths[p]
		return ok && r.iface == iface
	})
}

// syncRoutes compares the routes that are wanted with what the kernel has, and
// reports whether everything is as it should.
func (k *Keeper) syncRoutes(now time.Time, live bool) bool {
	k.mu.Lock()
	all := slices.Clone(k.routed)
	k.mu.Unlock()
	if len(all) == 0 {
		return true
	}
	k.ops.Lock()
	defer k.ops.Unlock()
	v, have, err := k.lookRoutes()
	if err != nil {
		k.post(Event{Kind: LookFailed, Err: err})
		return false
	}
	whole := true
	for _, r := range all {
		whole = k.mendRoutes(r, v, have, now, live) && whole
	}
	return whole
}

// mendRoutes judges the routes of one pool and adds what is missing. ops is held.
func (k *Keeper) mendRoutes(r *Routes, v view, have map[netip.Prefix][]localRoute, now time.Time, live bool) bool {
	k.mu.Lock()
	if r.idle {
		k.mu.Unlock()
		return true
	}
	r.noteOwn(v)
	link, there := v.links[r.iface]
	whole := true
	var missing []netip.Prefix
	for p, w := range r.paths {
		if e, put := w.judge(p, link, there, have[p], now); put && live {
			missing = append(missing, p)
		} else if e != nil {
			e.Iface = r.iface
			k.post(*e)
		}
		whole = whole && w.is == Present
	}
	k.mu.Unlock()
	for _, p := range missing {
		k.putRoute(r, p, now)
	}
	return whole && len(missing) == 0
}
