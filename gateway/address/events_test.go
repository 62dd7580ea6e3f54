package address

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever is told slowly of many events does not keep the loop from refreshing.
func TestManyEventsAreToldInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 100
		next := netip.MustParseAddr("10.0.0.1")
		k := newKeeper(nil, nil, func(e Event) {
			time.Sleep(100 * time.Millisecond) // the fake clock's
			if e.Address != next {
				t.Errorf("told of %s, want %s", e.Address, next)
			}
			next = next.Next()
		})
		for a, n := next, 0; n < many; a, n = a.Next(), n+1 {
			k.post(Event{Kind: ConflictHeard, Address: a})
		}
		turns := 0
		for ; len(k.events) > 0; turns++ {
			began := time.Now()
			k.deliver()
			if took := time.Since(began); took > 2*deliverFor {
				t.Fatalf("one turn took %s", took)
			}
		}
		if want := netip.MustParseAddr("10.0.0.101"); next != want || turns < 2 {
			t.Errorf("told until %s in %d turns", next, turns)
		}
	})
}
