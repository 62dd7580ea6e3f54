package address

import (
	"context"
	"net/netip"
	"sync"
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

// A slowKernel takes a second to say what it has, and has nothing.
type slowKernel struct {
	kernel
	looks int
}

func (k *slowKernel) look() (view, error) {
	k.looks++
	time.Sleep(time.Second) // the fake clock's
	return view{}, nil
}

// Somebody who changes addresses all the time does not keep the loop looking.
func TestNoticesWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowKernel{}
		k := newKeeper(slow, nil, func(Event) {})
		s := k.Segment(Policy{Check: CheckNone})
		k.wanted[place{"gw", netip.MustParseAddr("10.0.0.1")}] = &ward{segment: s}
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Second)
		defer stop()
		var somebody sync.WaitGroup
		somebody.Go(func() {
			for ctx.Err() == nil {
				k.wake()
				time.Sleep(10 * time.Millisecond)
			}
		})
		k.Run(ctx, func() error { return nil })
		somebody.Wait()
		if slow.looks < 5 || slow.looks > 11 {
			t.Errorf("looked %d times in 50 s, want one in five", slow.looks)
		}
	})
}
