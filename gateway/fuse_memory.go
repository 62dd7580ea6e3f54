package gateway

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// fuseGrace is for how long after the last attempt a blown fuse is blown for the next
// run, too: whoever tries on while the gateway is down is not heard, and a gateway
// that comes back again and again must not let a share pass each time.
const fuseGrace = 10 * time.Minute

// remember has the fuse go on from what an earlier run stored of the tenant, and store
// what it knows from now on. It is called before anything else.
func (f *fuse) remember(st *store.Store, tenant string, before []store.PowerOff) {
	c, now := f.config(), time.Now()
	f.store, f.tenant = st, tenant
	for _, p := range before {
		if p.Tenant != tenant {
			continue
		}
		at := earlier(p.At, now) // the clock may have been set
		switch {
		case p.Key == inventory.Key{} && now.Sub(earlier(p.Tried, now)) < c.Within+fuseGrace:
			f.blown, f.tried = at, now
		case p.Key != inventory.Key{} && now.Sub(at) < c.Within:
			f.stopped[p.Key] = at
		default:
			f.unsaved[p.Key] = true
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// save stores what has changed, before the caller acts on it. Those who come while it
// writes are served by the next write together. What cannot be stored now is with
// the next change; the state file says that it fails.
func (f *fuse) save() {
	if f.store == nil {
		return
	}
	f.saving.Lock()
	defer f.saving.Unlock()
	f.mu.Lock()
	put, forget := f.changes()
	f.mu.Unlock()
	if len(put)+len(forget) == 0 || f.store.ChangePowerOffs(put, forget) == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range append(put, forget...) {
		f.unsaved[p.Key] = true
	}
}

// changes returns what the file does not say yet. mu is held.
func (f *fuse) changes() (put, forget []store.PowerOff) {
	for key := range f.unsaved {
		p := store.PowerOff{Tenant: f.tenant, Key: key, At: f.stopped[key]}
		if key == (inventory.Key{}) {
			p.At, p.Tried = f.blown, f.tried
			f.noted = f.tried
		}
		if p.At.IsZero() {
			forget = append(forget, p)
		} else {
			put = append(put, p)
		}
	}
	clear(f.unsaved)
	return put, forget
}

// powerOffsBefore returns what fuses have stored so far.
func (g *Gateway) powerOffsBefore(st *store.Store) []store.PowerOff {
	all, err := st.PowerOffs()
	if err != nil {
		g.log.Error("some power-offs that the breaker counts are damaged", "error", err)
	}
	return all
}

// forgetPowerOffs takes what is stored of tenants that there are no more off the disk.
func forgetPowerOffs(st *store.Store, stored []store.PowerOff, tenants []Tenant) error {
	known := make(map[string]bool, len(tenants))
	for _, t := range tenants {
		known[t.Name] = true
	}
	var gone []store.PowerOff
	for _, p := range stored {
		if !known[p.Tenant] {
			gone = append(gone, p)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return st.ChangePowerOffs(nil, gone)
}
