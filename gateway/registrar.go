package gateway

import (
	"context"
	"hash/fnv"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

const (
	// registerLook is how often it is looked, in memory, whether there is a reason to
	// look at the hosts.
	registerLook = time.Second
	// registerGap is the shortest time between two looks at the hosts.
	registerGap = 2 * time.Second
	// registerRetry is how long a look that vCenter did not answer waits for the next.
	registerRetry = 15 * time.Second
)

// A registrar makes a tenant's BMCs known to the vCenter whose hosts the VMs are.
type registrar struct {
	tenant *tenant
	inner  func(name string) *vsphere.VCenter // nil when there is none of the name
	outers func() []*vsphere.VCenter          // whose VMs hosts may be
	port   uint16                             // on which vCenters speak to BMCs

	turn chan struct{} // held by who looks at the hosts; capacity 1
	wait backoffs      // of the hosts; of who holds the turn alone
	line arrivals      // the same
	seen uint64        // the BMCs that the last look found; the same
	next time.Time     // when to look in any case; the same
	conf *Tenant       // by which hosts were looked at, or refused; the same

	absent *inventory.Absences // the hosts that are gone, as VMs; of who holds the turn alone
	held   int                 // accounts of such that are kept for being many; the same

	mu       sync.Mutex
	last     admin.Registrations
	failures uint64 // hosts that a vCenter refused, since the start
}

func newRegistrar(t *tenant, inner func(string) *vsphere.VCenter, outers func() []*vsphere.VCenter, port uint16) *registrar {
	return &registrar{tenant: t, inner: inner, outers: outers, port: port, turn: make(chan struct{}, 1), wait: make(backoffs), line: make(arrivals)}
}

// inner returns the vCenter of that name; nil: there is none.
func (g *Gateway) inner(name string) *vsphere.VCenter {
	all := g.upstreams()
	if at := slices.IndexFunc(all, func(u *upstream) bool { return u.config.Name == name }); at >= 0 {
		return all[at].vc
	}
	return nil
}

// run looks at the hosts when they or the BMCs have changed, and each interval, until
// ctx ends.
func (r *registrar) run(ctx context.Context) {
	tick := time.NewTicker(registerLook)
	defer tick.Stop()
	var of *vsphere.VCenter // that hints come from
	var hints <-chan struct{}
	end := func() {}
	defer func() { end() }()
	for hinted := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-hints:
			hinted = true
			continue // with the next tick: what changes often changes with others
		case <-tick.C:
		}
		c := r.tenant.config().Register
		vc := r.inner(c.VCenter)
		if vc != of {
			end()
			of, hints, end, hinted = vc, nil, func() {}, true
			if vc != nil {
				hints, end = vc.SubscribeHosts()
			}
		}
		if vc == nil || c.Mode == RegisterDisabled || !vc.Connected() || r.tenant.config().IPMI.Port != r.port {
			continue
		}
		if r.look(ctx, c, hinted) {
			hinted = false
		}
	}
}

// look looks at the hosts if there is a reason to; it reports whether it has.
func (r *registrar) look(ctx context.Context, c Register, hinted bool) bool {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	default:
		return false // an operator has it done
	}
	now := time.Now()
	if conf := r.tenant.config(); conf != r.conf { // what was in the way may be no more
		r.conf, r.next = conf, time.Time{}
		clear(r.wait)
		r.absent, r.held = absentHosts(conf), 0
	}
	r.mu.Lock()
	gap, broken := now.Sub(r.last.At), r.last.Error != ""
	r.mu.Unlock()
	// After an error hosts may have waited long enough and nobody was told of them: they
	// wait for the next look.
	due := hinted || !now.Before(r.next) || !broken && r.wait.due(now) || r.seen != fingerprintBMCs(r.served())
	if !due || gap < registerGap {
		return false
	}
	r.pass(ctx, order{dryRun: c.Mode != RegisterApply, adopt: c.Adopt})
	return true
}

// served returns the tenant's VMs.
func (r *registrar) served() map[inventory.Key]served {
	t := r.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[inventory.Key]served, len(t.endpoints)+len(t.waiting))
	for key, w := range t.waiting {
		out[key] = served{vm: w.vm, why: "the BMC waits: " + w.err.Error()}
	}
	for key, ep := range t.endpoints {
		s := served{vm: ep.vm(), bmc: vsphere.HostBMC{Address: ep.lease.Address.String(), MAC: ep.lease.MAC.String()}}
		if err := ep.failed(); err != nil {
			s.why = "the BMC does not answer: " + err.Error()
		} else if t.maintenance.mode(t.config().Name, key) == bmc.Silent {
			s.why = "the BMC is in maintenance and silent"
		}
		out[key] = s
	}
	return out
}

// fingerprintBMCs is another one when some BMC is. It is made each second, of ten
// thousand perhaps, so it is a sum that needs no order.
func fingerprintBMCs(all map[inventory.Key]served) (sum uint64) {
	h := fnv.New64a()
	var line []byte
	for key, s := range all {
		line = append(append(append(line[:0], key.VCenter...), ' '), key.VM...)
		line = append(append(append(line, ' '), s.bmc.Address...), ' ')
		line = strconv.AppendBool(append(append(line, s.bmc.MAC...), ' '), s.why == "")
		h.Reset()
		h.Write(line)
		sum += h.Sum64()
	}
	return sum
}
