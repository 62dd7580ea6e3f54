package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// fromTheFuture is how far before the beginning of a grant the clock may be after a
// restart. Further back it was set, and the grant would last longer than was said.
const fromTheFuture = time.Minute

// grants are the accounts that BMCs have for a time, and those that vCenters have of
// them.
type grants struct {
	store *store.Store
	log   *slog.Logger
	due   due
	// ended is told of a grant that was taken away because its time is over.
	ended func(store.Grant)

	mu   sync.Mutex
	all  map[string]store.Grant // by ID
	by   map[grantee][]string   // the IDs of each BMC
	owed map[string]bool        // IDs of those that are over and not off the disk yet
}

// A grantee is a BMC that grants are of.
type grantee struct {
	tenant string
	vm     inventory.Key
}

func newGrants(st *store.Store, log *slog.Logger, left []store.Grant, ended func(store.Grant)) *grants {
	g := &grants{
		store: st, log: log, due: newDue(), ended: ended,
		all: make(map[string]store.Grant, len(left)), by: make(map[grantee][]string, len(left)), owed: make(map[string]bool),
	}
	for _, one := range left {
		g.enter(one)
	}
	return g
}

// enter and strike keep what is known of a grant and the index together. mu is held.
func (g *grants) enter(one store.Grant) {
	at := grantee{one.Tenant, one.Key}
	g.all[one.ID], g.by[at] = one, append(g.by[at], one.ID)
}

func (g *grants) strike(one store.Grant) {
	at := grantee{one.Tenant, one.Key}
	delete(g.all, one.ID)
	g.by[at] = slices.DeleteFunc(g.by[at], func(id string) bool { return id == one.ID })
	if len(g.by[at]) == 0 {
		delete(g.by, at)
	}
}

// live says whether the grant holds. One of a vCenter holds until it is taken.
func live(g store.Grant, now time.Time) bool {
	if g.Registration != nil {
		return true
	}
	return now.Before(g.Until) && !now.Add(fromTheFuture).Before(g.Granted)
}

// list returns those that hold now and that the caller asks for.
func (g *grants) list(wanted func(store.Grant) bool) []store.Grant {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []store.Grant
	now := time.Now()
	for _, one := range g.all {
		if live(one, now) && wanted(one) {
			out = append(out, one)
		}
	}
	sortGrants(out)
	return out
}

// sortGrants puts the latest last.
func sortGrants(all []store.Grant) {
	slices.SortStableFunc(all, func(a, b store.Grant) int { return a.Granted.Compare(b.Granted) })
}

// of returns those of one BMC that hold now.
func (g *grants) of(tenant string, vm inventory.Key) []store.Grant {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at(grantee{tenant, vm}, time.Now())
}

// at is of with mu held.
func (g *grants) at(bmc grantee, now time.Time) (out []store.Grant) {
	for _, id := range g.by[bmc] {
		if one := g.all[id]; live(one, now) {
			out = append(out, one)
		}
	}
	sortGrants(out)
	return out
}

// temporaries counts those of a tenant that hold for a time, now. mu is held.
func (g *grants) temporaries(tenant string, now time.Time) (n int) {
	for _, one := range g.all {
		if temporary(one) && one.Tenant == tenant && live(one, now) {
			n++
		}
	}
	return n
}

// add keeps a grant if allowed says nothing against it, which is told of the others of
// the BMC, and may count those of the tenant. It is on the disk when it returns.
func (g *grants) add(one store.Grant, allowed func(here []store.Grant) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := allowed(g.at(grantee{one.Tenant, one.Key}, one.Granted)); err != nil {
		return err
	}
	if _, taken := g.all[one.ID]; taken || g.owed[one.ID] {
		return fmt.Errorf("the ID %s is taken; try again", one.ID)
	}
	if err := g.store.PutGrant(one); err != nil {
		return err
	}
	g.enter(one)
	g.due.changed()
	return nil
}

// note changes what is kept of a grant. It is on the disk when it returns.
func (g *grants) note(id string, change func(*store.Grant)) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	one, ok := g.all[id]
	if !ok {
		return nothing(fmt.Sprintf("no grant has the ID %q", id))
	}
	change(&one)
	if err := g.store.PutGrant(one); err != nil {
		return err
	}
	g.all[id] = one
	return nil
}

// take ends a grant. It does not hold any more even when the error says that it is
// still on the disk, from where a restart would bring it back; that is tried again.
func (g *grants) take(id string) (store.Grant, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one, ok := g.all[id]
	if !ok {
		return one, nothing(fmt.Sprintf("no grant has the ID %q", id))
	}
	return one, g.end(one)
}

// takeAll is take for several at once; who is not there any more needs nothing.
func (g *grants) takeAll(all []store.Grant) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.end(slices.DeleteFunc(all, func(one store.Grant) bool {
		_, ok := g.all[one.ID]
		return !ok
	})...)
}

// end strikes grants and takes them off the disk. mu is held.
func (g *grants) end(all ...store.Grant) error {
	for _, one := range all {
		g.strike(one)
		g.owed[one.ID] = true
	}
	err := g.settle()
	if err != nil {
		g.due.changed()
	}
	return err
}

// settle takes the grants that are over off the disk, all in one write: their secrets
// are overwritten there, which costs as much for many as for one. mu is held.
func (g *grants) settle() error {
	if len(g.owed) == 0 {
		return nil
	}
	err := g.store.DeleteGrants(slices.Collect(maps.Keys(g.owed))...)
	if err == nil {
		clear(g.owed)
	}
	return err
}

// run ends grants when their time is over, until ctx ends.
func (g *grants) run(ctx context.Context) { g.due.run(ctx, g.step) }

func (g *grants) step(now time.Time) (next time.Time) {
	over, next, err := g.sweep(now)
	if err != nil {
		g.log.Warn("a grant that is over is still in the state file", "error", err)
	}
	for _, one := range over {
		g.ended(one)
	}
	return next
}

// sweep takes away what is over.
func (g *grants) sweep(now time.Time) (over []store.Grant, next time.Time, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, one := range g.all {
		if live(one, now) {
			if !one.Until.IsZero() && (next.IsZero() || one.Until.Before(next)) {
				next = one.Until
			}
			continue
		}
		over = append(over, one)
		g.strike(one)
		g.owed[id] = true
	}
	err = g.settle()
	if err != nil {
		next = now // again soon
	}
	return over, next, err
}

// temporary says whether the grant is somebody's for a time.
func temporary(g store.Grant) bool { return g.Registration == nil }

// accounts returns who may log in at a BMC: those of the configuration, those that
// have access for a time, and the vCenter that it is registered at. A name of the
// configuration goes before.
func (t *tenant) accounts(vm inventory.Key) []bmc.Account {
	all := slices.Clone(t.config().Accounts)
	for _, g := range t.holders(vm) {
		p, err := ipmi.ParsePrivilege(g.Privilege)
		if err != nil || slices.ContainsFunc(all, func(a bmc.Account) bool { return a.Name == g.User }) {
			continue
		}
		all = append(all, bmc.Account{Name: g.User, Password: bmc.Password(g.Password), Privilege: p, From: g.From, Temporary: true})
	}
	return all
}

// holders returns the grants that hold at a BMC: none of a vCenter that it is not
// registered at any more.
func (t *tenant) holders(vm inventory.Key) []store.Grant {
	return slices.DeleteFunc(t.grants.of(t.config().Name, vm), func(g store.Grant) bool {
		return !temporary(g) && !t.config().Register.at(g.Registration.VCenter)
	})
}

// setAccounts gives a BMC, if it is served, the accounts that it is to have now. It
// returns how many sessions that has closed.
func (t *tenant) setAccounts(vm inventory.Key) (closed int) {
	t.accounting.Lock() // so that an older list never comes after a newer one
	defer t.accounting.Unlock()
	t.mu.Lock()
	ep := t.endpoints[vm]
	t.mu.Unlock()
	if ep == nil {
		return 0
	}
	closed, err := ep.bmc.SetAccounts(t.accounts(vm))
	t.logIf(err, "replacing the accounts failed", ep)
	return closed
}

// endGrant ends the sessions of a grant whose time is over.
func (g *Gateway) endGrant(one store.Grant) {
	t, err := g.tenant(one.Tenant)
	if err != nil {
		return // it is not configured any more
	}
	closed := t.setAccounts(one.Key)
	t.byItself(one.VM, one.Key.VM, fmt.Sprintf("access %s of %s is over, sessions closed: %d", one.ID, one.User, closed))
}
