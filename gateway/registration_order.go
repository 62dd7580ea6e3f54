package gateway

import (
	"cmp"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// registerAtOnce is how many hosts a tenant has vCenter told of side by side; the
	// vCenter takes no more of all tenants.
	registerAtOnce = 2
	// registerSlice is how long the gateway by itself begins with hosts before it looks
	// anew: one whose BMC vCenter does not reach takes up to a minute, and one that has
	// just come is not to wait for a hundred of them.
	registerSlice = 20 * time.Second
)

// arrivals are when hosts were first to be registered, by vCenter and managed object id.
type arrivals map[string]time.Time

// note notes that a host is to be registered.
func (a arrivals) note(row registration) {
	key := row.backoffKey()
	if _, known := a[key]; row.act && !known {
		a[key] = time.Now()
	}
}

// keep forgets all hosts but these.
func (a arrivals) keep(hosts map[string]bool) {
	for key := range a {
		if !hosts[key] {
			delete(a, key)
		}
	}
}

// inTurn returns the hosts that vCenter is to be told of: first those that it refused
// least often, of these first those that came last.
func (r *registrar) inTurn(rows []*registration) (turn []int) {
	for i, row := range rows {
		if row.act {
			turn = append(turn, i)
		}
	}
	slices.SortStableFunc(turn, func(a, b int) int {
		one, other := rows[a], rows[b]
		return cmp.Or(
			cmp.Compare(r.wait.failures(*one), r.wait.failures(*other)),
			r.line[other.backoffKey()].Compare(r.line[one.backoffKey()]),
		)
	})
	return turn
}

// act has vCenter told of the hosts that are to be changed, two at a time, and returns
// what came of each. Those that an operator does not wait for may have to wait for the
// next look.
func (r *registrar) act(rows []*registration, o order, tell func(*registration) error) []error {
	var all errgroup.Group
	all.SetLimit(registerAtOnce)
	results := make([]error, len(rows))
	began := time.Now()
	late := make([]bool, len(rows))
	for _, i := range r.inTurn(rows) {
		all.Go(func() error {
			if late[i] = o.by == nil && time.Since(began) >= registerSlice; !late[i] {
				results[i] = tell(rows[i])
			}
			return nil
		})
	}
	_ = all.Wait()
	for i, row := range rows {
		if late[i] {
			row.act, row.reason = false, cmp.Or(row.reason, "others come first")
			r.next = time.Time{} // look again at once
		}
	}
	return results
}
