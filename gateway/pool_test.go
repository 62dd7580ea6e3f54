package gateway

import (
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
)

// A fakeHost has the addresses of one interface, or no such interface. A tenant
// that stops takes all its addresses away at once.
type fakeHost struct {
	mu      sync.Mutex
	missing bool
	have    map[netip.Addr]bool
}

func (h *fakeHost) Add(_ string, a netip.Addr) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.missing {
		return address.ErrNoInterface
	}
	h.have[a] = true
	return nil
}

func (h *fakeHost) Remove(_ string, a netip.Addr) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.have, a)
	return nil
}

func (h *fakeHost) List(string) (out []netip.Addr, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.missing {
		return nil, address.ErrNoInterface
	}
	for a := range h.have {
		out = append(out, a)
	}
	return out, nil
}

// An interface that is missing is told once, and used when it comes.
func TestMissingInterface(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.9", "a")
	b.build()
	defer b.stop()
	left := netip.MustParseAddr("127.7.8.9")
	h := &fakeHost{missing: true, have: map[netip.Addr]bool{left: true}}
	b.gw.pools[0].addresser = h
	for range 3 {
		b.tell(0, virtual(1, "bmc/a"))
	}
	b.want("missing", "a/vm1 pending")
	if n := strings.Count(b.log.String(), "cleaning up"); n != 1 {
		t.Errorf("%d lines about cleaning up:\n%s", n, b.log.String())
	}
	h.missing = false
	b.tell(0, virtual(1, "bmc/a"))
	b.want("there", "a/vm1 ready 127.7.8.1")
	if h.have[left] || len(h.have) != 1 {
		t.Errorf("on the interface: %v", h.have)
	}
}

// An address that the configuration has moved from one pool to another, on the
// same interface, is not cleaned away by the pool that had it.
func TestAddressMovesToAnotherPool(t *testing.T) {
	b := newBench(t, "127.7.8.1-127.7.8.9", "a", "b")
	b.build()
	b.tell(0, virtual(1, "bmc/a"))
	b.stop()

	b.config.Pools = nil
	b.addPool("lab", "127.7.8.5-127.7.8.9")
	b.addPool("new", "127.7.8.1-127.7.8.4")
	b.config.Tenants[0].Pools = []string{"new"}
	b.build()
	defer b.stop()
	h := &fakeHost{have: make(map[netip.Addr]bool)}
	b.gw.pools[0].addresser, b.gw.pools[1].addresser = h, h
	b.tell(0, virtual(1, "bmc/a"))
	b.tell(1) // its pool cleans up
	b.want("moved", "a/vm1 ready 127.7.8.1")
	if !h.have[netip.MustParseAddr("127.7.8.1")] {
		t.Errorf("on the interface: %v", h.have)
	}
}
