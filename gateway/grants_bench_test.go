package gateway

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// BenchmarkAccountsOfTenThousand is what a start asks when ten thousand BMCs are
// registered: who may log in, of each.
func BenchmarkAccountsOfTenThousand(b *testing.B) {
	const bmcs = 10_000
	st, err := store.Open(filepath.Join(b.TempDir(), "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	left := make([]store.Grant, bmcs)
	for i := range left {
		left[i] = store.Grant{
			ID: fmt.Sprint(i), Tenant: "a", Key: inventory.Key{VCenter: somewhere, VM: fmt.Sprint(i)},
			Privilege: "operator", Registration: &store.Registration{VCenter: "inner"},
		}
	}
	t := &tenant{grants: newGrants(st, quiet(), left, func(store.Grant) {})}
	t.conf.Store(&Tenant{Name: "a", Register: Register{VCenter: "inner"}})
	for b.Loop() {
		for _, g := range left {
			if n := len(t.accounts(g.Key)); n != 1 {
				b.Fatalf("%d accounts", n)
			}
		}
	}
}
