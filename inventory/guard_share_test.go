package inventory

import (
	"slices"
	"testing"
	"time"
)

// What counts as a loss, and what it is a share of.
func TestGuardCounts(t *testing.T) {
	const s = time.Second
	all := numbered(1, 20)
	fewer := func(n int) []VM { return all[:len(all)-n] }
	// thrice is one answer three times: wait BMCs are in doubt after the first two and
	// held are held; the third does last.
	thrice := func(vms []VM, wait, held int, last told) []told {
		last.after, last.named, last.wanted = 5*s, vms, vms
		early := told{after: 5 * s, named: vms, wanted: vms, wait: wait, held: held}
		return []told{early, early, last}
	}
	// without is what is left of all and of twenty new VMs, when so many of each are gone.
	without := func(old, arrived int) []VM { return slices.Concat(fewer(old), numbered(21, 40-arrived)) }
	selected := func(named, wanted []VM, wait int, last told) []told {
		early := told{after: 5 * s, named: named, wanted: wanted, reselected: true, wait: wait}
		last.after, last.named, last.wanted, last.reselected = 5*s, named, wanted, true
		return []told{early, early, last}
	}
	tests := []struct {
		name string
		told [][]told
	}{
		{"removals within the window count", [][]told{thrice(fewer(3), 3, 0, told{gone: 3}), thrice(fewer(6), 3, 0, told{held: 3})}},
		{"removals before the window do not", [][]told{thrice(fewer(3), 3, 0, told{gone: 3}),
			{{after: 46 * s, named: fewer(3), wanted: fewer(3)}}, thrice(fewer(6), 3, 0, told{gone: 3})}},
		{"what an operator confirmed does not count as removed", [][]told{thrice(fewer(6), 6, 0, told{held: 6}),
			{{after: s, named: fewer(6), wanted: fewer(6), confirm: true, gone: 6}}, thrice(fewer(9), 3, 0, told{gone: 3})}},
		{"nor as absent", [][]told{thrice(fewer(6), 6, 0, told{held: 6}), thrice(fewer(9), 3, 6, told{confirm: true, gone: 9})}},
		{"what is held does", [][]told{thrice(fewer(6), 6, 0, told{held: 6}), thrice(fewer(9), 3, 6, told{held: 9})}},
		{"what the selector leaves out does not count as removed", [][]told{selected(all, all[:12], 8, told{gone: 8}), thrice(all[:9], 3, 0, told{gone: 3})}},
		{"nor as absent", [][]told{selected(fewer(3), all[:10], 10, told{gone: 10})}},
		{"VMs that came before the absence are VMs", [][]told{{{after: s, named: without(0, 0), wanted: without(0, 0)}}, thrice(without(0, 0)[6:], 6, 0, told{gone: 6})}},
		{"VMs that came before the window are VMs", [][]told{thrice(fewer(6), 6, 0, told{held: 6}),
			{{after: s, named: without(6, 0), wanted: without(6, 0), held: 6}, {after: 61 * s, named: without(6, 0), wanted: without(6, 0), held: 6}},
			thrice(without(6, 3), 3, 6, told{gone: 3, held: 6})}},
		{"VMs that came since the absence are none", [][]told{thrice(fewer(6), 6, 0, told{held: 6}),
			{{after: s, named: without(6, 0), wanted: without(6, 0), held: 6}}, thrice(without(6, 3), 3, 6, told{held: 9})}},
		{"a failure when the time to hold has passed", [][]told{thrice(fewer(6), 6, 0, told{held: 6}),
			{{after: 61 * time.Minute, failed: true}}, thrice(fewer(6), 0, 6, told{gone: 6})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			judge(t, all, slices.Concat(tt.told...))
		})
	}
}

func TestGuardShare(t *testing.T) {
	tests := []struct {
		name      string
		guard     Guard
		have      int
		remain    int
		wantsHeld bool
	}{
		{"no share, nothing named", Guard{Minimum: 1}, 9, 0, false},
		{"all may go, nothing named", Guard{Share: 100, Minimum: 1}, 9, 0, false},
		{"almost all may go, nothing named", Guard{Share: 99, Minimum: 1}, 9, 0, true},
		{"fewer than the minimum", Guard{Share: 25, Minimum: 3}, 4, 2, false},
		{"as many as the minimum", Guard{Share: 25, Minimum: 3}, 5, 2, true},
		{"fewer than the minimum, nothing named", Guard{Share: 25, Minimum: 3}, 2, 0, true},
		{"exactly the share", Guard{Share: 25, Minimum: 1}, 8, 6, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			have := numbered(1, tt.have)
			// The guard is changed after the start, as a reload does.
			a := NewAbsences(careful, nil)
			a.SetGuard(tt.guard)
			r := a.Judge(Answer{At: noon, Have: have, Named: have[:tt.remain], Wanted: have[:tt.remain]})
			lost := tt.have - tt.remain
			want := [3]int{lost, 0, 0}
			if tt.wantsHeld {
				want = [3]int{0, 0, lost}
			}
			if got := [3]int{len(r.Remove), len(r.Wait), len(r.Hold)}; got != want {
				t.Errorf("remove, wait, hold are %v, want %v", got, want)
			}
		})
	}
}

// The new VMs do not make the old ones a smaller share.
func TestGuardHoldsWhenAllKeysChange(t *testing.T) {
	most := Guard{Share: 90, Minimum: 3, Answers: 2, Window: time.Minute}
	a := NewAbsences(most, nil)
	have, other := numbered(1, 10), numbered(21, 40)
	for n := range 3 {
		r := a.Judge(Answer{At: noon.Add(time.Duration(n) * time.Second), Have: have, Named: other, Wanted: other})
		if len(r.Remove) > 0 {
			t.Fatalf("removed %v", r.Remove)
		}
		have = after(have, other, r)
	}
	if len(have) != 30 {
		t.Errorf("%d have a BMC, want 30", len(have))
	}
}
