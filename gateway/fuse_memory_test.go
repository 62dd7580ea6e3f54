package gateway

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// fuseRuns are those of a fuse, one after the other, with one state file.
type fuseRuns struct {
	t    *testing.T
	path string
	st   *store.Store
	f    *fuse
}

// restart begins another run.
func (r *fuseRuns) restart() {
	r.t.Helper()
	var err error
	if r.st != nil {
		err = r.st.Close()
	}
	if err == nil {
		r.st, err = store.Open(r.path)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	before, err := r.st.PowerOffs()
	if err != nil {
		r.t.Fatal(err)
	}
	r.f = newFuse(func() Fuse { return Fuse{Share: 50, Within: time.Minute, Minimum: 3} }, func() int { return 4 }, func(bool) {})
	r.f.remember(r.st, "a", before)
}

func (r *fuseRuns) off(when, vm string, refused bool) {
	r.t.Helper()
	if err := r.f.take(inventory.Key{VM: vm}); (err != nil) != refused {
		r.t.Errorf("%s: %s: %v", when, vm, err)
	}
}

func (r *fuseRuns) stored(when string, want int) {
	r.t.Helper()
	if all, err := r.st.PowerOffs(); len(all) != want || err != nil {
		r.t.Errorf("%s: %d are stored, want %d, error %v: %+v", when, len(all), want, err, all)
	}
}

// A client that tries again and again and a gateway that is restarted again and again
// do not power off everything together.
func TestFuseSurvivesRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	synctest.Test(t, func(t *testing.T) {
		r := &fuseRuns{t: t, path: path}
		r.restart()
		defer func() { _ = r.st.Close() }()
		r.off("first", "one", false)
		r.restart()
		r.off("second", "two", false)
		r.restart()
		r.off("one too many", "three", true)
		for range 20 { // tried on for ten minutes
			r.restart()
			time.Sleep(30 * time.Second)
			r.off("tried again", "three", true)
		}
		r.restart()
		time.Sleep(59 * time.Second)
		r.off("before a minute without an attempt", "four", true)
		r.f.release(time.Minute)
		r.stored("released", 0)
		r.off("released", "four", false)
		r.restart()
		r.off("counted from nothing", "one", false)
		r.off("counted from nothing", "two", false)
		r.off("one too many", "three", true)
		r.stored("blown", 3)
		time.Sleep(time.Minute)
		r.off("a minute without an attempt", "three", false)
		r.stored("whole again", 1)
		r.off("and on", "four", false)
		r.off("blown again", "one", true)
		time.Sleep(time.Minute + fuseGrace)
		r.restart() // nobody has tried since
		if blown, _ := r.f.state(); !blown.IsZero() {
			t.Error("what is long ago holds")
		}
		r.off("long ago", "one", false)
		r.stored("long ago", 1)
	})
}

// A share is one of the BMCs there are to be, not of the first few that are served.
func TestBreakerOfATenantThatGrows(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.9", "a")
	b.config.Tenants[0].Fuse = Fuse{Share: 50, Within: time.Hour, Minimum: 2}
	b.build()
	defer b.stop()
	tenant := b.gw.tenants[0]
	tenant.expected.Store(8)
	for i, vm := range []string{"one", "two", "three", "four", "five"} {
		if err := tenant.fuse.take(inventory.Key{VM: vm}); (err != nil) != (i == 4) {
			t.Errorf("%s of 8: %v", vm, err)
		}
	}
}

// A gateway goes on with what the run before has counted, and forgets tenants that are
// gone.
func TestBreakerGoesOn(t *testing.T) {
	b := newBench(t, "127.7.9.1-127.7.9.9", "a", "b")
	for i := range b.config.Tenants {
		b.config.Tenants[i].Fuse = Fuse{Share: 50, Within: time.Hour, Minimum: 2}
	}
	b.build()
	for _, tenant := range b.gw.tenants {
		if err := tenant.fuse.take(inventory.Key{VM: "one"}); err != nil {
			t.Fatal(err)
		}
	}
	b.stop()
	b.config.Tenants = b.config.Tenants[:1]
	b.build()
	defer b.stop()
	if err := b.gw.tenants[0].fuse.take(inventory.Key{VM: "two"}); err == nil {
		t.Error("the run before is forgotten")
	}
	all, err := b.store.PowerOffs()
	for _, p := range all {
		if p.Tenant != "a" {
			t.Errorf("of a tenant that is gone: %+v", p)
		}
	}
	if len(all) != 2 || err != nil {
		t.Errorf("%d are stored, want 2, error %v", len(all), err)
	}
}
