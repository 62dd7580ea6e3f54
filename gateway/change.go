package gateway

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A change is the way from the configuration in force to another. What can be
// refused has been before apply begins.
type change struct {
	g         *Gateway
	now       Config
	upstreams map[string]*upstream // those that are new or take another's place
	action    map[string]admin.ReloadAction
	front     Reopening
}

// prepare makes what is new, which does no I/O, and returns all that is in the way.
func (g *Gateway) prepare(c Config, steps []admin.ReloadStep) (*change, []string) {
	ch := &change{
		g: g, now: g.inForce(), upstreams: make(map[string]*upstream),
		action: make(map[string]admin.ReloadAction),
	}
	ch.now.VCenters, ch.now.Pools, ch.now.Tenants = c.VCenters, c.Pools, c.Tenants
	ch.now.HTTPListen, ch.now.HTTPWebConfig = c.HTTPListen, c.HTTPWebConfig
	ch.now.HTTPAdmins, ch.now.HTTPHosts = c.HTTPAdmins, c.HTTPHosts // all else needs a restart
	for _, s := range steps {
		ch.action[s.Kind+" "+s.Name] = s.Action
	}
	var problems []string
	for _, vc := range c.VCenters {
		if !ch.begins("vcenter", vc.Name) {
			continue
		}
		u, err := g.connect(vc, c.Tenants)
		if err != nil {
			problems = append(problems, err.Error())
		}
		ch.upstreams[vc.Name] = u
	}
	for _, p := range c.Pools {
		if !ch.begins("pool", p.Name) {
			continue
		}
		if err := g.checkPool(p); err != nil {
			problems = append(problems, fmt.Sprintf("pool %q: %v", p.Name, err))
		}
	}
	return ch, problems
}

// checkPool says why a pool cannot be begun now.
func (g *Gateway) checkPool(c Pool) error {
	if !c.Existing && g.host.keeper == nil {
		return errors.New("the first pool whose addresses are put on an interface needs a restart of the daemon")
	}
	_, err := address.NewPool(c.PoolConfig, address.NewMACs())
	return err
}

// drop forgets what was made for a change that is not applied.
func (ch *change) drop() {
	ch.front.Drop()
	for name := range ch.upstreams {
		if ch.action["vcenter "+name] == admin.ReloadAdd {
			ch.g.metrics.ForgetVCenter(name)
		}
	}
}

// begins and ends say what becomes of a thing of this kind and name.
func (ch *change) begins(kind, name string) bool {
	a := ch.action[kind+" "+name]
	return a == admin.ReloadAdd || a == admin.ReloadReplace
}

func (ch *change) ends(kind, name string) bool {
	a := ch.action[kind+" "+name]
	return a == admin.ReloadRemove || a == admin.ReloadReplace
}

// apply makes the change. First ends what is to end: an address, and a VM, may go
// from one tenant to another.
func (ch *change) apply() {
	g := ch.g
	ch.endTenants()
	ch.changePools()
	ch.changeVCenters()
	ch.amendTenants()
	ch.beginTenants()
	ch.endVCenters()
	g.mu.Lock()
	g.config = ch.now
	g.mu.Unlock()
	ch.front.Apply() // who may see what is in force then
}

// endTenants ends the tenants that are gone or replaced, all at once.
func (ch *change) endTenants() {
	g := ch.g
	var stay []*tenant
	var ending sync.WaitGroup
	for _, t := range g.served() {
		name := t.config().Name
		if !ch.ends("tenant", name) {
			stay = append(stay, t)
			continue
		}
		ending.Go(func() {
			g.tenancies.end(t)
			if !ch.begins("tenant", name) {
				g.claims.forget(name)
				g.metrics.ForgetTenant(name)
			}
		})
	}
	ending.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tenants = stay
}

// changeVCenters begins vCenters, and asks of all what their tenants want now.
func (ch *change) changeVCenters() {
	g := ch.g
	var all []*upstream
	for _, c := range ch.now.VCenters {
		old := ch.upstream(c.Name)
		now := ch.upstreams[c.Name]
		switch {
		case now == nil:
			now = old
			now.secret.get.Store(&c.Password)
			if err := now.vc.Want(want(c, ch.now.Tenants)); err != nil {
				g.log.Error("what tenants select is not asked for", "vcenter", c.Name, "error", err)
			}
		case old == nil:
			g.speak(now)
		default:
			ch.replaceVCenter(old, now)
		}
		all = append(all, now)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, u := range g.vcenters {
		if !slices.ContainsFunc(all, func(o *upstream) bool { return o.config.Name == u.config.Name }) {
			all = append(all, u) // until its tenants are gone
		}
	}
	g.vcenters = all
}

// upstream returns the vCenter in force of that name; nil: there is none.
func (ch *change) upstream(name string) *upstream {
	for _, u := range ch.g.upstreams() {
		if u.config.Name == name {
			return u
		}
	}
	return nil
}

// replaceVCenter puts one vCenter in the place of another, under the BMCs of its
// tenants.
func (ch *change) replaceVCenter(old, now *upstream) {
	g := ch.g
	var tenants []*tenant
	for _, t := range g.served() {
		if t.vc() == old.vc {
			tenants = append(tenants, t)
		}
	}
	g.speak(now)
	synced(g.reloads.ctx, old, now, tenants)
	var begun []<-chan struct{}
	for _, t := range tenants {
		begun = append(begun, t.relink(now.vc)...)
	}
	g.boots.relink(old.vc, now.vc)
	g.retireVCenter(old, begun)
}

// amendTenants changes the tenants that stay.
func (ch *change) amendTenants() {
	for _, t := range ch.g.served() {
		at := slices.IndexFunc(ch.now.Tenants, func(c Tenant) bool { return c.Name == t.config().Name })
		action := ch.action["tenant "+t.config().Name]
		if action != admin.ReloadChange && action != admin.ReloadReopen {
			continue
		}
		if n := t.amend(ch.now.Tenants[at], action == admin.ReloadReopen); n > 0 {
			t.log.Info("sessions of accounts that have changed are ended", "sessions", n)
		}
	}
}

// beginTenants begins the tenants that are new, and those that were ended to begin
// anew.
func (ch *change) beginTenants() {
	g := ch.g
	bmcs, err := g.store.BMCs()
	if err != nil {
		g.log.Error("some power-on hours are damaged; they begin anew", "error", err)
	}
	guarded, err := heldBefore(g.store)
	if err != nil {
		g.log.Error("some held removals are damaged; the time of their hold begins anew", "error", err)
	}
	powerOffs := g.powerOffsBefore(g.store)
	for _, c := range ch.now.Tenants {
		if ch.begins("tenant", c.Name) {
			ch.beginTenant(c, guarded[c.Name], bmcs, powerOffs)
		}
	}
}

func (ch *change) beginTenant(c Tenant, before *store.Tenant, bmcs []store.BMC, powerOffs []store.PowerOff) {
	g := ch.g
	g.mu.Lock()
	t, err := g.newTenant(c, before)
	if err == nil {
		t.ledger.takeUp(bmcs)
		t.fuse.remember(g.store, c.Name, powerOffs)
		g.tenants = append(slices.Clone(g.tenants), t)
	}
	g.mu.Unlock()
	if err != nil { // the configuration was checked
		g.log.Error("tenant not served", "tenant", c.Name, "error", err)
		return
	}
	g.tenancies.start(t, t.run)
}

// endVCenters ends the vCenters that are gone.
func (ch *change) endVCenters() {
	g := ch.g
	var stay []*upstream
	for _, u := range g.upstreams() {
		if !slices.ContainsFunc(ch.now.VCenters, func(c vsphere.Config) bool { return c.Name == u.config.Name }) {
			g.connections.end(u)
			g.metrics.ForgetVCenter(u.config.Name)
			continue
		}
		stay = append(stay, u)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.vcenters = stay
}
