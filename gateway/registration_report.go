package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
)

// note remembers what a look at the hosts found, and tells of what is wrong and was
// not before.
func (r *registrar) note(done admin.Registrations, rows []*registration) {
	r.mu.Lock()
	before := make(map[string]admin.RegisteredHost)
	for _, h := range r.last.Hosts {
		before[h.Ref] = h
	}
	known := r.last.Error
	if done.Error != "" && len(rows) == 0 {
		done.Hosts = r.last.Hosts // as of before
	}
	r.last = done
	r.mu.Unlock()
	t := r.tenant
	if done.Error != "" && known == "" {
		t.log.Warn("the hosts are not registered", "at", done.VCenter, "error", done.Error)
		t.tellAll(admin.Warning, fmt.Sprintf("hosts are not registered at %s: %s", done.VCenter, done.Error))
	}
	for i, row := range rows {
		h := done.Hosts[i]
		if h.State == before[h.Ref].State && h.Reason == before[h.Ref].Reason {
			continue
		}
		switch h.State {
		case admin.Drifted, admin.Elsewhere, admin.Ambiguous:
			t.log.Warn("host "+string(h.State), "host", h.Host, "at", done.VCenter, "reason", h.Reason)
			t.tell(admin.Warning, row.of.vm, "host %s at %s is %s: %s", h.Host, done.VCenter, h.State, h.Reason)
		}
	}
}

// report returns what came of the last look; At is zero before the first.
func (r *registrar) report() admin.Registrations {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.last
	out.Hosts = slices.Clone(out.Hosts)
	return out
}

// counted returns the hosts of the last look by state, nil when the tenant registers
// nothing, and how many failures there were.
func (r *registrar) counted() (byState map[string]int, failures uint64) {
	c := r.tenant.config().Register
	if c.VCenter == "" {
		return nil, 0
	}
	byState = make(map[string]int)
	for _, s := range admin.RegistrationStates {
		byState[string(s)] = 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last.VCenter == c.VCenter {
		for _, h := range r.last.Hosts {
			byState[string(h.State)]++
		}
	}
	return byState, r.failures
}

// Registrations returns what came of the last look at the hosts of each tenant that
// registers, sorted by tenant.
func (g *Gateway) Registrations() []admin.Registrations {
	var out []admin.Registrations
	for _, t := range g.served() {
		c := t.config().Register
		if c.VCenter == "" {
			continue
		}
		last := t.registrar.report()
		if last.VCenter != c.VCenter {
			last = admin.Registrations{}
		}
		last.Tenant, last.VCenter, last.Mode = t.config().Name, c.VCenter, string(c.Mode)
		if vc := g.inner(c.VCenter); vc != nil && !vc.Connected() {
			last.Error = cmp.Or(vc.Status().LastError, "not connected")
		}
		out = append(out, last)
	}
	slices.SortFunc(out, func(a, b admin.Registrations) int { return cmp.Compare(a.Tenant, b.Tenant) })
	return out
}

// RegisterHosts registers the hosts of one tenant or all that do, as asked for. What
// is wrong with one host is told with it. It takes as long as vCenter does.
func (g *Gateway) RegisterHosts(ctx context.Context, q admin.RegistrationRequest, by admin.Caller) ([]admin.Registrations, error) {
	tenants, err := g.registering(q)
	if err != nil {
		return nil, err
	}
	o := order{dryRun: q.DryRun, adopt: q.Adopt, rotate: q.Rotate, unregister: q.Unregister, by: &by}
	out := make([]admin.Registrations, len(tenants))
	all, ctx := errgroup.WithContext(ctx)
	for i, t := range tenants { // side by side: one of them may have a vCenter that is slow
		all.Go(func() error {
			r := t.registrar
			select {
			case r.turn <- struct{}{}:
				defer func() { <-r.turn }()
			case <-ctx.Done():
				return ctx.Err()
			}
			out[i] = r.pass(ctx, o)
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b admin.Registrations) int { return cmp.Compare(a.Tenant, b.Tenant) })
	return out, nil
}

// registering returns the tenants that a request is about, or why none can be.
func (g *Gateway) registering(q admin.RegistrationRequest) (all []*tenant, err error) {
	if q.Tenant != "" {
		if _, err := g.tenant(q.Tenant); err != nil {
			return nil, err
		}
	}
	for _, t := range g.served() {
		name := t.config().Name
		if q.Tenant != "" && q.Tenant != name || q.Tenant == "" && t.config().Register.VCenter == "" {
			continue
		}
		if err := t.registrar.refuses(q); err != nil {
			return nil, fmt.Errorf("%w: tenant %q: %w", admin.ErrRefused, name, err)
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: no tenant registers its BMCs; name the vCenter of the hosts in tenants[].register.vcenter", admin.ErrRefused)
	}
	return all, nil
}

// refuses says why nothing can be done for the tenant.
func (r *registrar) refuses(q admin.RegistrationRequest) error {
	t := r.tenant.config()
	switch {
	case t.Register.VCenter == "":
		return fmt.Errorf("it does not say where its VMs are hosts; name that vCenter in register.vcenter")
	case t.IPMI.Port != r.port:
		return fmt.Errorf("its BMCs are on UDP port %d, and vCenter knows only %d; remove ipmi.port", t.IPMI.Port, r.port)
	case q.Unregister && !q.DryRun && t.Register.Mode == RegisterApply:
		return fmt.Errorf("register.mode is apply, which would register the hosts again at once; set it to disabled and reload first")
	case q.Unregister && (q.Rotate || q.Adopt):
		return fmt.Errorf("unregister does not go with rotate or adopt")
	default:
		return nil
	}
}
