package gateway

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/metrics"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// mostSeries is what one scrape of /metrics may have with 20 tenants.
const mostSeries = 10_000

// Whatever clients of 20 tenants and two vCenters do, /metrics stays bounded: each
// command has had each completion code, each packet has been dropped for each reason,
// and so on. How many BMCs there are does not matter.
func TestSeriesAreBounded(t *testing.T) {
	l, m, reg := twentyTenants(t)
	l.start(t)
	within(t, time.Minute, "the tenants are there", func() error {
		if n := len(l.gw.served()); n != 20 {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	for _, tenant := range l.gw.served() {
		everythingHappens(tenant)
	}
	for _, u := range l.gw.upstreams() {
		everyCallIsMade(m.VCenter(u.config.Name), l.config.Tenants)
	}
	defer m.Observe(func() metrics.Snapshot { return everyState(l.gw.snapshot(), l.config.Tenants) })()
	families := make(map[string]int)
	total := 0
	gathered, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range gathered {
		n := len(f.GetMetric())
		if h := f.GetMetric()[0].GetHistogram(); h != nil {
			n *= len(h.GetBucket()) + 3 // +Inf, sum and count
		}
		families[f.GetName()], total = n, total+n
	}
	t.Logf("%d series", total)
	if total > mostSeries {
		t.Errorf("%d series, want at most %d", total, mostSeries)
	}
	// Of the largest family, all that there can be was made.
	if n, want := families["bmcgw_ipmi_requests_total"], 20*(2*len(bmc.Commands())+4); n < want {
		t.Errorf("%d series of requests, want %d: this test does not make all there can be", n, want)
	}
}

// twentyTenants have a pool each, and are of one vCenter or the other.
func twentyTenants(t *testing.T) (*lab, *metrics.Metrics, *prometheus.Registry) {
	t.Helper()
	l := newLab(t)
	for _, name := range []string{"vc-a", "vc-b"} {
		l.addTenant(t, simulator(t, vspheretest.Config{Name: name}), inventory.Selector{Folders: []string{"/DC0/vm"}, Recursive: true}, "127.23.0.1-127.23.0.9")
	}
	tenants, pools := l.config.Tenants, l.config.Pools
	l.config.Tenants, l.config.Pools = nil, nil
	for i := range 20 {
		tenant, pool := tenants[i%2], pools[0]
		own, err := address.ParseRange(fmt.Sprintf("127.23.%d.1-127.23.%d.9", i, i))
		if err != nil {
			t.Fatal(err)
		}
		tenant.Name = fmt.Sprintf("tenant-%02d", i+1)
		pool.Name, pool.Ranges, tenant.Pools = tenant.Name, []address.Range{own}, []string{tenant.Name}
		l.config.Tenants, l.config.Pools = append(l.config.Tenants, tenant), append(l.config.Pools, pool)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	l.metrics = metrics.New(reg)
	l.metrics.Build("0.9.0", "3fa1c2e", "go1.26")
	return l, l.metrics, reg
}

// everythingHappens at a tenant's BMCs, by the way it is counted when it does.
func everythingHappens(t *tenant) {
	e := t.events(nil)
	e.Received()
	for _, r := range bmc.DropReasons() {
		e.Dropped(r)
	}
	for code := range 256 {
		for _, c := range bmc.Commands() {
			e.Request(c.Name, ipmi.CompletionCode(code), time.Millisecond)
		}
		e.Request("other", ipmi.CompletionCode(code), time.Millisecond)
	}
	for r := bmc.HandshakeCompleted; r <= bmc.HandshakeNoResources; r++ {
		t.metrics.Handshake(r.String())
	}
	for c := ipmi.ChassisPowerDown; c <= ipmi.ChassisSoftOff; c++ {
		for code := range 256 {
			t.powerDone(c, ipmi.CompletionCode(code))
		}
		for _, word := range []string{"ok", "failed", "quota", "maintenance", "policy"} {
			t.metrics.Power(c.String(), word)
		}
	}
}

// everyCallIsMade to a vCenter, and some more than there are.
func everyCallIsMade(v *metrics.VCenter, tenants []Tenant) {
	for i := range 50 {
		v.Call(fmt.Sprintf("Method%d", i), time.Millisecond, nil)
		v.Call(fmt.Sprintf("Method%d", i), time.Millisecond, errors.New("refused"))
	}
	for _, tenant := range append([]Tenant{{Name: ownTenant}}, tenants...) {
		for _, fate := range []vsphere.Fate{vsphere.Sent, vsphere.Full, vsphere.Late, vsphere.Missed} {
			v.Command(tenant.Name, string(fate), time.Millisecond)
		}
	}
}

// everyState adds what is told only now and then.
func everyState(s metrics.Snapshot, tenants []Tenant) metrics.Snapshot {
	s.Audit = &metrics.AuditFile{}
	s.State.CopiedAt, s.Config.At = time.Now(), time.Now()
	s.Clusters = nil
	for i := range 30 * len(tenants) { // in thirty clusters each
		t := tenants[i%len(tenants)]
		s.Clusters = append(s.Clusters, metrics.ClusterState{Tenant: t.Name, VCenter: t.VCenter, Cluster: fmt.Sprintf("cluster-%d", i), On: 1})
	}
	s.Clusters = largest(s.Clusters, mostClusters)
	for i := range s.Pools {
		s.Pools[i].Kept = map[string]int{"ready": 1, "missing": 1, "foreign": 1, "disputed": 1}
	}
	for i := range s.VCenters {
		v := &s.VCenters[i]
		v.LastUpdate, v.Missing, v.Waiting = time.Now(), make(map[string]int), map[string]int{ownTenant: 1}
		for n := range 20 {
			v.Missing[fmt.Sprintf("Some.Privilege.%d", n)] = 1
		}
		for _, t := range tenants {
			v.Waiting[t.Name] = 1
		}
	}
	return s
}
