package gateway

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// soakReloads is how many reloads the test below makes; make reload-soak asks for
// more of them.
func soakReloads(t *testing.T) int {
	t.Helper()
	text := os.Getenv("BMC_GATEWAY_RELOADS")
	if text == "" {
		return 30
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// guests are the tenants that come, change and go in the soak.
const guests = 4

// A soak is a configuration that changes at random around a tenant that does not.
type soak struct {
	*reloadLab
	random *rand.Rand
	ranges [2 * guests]address.Range // two for each guest
}

// 1,000 reloads with random changes while clients poll BMCs that are not meant: no
// request is lost, no session ends.
func TestReloadSoak(t *testing.T) {
	l := &soak{reloadLab: newReloadLab(t)}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	l.random = rand.New(rand.NewPCG(seed, 0))
	other := simulator(t, vspheretest.Config{Name: "vc-b", VMs: 2})
	l.addVCenter(t, other)
	for i := range l.ranges {
		var err error
		if l.ranges[i], err = address.ParseRange(fmt.Sprintf("127.7.%d.1-127.7.%d.9", 10+i, 10+i)); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"vc-a-vm-01", "vc-a-vm-02"}
	var untouched []admin.BMC
	for _, name := range names {
		untouched = append(untouched, l.ready(t, name))
	}
	stop := make(chan struct{})
	var polls pollers
	for _, b := range untouched {
		for range 2 {
			s := login(t, b)
			polls.wg.Go(func() { polls.poll(t, s, stop) })
		}
	}

	rounds, began, slowest := soakReloads(t), time.Now(), time.Duration(0)
	for range rounds {
		asked := time.Now()
		l.reload(t, l.step)
		slowest = max(slowest, time.Since(asked))
		// Some meet guests whose BMCs have come up, others guests that have just begun.
		<-time.After(time.Duration(l.random.IntN(250)) * time.Millisecond)
	}
	took := time.Since(began)
	close(stop)
	polls.wg.Wait()
	t.Logf("%d reloads in %v, the slowest in %v; %d requests, %d lost", rounds, took.Round(time.Millisecond), slowest.Round(time.Millisecond), polls.sent.Load(), polls.lost.Load())
	if polls.lost.Load() > 0 || polls.sent.Load() < int64(rounds) {
		t.Errorf("%d of %d requests were lost", polls.lost.Load(), polls.sent.Load())
	}
	for i, name := range names {
		now := l.ready(t, name)
		if now.Since != untouched[i].Since || now.Address != untouched[i].Address || len(now.Sessions) != 2 {
			t.Errorf("%s: %s since %s with %d sessions; before, %s since %s with 2", name, now.Address, now.Since, len(now.Sessions),
				untouched[i].Address, untouched[i].Since)
		}
	}
	// What is configured in the end is what is there.
	st := l.gw.Status()
	if len(st.Tenants) != len(l.config.Tenants) || len(st.Pools) != len(l.config.Pools) || len(st.VCenters) != len(l.config.VCenters) {
		t.Errorf("%d tenants, %d pools, %d vCenters are there; configured are %d, %d, %d", len(st.Tenants), len(st.Pools), len(st.VCenters),
			len(l.config.Tenants), len(l.config.Pools), len(l.config.VCenters))
	}
}

// pollers ask for the power state again and again.
type pollers struct {
	wg         sync.WaitGroup
	sent, lost atomic.Int64
}

// poll sends nothing twice: an answer that does not come is lost.
func (p *pollers) poll(t *testing.T, s *remote.Session, stop <-chan struct{}) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		p.sent.Add(1)
		r, err := s.Command(t.Context(), ipmi.NetFnChassis, cmdChassisStatus, nil)
		if err != nil || r.Code != ipmi.Completed || r.Data[0]&1 == 0 {
			p.lost.Add(1)
			t.Logf("a request: %v, %+v", err, r)
		}
	}
}

// addVCenter adds a vCenter that no tenant uses yet, by a reload.
func (l *soak) addVCenter(t *testing.T, vc *vspheretest.VCenter) {
	t.Helper()
	l.ready(t, "vc-a-vm-01")
	l.reload(t, func(c *Config) {
		n := c.VCenters[0]
		n.Name, n.URL, n.RootCAs = vc.Name(), vc.URL(), vc.CAPool()
		c.VCenters = append(c.VCenters, n)
	})
}

// step changes something: a guest comes, changes or goes, or vc-b is configured
// otherwise.
func (l *soak) step(c *Config) {
	if l.random.IntN(10) == 0 {
		c.VCenters[1].Freshness = time.Duration(60+l.random.IntN(30)) * time.Second
		return
	}
	n := l.random.IntN(guests)
	name := fmt.Sprintf("guest-%d", n)
	at := slices.IndexFunc(c.Tenants, func(t Tenant) bool { return t.Name == name })
	if at < 0 {
		l.come(c, n, name)
		return
	}
	guest := &c.Tenants[at]
	switch l.random.IntN(9) {
	case 0, 1:
		c.Tenants = slices.Delete(c.Tenants, at, at+1)
		c.Pools = slices.DeleteFunc(c.Pools, func(p Pool) bool { return p.Name == name })
	case 2:
		guest.Select = l.selector()
	case 3:
		guest.Accounts[1].Password = bmc.Password(fmt.Sprintf("user-%d", l.random.Uint32()))
	case 4:
		guest.AllowFrom = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 0}), 8+l.random.IntN(3))}
	case 5:
		guest.IPMI.SessionsPerBMC = 1 + l.random.IntN(8)
	case 6:
		guest.Pins = []Pin{{VM: "vc-a-vm-03", Address: l.ranges[2*n].First}, {VM: "vc-a-vm-04", Address: l.ranges[2*n].Last}}[:l.random.IntN(3)]
	case 7:
		guest.Power.CycleOffTime = time.Duration(l.random.IntN(5)) * time.Second
	case 8:
		p := slices.IndexFunc(c.Pools, func(p Pool) bool { return p.Name == name })
		c.Pools[p].Ranges = l.ranges[2*n : 2*n+1+l.random.IntN(2)]
	}
}

// come adds a guest with a pool of its own, on either vCenter.
func (l *soak) come(c *Config, n int, name string) {
	pool, guest := c.Pools[0], c.Tenants[0]
	pool.Name, pool.Ranges = name, l.ranges[2*n:2*n+1]
	guest.Name, guest.Pools, guest.Select = name, []string{name}, l.selector()
	guest.Accounts = slices.Clone(guest.Accounts)
	guest.VCenter = c.VCenters[l.random.IntN(2)].Name
	c.Pools, c.Tenants = append(c.Pools, pool), append(c.Tenants, guest)
}

// selector wants VMs that the tenant that stays does not want.
func (l *soak) selector() inventory.Selector {
	all := []inventory.Selector{
		{Tags: []string{"bmc/late"}},
		{Names: []string{"vc-?-vm-0[34]"}},
		{Names: []string{"vc-?-vm-0[3-6]"}, ExcludeTags: []string{"bmc/late"}},
		{Folders: []string{"/DC0/vm"}, ExcludeNames: []string{"vc-a-vm-01", "vc-a-vm-02"}},
	}
	return all[l.random.IntN(len(all))]
}
