package gateway

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func anything([]store.Grant) error { return nil }

// TestGrantsEndInTime, each at its own, and leave nothing on the disk.
func TestGrantsEndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		var ended []string
		begun := time.Now()
		g := newGrants(st, quiet(), nil, func(one store.Grant) {
			ended = append(ended, fmt.Sprintf("%s after %s", one.ID, time.Since(begun)))
		})
		go g.run(t.Context())
		synctest.Wait()
		for id, ttl := range map[string]time.Duration{"hour": time.Hour, "second": time.Second, "day": 24 * time.Hour, "revoked": 2 * time.Hour} {
			if err := g.add(store.Grant{ID: id, Granted: begun, Until: begun.Add(ttl), Password: "x"}, anything); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := g.take("revoked"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		if diff := cmp.Diff([]string{"second after 1s", "hour after 1h0m0s", "day after 24h0m0s"}, ended); diff != "" {
			t.Errorf("ended (-want +got):\n%s", diff)
		}
		if left, err := st.Grants(); len(left) > 0 || err != nil {
			t.Errorf("stored are %+v, %v", left, err)
		}
	})
}

// TestGrantsAfterARestart: what is over meanwhile never holds again, nor does what a
// clock that was set back would make longer.
func TestGrantsAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		now := time.Now()
		left := []store.Grant{
			{ID: "holds", Granted: now.Add(-time.Hour), Until: now.Add(time.Hour)},
			{ID: "over", Granted: now.Add(-2 * time.Hour), Until: now},
			{ID: "future", Granted: now.Add(2 * time.Minute), Until: now.Add(time.Hour)},
		}
		for _, one := range left {
			if err := st.PutGrant(one); err != nil {
				t.Fatal(err)
			}
		}
		g := newGrants(st, quiet(), left, func(store.Grant) {})
		holds := func() (ids []string) {
			for _, one := range g.list(func(store.Grant) bool { return true }) {
				ids = append(ids, one.ID)
			}
			return ids
		}
		if diff := cmp.Diff([]string{"holds"}, holds()); diff != "" {
			t.Errorf("before the first look (-want +got):\n%s", diff)
		}
		go g.run(t.Context())
		synctest.Wait()
		if stored, err := st.Grants(); len(stored) != 1 || err != nil {
			t.Errorf("stored are %+v, %v", stored, err)
		}
	})
}

// TestGrantThatStaysOnTheDisk does not hold, and goes when the disk works again.
func TestGrantThatStaysOnTheDisk(t *testing.T) {
	st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	g := newGrants(st, quiet(), nil, func(store.Grant) {})
	if err := g.add(store.Grant{ID: "one", Granted: now, Until: now.Add(time.Hour)}, anything); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.take("one"); err == nil {
		t.Error("a file that is closed was written")
	}
	if left := g.list(func(store.Grant) bool { return true }); len(left) > 0 {
		t.Errorf("it holds: %+v", left)
	}
	if _, next, err := g.sweep(now); err == nil || !next.Equal(now) {
		t.Errorf("sweep: next %v, %v; want that it is tried again", next, err)
	}
}

func TestGenerate(t *testing.T) {
	count := make(map[rune]int)
	seen := make(map[string]bool)
	const n = 5000
	for range n {
		p := generate(passwordLetters, passwordLength)
		if len(p) != 16 || strings.ContainsAny(p, "0O1lI") || seen[p] {
			t.Fatalf("%q has not 16 letters, one that is mistaken for another, or came before", p)
		}
		seen[p] = true
		for _, r := range p {
			count[r]++
		}
	}
	// 80,000 letters of 56: 1429 each, with a standard deviation of 37.
	for _, r := range passwordLetters {
		if c := count[r]; c < 1429-8*37 || c > 1429+8*37 {
			t.Errorf("%q came %d times", r, c)
		}
	}
}

// TestGrantsOfABMC are those that a look at all of them finds, whatever became of
// others.
func TestGrantsOfABMC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		now := time.Now()
		one, other := inventory.Key{VCenter: "outer", VM: "1"}, inventory.Key{VCenter: "outer", VM: "2"}
		grant := func(id, tenant string, vm inventory.Key, ttl time.Duration) store.Grant {
			return store.Grant{ID: id, Tenant: tenant, Key: vm, Granted: now, Until: now.Add(ttl)}
		}
		g := newGrants(st, quiet(), []store.Grant{grant("before", "a", one, 2*time.Hour), grant("over", "a", one, -time.Hour)}, func(store.Grant) {})
		same := func(when string, want ...string) {
			t.Helper()
			var ids []string
			for _, had := range g.of("a", one) {
				ids = append(ids, had.ID)
			}
			if diff := cmp.Diff(want, ids); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		same("at the start", "before")
		now = now.Add(time.Millisecond)
		for _, next := range []store.Grant{
			grant("hour", "a", one, time.Hour), grant("another BMC", "a", other, time.Hour), grant("another tenant", "b", one, time.Hour),
		} {
			if err := g.add(next, anything); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.add(grant("refused", "a", one, time.Hour), func(here []store.Grant) error { return fmt.Errorf("%d here", len(here)) }); err == nil || err.Error() != "2 here" {
			t.Errorf("told of the others: %v", err)
		}
		same("added", "before", "hour")
		if _, err := g.take("before"); err != nil {
			t.Fatal(err)
		}
		same("one is taken", "hour")
		time.Sleep(time.Hour + time.Minute)
		g.step(time.Now())
		same("all are over")
		if len(g.by)+len(g.all) > 0 {
			t.Errorf("left are %v, %v", g.by, g.all)
		}
	})
}
