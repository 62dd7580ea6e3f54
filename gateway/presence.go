package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// add puts the address on the interface; the undo takes it away, unless the
// daemon stops and another run is to find it.
func (p *pool) add(a netip.Addr) (undo func() error, err error) {
	if err := p.addresser.Add(p.config.Interface, a); err != nil {
		return nil, err
	}
	return func() error {
		if p.leaving.Load() && p.config.KeepAtStop {
			return nil
		}
		return p.addresser.Remove(p.config.Interface, a)
	}, nil
}

// takeUp keeps the addresses of leases in use that an earlier run left on the
// interface, so that none goes away before its VM is known again.
func (p *pool) takeUp() error {
	if p.routes != nil {
		return p.routes.TakeUp()
	}
	if p.segment == nil {
		return nil
	}
	var addrs []netip.Addr
	for _, l := range p.inUse() {
		addrs = append(addrs, l.Address)
	}
	err := p.segment.Adopt(p.config.Interface, addrs)
	if errors.Is(err, address.ErrNoInterface) {
		return nil
	}
	return err
}

// open opens the socket of a BMC. A routed address is on no interface.
func (p *pool) open(sockets *listen.Server, at netip.AddrPort) (*listen.Socket, error) {
	if p.routes != nil {
		return sockets.OpenRouted(at)
	}
	return sockets.Open(at)
}

// trouble says what is wrong with an address of the pool; empty when nothing is.
func (p *pool) trouble(a netip.Addr) string {
	if p.routes != nil {
		return p.routes.Trouble(a)
	}
	if p.segment == nil {
		return ""
	}
	return p.segment.Trouble(p.config.Interface, a, time.Now())
}

// serves notes that clients may know the address from now on.
func (p *pool) serves(a netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.fresh, a)
}

// conflictNoted is how often a conflict that lasts is put on disk.
const conflictNoted = 10 * time.Minute

// conflict notes that another host has the address. A VM that has never answered
// there gets another one; one that has waits for it, because clients know it.
func (p *pool) conflict(a netip.Addr) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.at(time.Now())
	if l, ok := p.books.At(a); ok && !p.fresh[a] && now.Sub(l.ConflictAt) < conflictNoted {
		return nil
	}
	err := p.books.Conflict(a, !p.fresh[a], now)
	delete(p.fresh, a)
	return errors.Join(err, p.saveLater())
}

// vetRounds bounds how often VMs that are new get another address because a
// neighbour has the one they got. Then they wait for the next reconcile.
const vetRounds = 5

// vet asks the neighbours, for all VMs that are about to be added at once, who has
// their addresses, and again for those that get another one. What else goes wrong
// goes wrong again when they are added, and is told then.
func (t *tenant) vet(vms []inventory.VM) {
	for range vetRounds {
		again := false
		for p, addrs := range t.toVet(vms) {
			for _, a := range p.segment.Vet(p.config.Interface, addrs) {
				again = p.isFresh(a) || again
				t.logProblem("noting a conflict failed", p.conflict(a))
			}
			t.pulse.Beat()
		}
		if !again {
			return
		}
	}
}

// toVet leases the addresses of the VMs and returns those that we add, by pool.
func (t *tenant) toVet(vms []inventory.VM) map[*pool][]netip.Addr {
	addrs := make(map[*pool][]netip.Addr)
	claimed := slices.DeleteFunc(slices.Clone(vms), func(vm inventory.VM) bool {
		return t.claims.take(vm.Key, t.config().Name) != nil
	})
	pinned := func(vm inventory.VM) bool { return t.pinned(vm).Address.IsValid() }
	lease := func(vms []inventory.VM) {
		for _, vm := range vms {
			t.pulse.Beat()
			if l, p, err := t.lender.lease(vm, t.pinned(vm), time.Now()); err == nil && p.segment != nil {
				addrs[p] = append(addrs[p], l.Address)
			}
		}
	}
	// Those that name their address come first, or another VM gets it by turn.
	lease(slices.DeleteFunc(slices.Clone(claimed), func(vm inventory.VM) bool { return !pinned(vm) }))
	free := slices.DeleteFunc(slices.Clone(claimed), pinned)
	t.logProblem("storing leases failed", t.lender.leaseTogether(free, time.Now()))
	lease(free)
	return addrs
}

func (t *tenant) logProblem(what string, err error) {
	if err != nil {
		t.log.Warn(what, "error", err)
	}
}

func (p *pool) isFresh(a netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fresh[a]
}

// withdraw takes away, at the end, what is left of addresses whose VMs had no BMC
// in this run.
func (g *Gateway) withdraw() {
	for _, p := range g.lent() {
		if p.config.KeepAtStop {
			continue
		}
		if err := p.withdraw(); err != nil {
			g.log.Warn("removing addresses failed", "pool", p.config.Name, "error", err)
		}
	}
}

// withdraw removes the addresses or the routes of the pool, and then the VLAN
// interface, if we made it and nobody else needs it.
func (p *pool) withdraw() error {
	var err error
	switch {
	case p.segment != nil:
		err = p.segment.Withdraw()
	case p.routes != nil:
		err = p.routes.Withdraw()
	}
	if p.config.VLAN == (address.VLAN{}) {
		return err
	}
	return errors.Join(err, p.keeper.LeaveVLAN(p.config.Interface))
}

// vlanFault is why the VLAN interface of the pool cannot be used; nil: it can, or
// the pool has none of ours.
func (p *pool) vlanFault() error {
	if p.config.VLAN == (address.VLAN{}) {
		return nil
	}
	return p.keeper.VLANFault(p.config.Interface)
}

// noteAddress logs what happens to the addresses on the interfaces.
func (g *Gateway) noteAddress(e address.Event) {
	g.record.noteAddress(e)
	log := g.log.With("interface", e.Iface, "address", e.Address)
	if e.Kind == address.ConflictHeard || e.Kind == address.ConflictLost {
		g.contested(e)
	}
	switch e.Kind {
	case address.ConflictHeard:
		log.Error("another host says it has the address of a BMC", "mac", e.MAC.String())
	case address.ConflictLost:
		log.Error("address given up: another host insists on it", "mac", e.MAC.String(), "error", e.Err)
	case address.PutBack:
		log.Warn("somebody had taken the address of a BMC away; it is back")
	case address.TakenTooOften:
		log.Error("the address of a BMC is taken away again and again; it is not put back for now", "error", e.Err)
	case address.ForeignFound:
		log.Error("the address of a BMC has been added by somebody else; it is left alone", "error", e.Err)
	case address.Unkept:
		log.Error("the address of a BMC cannot be kept", "error", e.Err)
	case address.Stalled:
		g.log.Error("no progress: addresses are not refreshed, and go when their lifetime ends", "error", e.Err)
	case address.Resumed:
		g.log.Warn("progress again: addresses are refreshed", "was", e.Err)
	case address.NoticesLost:
		g.log.Warn("the kernel's notices of addresses were lost; looking at all of them")
	case address.RouteBack:
		g.log.Warn("somebody had taken a route to BMC addresses away; it is back", "interface", e.Iface, "route", e.Err)
	case address.RouteLost:
		g.log.Error("a route to BMC addresses cannot be kept", "interface", e.Iface, "error", e.Err)
	case address.VLANMade:
		g.log.Info("VLAN interface made", "interface", e.Iface)
	case address.Recalled:
		log.Warn("the address of a BMC was left on another interface than its pool's; it is taken off there")
	case address.VLANFailed:
		g.log.Error("VLAN interface cannot be used", "interface", e.Iface, "error", e.Err)
	case address.LookFailed:
		g.log.Error("the kernel does not say which addresses there are", "error", e.Err)
	}
}

// contested notes a conflict in the books of the pool; a BMC whose address was
// given up is started anew, and waits until the other host is gone.
func (g *Gateway) contested(e address.Event) {
	for _, p := range g.lent() {
		if p.segment == nil || p.config.Interface != e.Iface || !p.has(e.Address) {
			continue
		}
		if err := p.conflict(e.Address); err != nil {
			g.log.Warn("noting a conflict failed", "address", e.Address, "error", err)
		}
	}
	if e.Kind != address.ConflictLost {
		return
	}
	err := fmt.Errorf("%w %s: %s", address.ErrConflict, e.Address, e.MAC)
	for _, t := range g.served() {
		t.failAt(e.Address, err)
	}
}

// failAt marks the endpoint at the address, so that the reconcile loop starts it
// anew.
func (t *tenant) failAt(a netip.Addr, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ep := range t.endpoints {
		if ep.lease.Address == a {
			ep.failure.Store(&err)
		}
	}
}
