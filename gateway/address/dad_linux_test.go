package address

import (
	"net/netip"
	"testing"
	"time"
)

// The kernel's question puts an address on the interface. One that is then put to no
// use does not stay there.
func TestAskedAndNotUsed(t *testing.T) {
	inNamespace(t)
	k, _ := openKeeper(t)
	s := k.Segment(Policy{ProbeTime: time.Second})
	both := []netip.Addr{ip("2001:db8::5"), ip("2001:db8::6")}
	if taken := s.Vet("gw", both); len(taken) != 0 {
		t.Fatalf("taken: %v", taken)
	}
	must(t, s.Add("gw", both[0]))
	k.sync(time.Now(), true)
	wantList(t, k.kernel.(*Netlink), "gw", "2001:db8::5", "2001:db8::6") // it may be used yet
	s.Vet("gw", nil)
	k.sync(time.Now().Add(2*vettedFor), true)
	wantList(t, k.kernel.(*Netlink), "gw", "2001:db8::5")
}
