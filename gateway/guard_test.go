package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// guardedBench serves eight VMs of a tenant whose guard wants two answers and holds
// the removal of more than two VMs.
func guardedBench(t *testing.T) (b *bench, all []inventory.VM) {
	b = newBench(t, "127.7.8.1-127.7.8.30", "a")
	b.config.Tenants[0].Guard = inventory.Guard{Answers: 2, Share: 25, Minimum: 3, Window: time.Minute, Hold: time.Hour}
	for n := 1; n <= 8; n++ {
		all = append(all, virtual(n, "bmc/a"))
	}
	b.build()
	b.tell(0, all...)
	return b, all
}

// states counts what list tells, by state.
func (b *bench) states() map[admin.State]int {
	n := make(map[admin.State]int)
	for _, one := range b.gw.BMCs() {
		n[one.State]++
	}
	return n
}

func (b *bench) wantStates(when string, ready, held int) {
	b.t.Helper()
	n := b.states()
	if n[admin.Ready] != ready || n[admin.Held] != held || len(b.gw.BMCs()) != ready+held {
		b.t.Errorf("%s: %v, want %d ready and %d held\n%s", when, n, ready, held, b.log.String())
	}
	s := b.gw.Status().Tenants[0]
	if s.Ready != ready || s.Held != held || s.BMCs != ready+held {
		b.t.Errorf("%s: status %+v", when, s)
	}
	if c := b.gw.snapshot().Tenants[0]; c.Ready != ready || c.Held != held {
		b.t.Errorf("%s: metrics %+v", when, c)
	}
}

// untagged are the same VMs, which vCenter names and nothing selects.
func untagged(vms []inventory.VM) []inventory.VM {
	out := slices.Clone(vms)
	for i := range out {
		out[i].Tags = nil
	}
	return out
}

func rekeyed(vms []inventory.VM) []inventory.VM {
	out := slices.Clone(vms)
	for i := range out {
		out[i].Key.VCenter = "4ba7c0de-0000-4000-8000-000000000002"
	}
	return out
}

func TestGuardHoldsMassRemovals(t *testing.T) {
	gone := errors.New("vCenter is gone")
	for _, tt := range []struct {
		name        string
		told        func(all []inventory.VM) []inventory.VM // nil: an error
		ready, held int
	}{
		{"no VM at all", func([]inventory.VM) []inventory.VM { return nil }, 0, 8},
		{"half of them", func(all []inventory.VM) []inventory.VM { return all[:4] }, 4, 4},
		{"the tag is on none", untagged, 0, 8},
		{"a vCenter of another identity", rekeyed, 8, 8},
		{"the inventory failed", nil, 8, 0},
		{"one less", func(all []inventory.VM) []inventory.VM { return all[:7] }, 7, 0},
		{"two less", func(all []inventory.VM) []inventory.VM { return all[:6] }, 6, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, all := guardedBench(t)
			defer b.stop()
			before := b.gw.pools[0].leased("a")
			for n := range 5 {
				if tt.told == nil {
					b.fail(0, gone)
				} else {
					b.tell(0, tt.told(all)...)
				}
				if n == 0 && len(b.gw.BMCs()) < len(all) {
					t.Errorf("removed after one answer: %v", b.served())
				}
			}
			b.wantStates("after five answers", tt.ready, tt.held)
			b.tell(0, all...)
			b.tell(0, all...)
			if tt.held == 8 && tt.ready == 8 { // what was there twice goes, in the same way
				b.wantStates("the old identity again", 8, 8)
				return
			}
			b.wantStates("all are back", 8, 0)
			if after := b.gw.pools[0].leased("a"); tt.held > 0 && !slices.Equal(before, after) {
				t.Errorf("leases were %v and are %v", before, after)
			}
			if n := strings.Count(b.log.String(), "removals are held"); tt.held > 0 && n != 1 {
				t.Errorf("%d lines:\n%s", n, b.log.String())
			}
		})
	}
}

// A BMC whose removal is held is the same one as before, and says why.
func TestHeldBMCServesOn(t *testing.T) {
	b, all := guardedBench(t)
	defer b.stop()
	ep := b.gw.tenants[0].endpoints[all[0].Key]
	b.tell(0)
	b.tell(0)
	b.wantStates("no VM at all", 0, 8)
	if again := b.gw.tenants[0].endpoints[all[0].Key]; again != ep || again.failed() != nil {
		t.Error("the BMC was started anew")
	}
	one, err := admin.Find(b.gw.BMCs(), "vm1")
	if err != nil || one.State != admin.Held || !strings.Contains(one.Reason, "vCenter does not name the VM any more") {
		t.Errorf("%v: %s %q", err, one.State, one.Reason)
	}
}

func TestConfirmedRemovals(t *testing.T) {
	b, all := guardedBench(t)
	defer b.stop()
	if n, err := b.gw.ConfirmRemovals("a", "e3b0c442", admin.Caller{}); !errors.Is(err, admin.ErrNoRemovals) {
		t.Errorf("nothing is held: %d, %v", n, err)
	}
	b.tell(0, all[:4]...)
	b.tell(0, all[:4]...)
	shown := b.gw.Removals()
	if len(shown) != 1 || shown[0].Tenant != "a" || shown[0].Of != 8 || len(shown[0].BMCs) != 4 {
		t.Fatalf("shown: %+v", shown)
	}
	first := shown[0].BMCs[0]
	if first.Name != "vm5" || first.Address.String() != "127.7.8.5" || first.Until.Sub(first.Since) != time.Hour || first.Confirmed {
		t.Errorf("shown: %+v", first)
	}

	b.tell(0, all[:2]...)
	b.tell(0, all[:2]...)
	if n, err := b.gw.ConfirmRemovals("a", shown[0].ID, admin.Caller{}); !errors.Is(err, admin.ErrChanged) {
		t.Errorf("a set that has grown: %d, %v", n, err)
	}
	b.tell(0, all[:2]...)
	b.wantStates("nothing was confirmed", 2, 6)

	if n, err := b.gw.ConfirmRemovals("a", b.gw.Removals()[0].ID, admin.Caller{}); n != 6 || err != nil {
		t.Errorf("confirmed %d, %v", n, err)
	}
	b.wantStates("before the next answer", 2, 6)
	b.tell(0, append(all[:2:2], all[7])...)
	b.wantStates("one was back in time", 3, 0)
	if held := b.gw.Removals(); len(held) != 0 {
		t.Errorf("held: %+v", held)
	}
	if n, err := b.gw.ConfirmRemovals("nobody", "x", admin.Caller{}); !errors.Is(err, admin.ErrNoRemovals) {
		t.Errorf("no such tenant: %d, %v", n, err)
	}
}

func TestHeldRemovalsEndWithTime(t *testing.T) {
	b, all := guardedBench(t)
	b.stop()
	b.config.Tenants[0].Guard.Hold = time.Millisecond
	b.build()
	defer b.stop()
	b.tell(0, all...)
	b.tell(0, all[:4]...)
	b.tell(0, all[:4]...)
	eventually(t, "the hold has passed", func() error {
		b.tell(0, all[:4]...)
		if n := len(b.gw.BMCs()); n != 4 {
			return fmt.Errorf("%d BMCs", n)
		}
		return nil
	})
	if leased := b.gw.pools[0].leased("a"); len(leased) != 4 {
		t.Errorf("leased: %v", leased)
	}
}

// A restart in the middle of it neither removes nor forgets, whether the removals
// were held before or become so with the first answers after it.
func TestRestartWhileRemovalsAreHeld(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before int // answers without the VMs
	}{{"gone while the gateway was down", 0}, {"in doubt", 1}, {"held", 2}} {
		t.Run(tt.name, func(t *testing.T) {
			b, all := guardedBench(t)
			leases := b.gw.pools[0].leased("a")
			for range tt.before {
				b.tell(0, all[:4]...)
			}
			since := make(map[string]time.Time)
			for _, set := range b.gw.Removals() {
				for _, one := range set.BMCs {
					since[one.Name] = one.Since
				}
			}
			b.stop()
			b.build()
			defer b.stop()
			b.fail(0, errors.New("not yet"))
			for range 3 {
				b.tell(0, all[:4]...)
			}
			b.wantStates("after the restart", 4, 4)
			if again := b.gw.pools[0].leased("a"); len(again) != len(leases) {
				t.Errorf("leases were %v and are %v", leases, again)
			}
			for _, one := range b.gw.Removals()[0].BMCs {
				if at := since[one.Name]; tt.before > 1 && !one.Since.Equal(at) {
					t.Errorf("%s is held since %v, was since %v", one.Name, one.Since, at)
				}
			}
			b.tell(0, all...)
			b.wantStates("all are back", 8, 0)
			b.stop()
			b.build()
			b.tell(0, all...)
			b.wantStates("and after another restart", 8, 0)
		})
	}
}

// Another selector in the configuration is the operator's word about the VMs that
// vCenter names. About the others it says nothing.
func TestSelectorChangedInConfiguration(t *testing.T) {
	b, all := guardedBench(t)
	b.stop()
	b.config.Tenants[0].Select = inventory.Selector{Tags: []string{"bmc/b"}}
	b.build()
	defer b.stop()
	some := slices.Clone(all[:5])
	some[0].Tags = []string{"bmc/a", "bmc/b"}
	b.tell(0, some...)
	b.tell(0, some...)
	b.wantStates("four are deselected, three are gone", 1, 3)

	b.stop()
	b.build() // with the same selector: a mistake in vCenter is a mistake again
	for range 3 {
		b.tell(0, untagged(some)...)
	}
	b.wantStates("the tag is gone too", 0, 4)
}

// Without the guard's word, a tenant that is not configured any more gives its
// addresses up at the start: nobody is left who could log in.
func TestTenantThatIsNotConfiguredAnyMore(t *testing.T) {
	b, all := guardedBench(t)
	b.stop()
	b.config.Tenants[0].Name = "b"
	b.build()
	defer b.stop()
	if leased := b.gw.pools[0].inUse(); len(leased) != 0 {
		t.Errorf("leased: %v", leased)
	}
	b.tell(0, all...)
	b.wantStates("under another name", 8, 0)
}
