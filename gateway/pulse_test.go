package gateway

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere/vspheretest"
)

// A loop that runs and is silent too long is named; one that has ended is not
// missed.
func TestLiveNamesTheLoopThatHangs(t *testing.T) {
	for _, row := range []struct {
		name  string
		limit time.Duration
		beat  func(*Gateway)
		rest  func(*Gateway)
		want  string
	}{
		{"a tenant", stallLimit, func(g *Gateway) { g.tenants[0].pulse.Beat() }, func(g *Gateway) { g.tenants[0].pulse.Rest() }, `tenant "lab"`},
		{"the state file", stateLimit, func(g *Gateway) { g.keeping.Beat() }, func(g *Gateway) { g.keeping.Rest() }, "state file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &Gateway{host: &host{sockets: &listen.Server{}}, tenants: []*tenant{{}}}
				g.tenants[0].conf.Store(&Tenant{Name: "lab"})
				if err := g.Live(); err != nil {
					t.Fatal("before the start:", err)
				}
				row.beat(g)
				time.Sleep(row.limit)
				if err := g.Live(); err != nil {
					t.Error("just in time:", err)
				}
				time.Sleep(time.Second)
				if err := g.Live(); err == nil || !strings.HasPrefix(err.Error(), row.want) {
					t.Errorf("it hangs: %v", err)
				}
				row.rest(g)
				if err := g.Live(); err != nil {
					t.Error("it has ended:", err)
				}
			})
		})
	}
}

// The loops of a gateway that runs beat, and while one holds what others need,
// Live does not return.
func TestLiveOfAGatewayThatRuns(t *testing.T) {
	vc := simulator(t, vspheretest.Config{Name: "vc-a", VMs: 1})
	if err := vc.Tag("bmc/enabled", "vc-a-vm-01"); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	l.addTenant(t, vc, inventory.Selector{Tags: []string{"bmc/enabled"}}, "127.7.3.1-127.7.3.9")
	l.start(t)
	<-l.gw.Ready()
	l.ready(t, "vc-a-vm-01")
	if err := l.gw.Live(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if l.gw.tenants[0].pulse.Silent(now) == 0 || l.gw.keeping.Silent(now) == 0 || l.gw.host.sockets.Silent(now) == 0 {
		t.Error("a loop has never beaten")
	}

	l.gw.tenants[0].mu.Lock()
	live := make(chan error, 1)
	go func() { live <- l.gw.Live() }()
	select {
	case err := <-live:
		t.Errorf("with the tenant's lock held: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	l.gw.tenants[0].mu.Unlock()
	if err := <-live; err != nil {
		t.Error(err)
	}
}

// A handler that never returns holds up its worker, and that is seen.
func TestLiveSeesAWorkerThatHangs(t *testing.T) {
	s, err := listen.New(1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.Open(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	inside, leave := make(chan struct{}), make(chan struct{})
	err = c.Serve(listen.Handler{Receive: func(netip.AddrPort, []byte) { close(inside); <-leave }, Failed: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WriteToUDPAddrPort([]byte{1}, c.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	<-inside
	// The worker beat before it began its round, and time goes on.
	before := s.Silent(time.Now())
	if after := s.Silent(time.Now().Add(receiveLimit)); before == 0 || after <= receiveLimit {
		t.Errorf("silent for %s, and %s later for %s", before, receiveLimit, after)
	}
	g := &Gateway{host: &host{sockets: s}}
	if err := g.Live(); err != nil {
		t.Errorf("not yet: %v", err)
	}
	close(leave)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
