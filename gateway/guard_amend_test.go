package gateway

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// TestGuardAfterAReload: another selector is the operator's word, another guard is not.
func TestGuardAfterAReload(t *testing.T) {
	before := Tenant{Name: "a", Select: inventory.Selector{Tags: []string{"bmc/a"}},
		Guard: inventory.Guard{Answers: 1, Share: 25, Minimum: 3, Window: time.Minute}}
	other := before
	other.Select = inventory.Selector{Tags: []string{"bmc/b"}}
	lax := before
	lax.Guard.Share = 100
	for _, tt := range []struct {
		name  string
		after Tenant
		kept  int
	}{
		{"nothing changes", before, 7},
		{"another selector", other, 0},
		{"another guard", lax, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			var all []inventory.VM
			for n := range 8 {
				all = append(all, virtual(n, "bmc/a"))
			}
			now := time.Now()
			r := newRemovals(before, st, quiet(), nil, nil)
			if kept, _ := r.keep(inventory.Answer{At: now, Have: all, Named: all, Wanted: all}); len(kept) != 0 {
				t.Fatalf("kept %v, all of which are wanted", kept)
			}
			r.amend(tt.after)
			kept, _ := r.keep(inventory.Answer{At: now, Have: all, Named: all, Wanted: all[:1]})
			if len(kept) != tt.kept {
				t.Errorf("%d of 7 are kept, want %d", len(kept), tt.kept)
			}
			stored, err := st.Tenants()
			if err != nil || len(stored) != 1 || !slices.Equal(stored[0].Selection.Tags, tt.after.Select.Tags) || len(stored[0].Held) != tt.kept {
				t.Errorf("stored %+v, %v", stored, err)
			}
		})
	}
}
