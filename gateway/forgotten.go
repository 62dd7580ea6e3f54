package gateway

import (
	"fmt"
	"slices"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// forgetGone lets go of what is kept of VMs that are gone for so long that their
// address was given away: event logs that nobody writes to, and the accounts of
// vCenters at their BMCs. What is stored of them otherwise goes with the next start.
func (g *Gateway) forgetGone() error {
	g.eventLogs().forget(g.kept)
	over := g.granted().list(func(one store.Grant) bool { return !temporary(one) && !g.kept(one.Key) })
	if len(over) == 0 {
		return nil
	}
	leases, err := g.state().Leases() // also those of pools that are not configured now
	if err != nil {
		return nil // one that is damaged may be of any of them
	}
	leased := make(map[inventory.Key]bool, len(leases))
	for _, l := range leases {
		leased[l.Key] = true
	}
	over = slices.DeleteFunc(over, func(one store.Grant) bool { return leased[one.Key] })
	err = g.granted().takeAll(slices.Clone(over))
	for _, one := range over {
		if t, err := g.tenant(one.Tenant); err == nil {
			t.setAccounts(one.Key)
			t.byItself(one.VM, one.Key.VM, fmt.Sprintf("account %s of vCenter %s is withdrawn: the VM has no address any more", one.User, one.Registration.VCenter))
		}
	}
	return err
}

// kept reports whether a VM has an address, had one lately, or waits for one.
func (g *Gateway) kept(vm inventory.Key) bool {
	return slices.ContainsFunc(g.lent(), func(p *pool) bool {
		_, ok := p.of(vm)
		return ok
	}) || slices.ContainsFunc(g.served(), func(t *tenant) bool { return t.waitsFor(vm) })
}
