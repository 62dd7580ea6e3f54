package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func wantCycles(t *testing.T, s *Store, want ...Cycle) {
	t.Helper()
	got, err := s.Cycles()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, cycles (-want +got):\n%s", err, diff)
	}
}

func TestCyclesSurvive(t *testing.T) {
	path := statePath(t)
	s := open(t, path)
	wantCycles(t, s)
	a := Cycle{Key: key("a"), Begun: noon}
	b := Cycle{Key: key("b"), Begun: noon, Flags: [5]byte{0x80, 0x04}}
	again := Cycle{Key: key("a"), Begun: noon.Add(time.Minute)}
	for _, c := range []Cycle{a, b, again} {
		must(t, s.PutCycle(c))
	}
	must(t, s.DeleteCycle(key("never there")))
	must(t, s.Close())
	s = open(t, path)
	wantCycles(t, s, again, b)
	must(t, s.DeleteCycle(key("a")))
	wantCycles(t, s, b)
}

// A storm of power cycles is one of few writes.
func TestManyCyclesAtOnce(t *testing.T) {
	s := open(t, statePath(t))
	before := s.db.Stats()
	var all sync.WaitGroup
	const n = 100
	for i := range n {
		all.Go(func() {
			if err := s.PutCycle(Cycle{Key: key(fmt.Sprint(i)), Begun: noon}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err := s.Cycles(); len(got) != n || err != nil {
		t.Errorf("%d cycles, %v", len(got), err)
	}
	after := s.db.Stats()
	stats := after.Sub(&before)
	if writes := stats.TxStats.GetWrite(); writes >= n {
		t.Errorf("%d pages written for %d cycles at once", writes, n)
	}
}
