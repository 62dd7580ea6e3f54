package address

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Add implements [Addresser]: it reports whether packets to the address end here
// and are a BMC's. It adds no route, which TakeUp and the loop do.
func (r *Routes) Add(iface string, a netip.Addr) error {
	if why := r.Trouble(a); why != "" {
		return fmt.Errorf("interface %q, address %s: %s", iface, a, why)
	}
	return nil
}

// Remove does nothing: the route leads to other addresses, too.
func (r *Routes) Remove(string, netip.Addr) error { return nil }

// List returns no address, as none is on the interface.
func (r *Routes) List(string) ([]netip.Addr, error) { return nil, nil }

// Announce tells the neighbours once that an address of IPv4 is here: the kernel
// answers ARP for a local route. For one of IPv6 it does not, so nothing is said.
func (r *Routes) Announce(iface string, a netip.Addr) error {
	if r.keeper.neighbours == nil || a.Is6() {
		return nil
	}
	return r.keeper.neighbours.Announce(iface, a)
}

// Withdraw removes all routes; they are not kept any more.
func (r *Routes) Withdraw() error {
	k := r.keeper
	k.ops.Lock()
	defer k.ops.Unlock()
	k.mu.Lock()
	r.idle = true
	k.routed = slices.DeleteFunc(k.routed, func(o *Routes) bool { return o == r })
	all := r.prefixes()
	k.mu.Unlock()
	var problems []error
	for _, p := range all {
		problems = append(problems, k.kernel.removeRoute(r.iface, p))
	}
	return errors.Join(problems...)
}

// prefixes returns those of the pool, in order. mu is held.
func (r *Routes) prefixes() []netip.Prefix {
	var all []netip.Prefix
	for p := range r.paths {
		all = append(all, p)
	}
	slices.SortFunc(all, netip.Prefix.Compare)
	return all
}

// Trouble returns why packets to an address do not end at its BMC, for people;
// empty when they do.
func (r *Routes) Trouble(a netip.Addr) string {
	r.keeper.mu.Lock()
	defer r.keeper.mu.Unlock()
	if whose, ok := r.own[a]; ok {
		return fmt.Sprintf("%v: it is there as %s", ErrForeign, whose)
	}
	// The prefixes of a pool are few, or short: at most two for each bit and range.
	for p, w := range r.paths {
		if p.Contains(a) {
			if w.is == Present {
				return ""
			}
			return fmt.Sprintf("local route to %s %s: %s", p, w.is, w.why)
		}
	}
	return "no local route of the pool leads to it"
}

// Troubles returns what is wrong with the routes of the pool, a sentence each.
func (r *Routes) Troubles() []string {
	r.keeper.mu.Lock()
	defer r.keeper.mu.Unlock()
	return r.troubles()
}

// troubles is Troubles with mu held.
func (r *Routes) troubles() (all []string) {
	if r.idle {
		return nil
	}
	for _, p := range r.prefixes() {
		if w := r.paths[p]; w.is != Present {
			all = append(all, fmt.Sprintf("local route to %s %s: %s", p, w.is, w.why))
		}
	}
	return all
}

// contains reports whether an address is in the prefixes. mu is held.
func (r *Routes) contains(a netip.Addr) bool {
	for p := range r.paths {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// noteOwn remembers which addresses of the prefixes the host has for itself: a
// BMC there would answer in the host's place. mu is held.
func (r *Routes) noteOwn(v view) {
	r.own = make(map[netip.Addr]string)
	for a, all := range v.held {
		if i := slices.IndexFunc(all, func(h held) bool { return !h.ours }); i >= 0 && r.contains(a) {
			r.own[a] = all[i].String()
		}
	}
}
