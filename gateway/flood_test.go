package gateway

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/listen"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc/bmctest"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// packetRate is the default of the configuration.
const packetRate = 20000

// besideOthers starts a BMC beside others of the same threads, as an endpoint does.
// heldBack is called for each packet that is more than its source's share.
func besideOthers(t *testing.T, sockets *listen.Server, rate int, heldBack func()) netip.AddrPort {
	t.Helper()
	suite, err := ipmi.CipherSuiteByID(17)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bmc.New(bmc.Config{
		GUID: [16]byte{1}, Suites: []ipmi.CipherSuite{suite}, PacketRate: rate,
		Accounts: []bmc.Account{{Name: "admin", Password: "secret", Privilege: ipmi.Administrator}},
		Events: bmc.Events{Dropped: func(r bmc.DropReason) {
			if r == bmc.DropTooMany {
				heldBack()
			}
		}},
	}, bmctest.Steady{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := sockets.Open(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	ep := &endpoint{bmc: b}
	if err := ep.serve(conn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ep.undo.run()
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn.LocalAddr()
}

// TestFloodAtAnotherBMC, as fast as one sender can: no request is lost beside
// it, and each is answered long before a client asks again.
func TestFloodAtAnotherBMC(t *testing.T) {
	sockets, err := listen.New(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sockets.Close)
	var held, other atomic.Int64
	begun := make(chan struct{})
	// A share that the slowest machine exceeds, or the flood would never count as one.
	flooded := besideOthers(t, sockets, 200, func() {
		if held.Add(1) == 1 {
			close(begun)
		}
	})
	quiet := besideOthers(t, sockets, packetRate, func() { other.Add(1) })

	var flood sync.WaitGroup
	var stop atomic.Bool
	conn, err := net.Dial("udp", flooded.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	suite, _ := ipmi.CipherSuiteByID(17)
	packet := ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest, ipmi.AppendOpenSessionRequest(nil, 0, ipmi.Administrator, 1, suite))
	flood.Go(func() {
		for !stop.Load() {
			_, _ = conn.Write(packet) // it may be refused for want of room
		}
	})
	defer flood.Wait()
	defer stop.Store(true)
	<-begun

	c, err := remote.Dial(quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Timeout, c.Tries = 10*time.Second, 1
	s, err := c.Login(t.Context(), remote.Login{Suite: suite, User: "admin", Password: "secret", Privilege: ipmi.Administrator})
	if err != nil {
		t.Fatal(err)
	}
	var took []time.Duration
	for n := range 1000 {
		begin := time.Now()
		if _, err := s.Command(t.Context(), ipmi.NetFnChassis, 0x01, nil); err != nil {
			t.Fatalf("request %d: %v", n, err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	median, p99 := took[len(took)/2], took[len(took)*99/100]
	t.Logf("median %v, p99 %v; %d packets of the flood were held back", median, p99, held.Load())
	if median > 200*time.Millisecond || p99 > time.Second { // ipmitool asks again after a second
		t.Errorf("median %v and p99 %v, more than 200 ms and a second", median, p99)
	}
	if other.Load() != 0 {
		t.Errorf("%d packets of the client were held back", other.Load())
	}
}
