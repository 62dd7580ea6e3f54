package inventory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// careful has the shape of the defaults and rounder numbers.
var careful = Guard{Answers: 3, After: 10 * time.Second, Share: 25, Minimum: 3, Window: time.Minute, Hold: time.Hour}

func TestGuardRule(t *testing.T) {
	long, short := noon.Add(-10*time.Second), noon.Add(-9*time.Second)
	forever := careful
	forever.Hold = 0
	tests := []struct {
		name             string
		guard            Guard
		one              Absence
		mass, reselected bool
		want             verdict
	}{
		{"one of few, seen often and long", careful, Absence{Answers: 3, Since: long}, false, false, remove},
		{"one answer too few", careful, Absence{Answers: 2, Since: long}, false, false, wait},
		{"a moment too short", careful, Absence{Answers: 9, Since: short}, false, false, wait},
		{"one of many", careful, Absence{Answers: 3, Since: long}, true, false, hold},
		{"one of many, too early to hold", careful, Absence{Answers: 2, Since: long}, true, false, wait},
		{"held, and the others are back", careful, Absence{Answers: 9, Since: long, Held: long}, false, false, hold},
		{"held and confirmed", careful, Absence{Answers: 9, Since: long, Held: long, Confirmed: true}, true, false, remove},
		{"held long enough", careful, Absence{Answers: 9, Since: long, Held: noon.Add(-time.Hour)}, true, false, remove},
		{"held long enough, and seen once since the start", careful, Absence{Answers: 1, Since: noon.Add(-time.Hour), Held: noon.Add(-time.Hour)}, true, false, hold},
		{"held almost long enough", careful, Absence{Answers: 9, Since: long, Held: noon.Add(time.Second - time.Hour)}, true, false, hold},
		{"held for ever", forever, Absence{Answers: 9, Since: long, Held: noon.Add(-10000 * time.Hour)}, true, false, hold},
		{"not selected any more by configuration", careful, Absence{Answers: 3, Since: long, Named: true}, true, true, remove},
		{"the same, too early", careful, Absence{Answers: 1, Since: long, Named: true}, true, true, wait},
		{"the same, held by the earlier run", careful, Absence{Answers: 4, Since: long, Held: long, Named: true}, true, true, remove},
		{"gone while the configuration changed", careful, Absence{Answers: 3, Since: long}, true, true, hold},
		{"no guard", Guard{}, Absence{Answers: 1, Since: noon}, false, false, remove},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.guard.rule(tt.one, tt.mass, tt.reselected, noon); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// numbered are VMs with the numbers from first to last.
func numbered(first, last int) (vms []VM) {
	for n := first; n <= last; n++ {
		vms = append(vms, vm(fmt.Sprintf("vm%02d", n), fmt.Sprintf("%02d", n)))
	}
	return vms
}

// A told is one answer: what vCenter names, what is wanted of it; and how many of
// the BMCs go, stay in doubt and are held then.
type told struct {
	after            time.Duration // since the one before
	named, wanted    []VM
	reselected       bool
	failed, confirm  bool
	gone, wait, held int
}

func TestGuardJudges(t *testing.T) {
	const s = time.Second
	all := numbered(1, 20)
	// gone returns three answers without the last n VMs and what the third does.
	shrunk := func(named, wanted []VM, last told) []told {
		n := len(Diff(all, wanted).Remove)
		last.after, last.named, last.wanted = 5*s, named, wanted
		return []told{{5 * s, named, wanted, last.reselected, false, false, 0, n, 0}, {5 * s, named, wanted, last.reselected, false, false, 0, n, 0}, last}
	}
	fewer := func(n int) []VM { return all[:len(all)-n] }
	join := func(parts ...[]told) []told { return slices.Concat(parts...) }
	tests := []struct {
		name string
		told []told
	}{
		{"one VM is deleted", shrunk(fewer(1), fewer(1), told{gone: 1})},
		{"one VM is untagged", shrunk(all, fewer(1), told{gone: 1})},
		{"as many as the share allows", shrunk(fewer(5), fewer(5), told{gone: 5})},
		{"one more than that", shrunk(fewer(6), fewer(6), told{held: 6})},
		{"all are untagged", shrunk(all, nil, told{held: 20})},
		{"vCenter names nothing", shrunk(nil, nil, told{held: 20})},
		{"all get another key", shrunk(numbered(101, 120), numbered(101, 120), told{held: 20})},
		{"back before anybody is sure", []told{{5 * s, fewer(9), fewer(9), false, false, false, 0, 9, 0}, {after: 5 * s, named: all, wanted: all}, {5 * s, fewer(1), fewer(1), false, false, false, 0, 1, 0}}},
		{"a failure between begins anew", []told{
			{5 * s, fewer(1), fewer(1), false, false, false, 0, 1, 0}, {5 * s, fewer(1), fewer(1), false, false, false, 0, 1, 0}, {after: 5 * s, failed: true},
			{5 * s, fewer(1), fewer(1), false, false, false, 0, 1, 0}, {5 * s, fewer(1), fewer(1), false, false, false, 0, 1, 0}, {5 * s, fewer(1), fewer(1), false, false, false, 1, 0, 0},
		}},
		{"held through failures", join(shrunk(nil, nil, told{held: 20}), []told{{after: s, failed: true}, {s, nil, nil, false, false, false, 0, 0, 20}})},
		{"held, and back", join(shrunk(nil, nil, told{held: 20}), []told{{after: s, named: all, wanted: all}})},
		{"held, and back one after the other", join(shrunk(nil, nil, told{held: 20}),
			[]told{{s, all[:5], all[:5], false, false, false, 0, 0, 15}, {20 * s, fewer(1), fewer(1), false, false, false, 0, 0, 1}, {after: s, named: all, wanted: all}})},
		{"held and confirmed", join(shrunk(all, nil, told{held: 20}), []told{{s, all, nil, false, false, true, 20, 0, 0}})},
		{"confirmed, and some are back", join(shrunk(all, nil, told{held: 20}), []told{{s, all, all[:15], false, false, true, 5, 0, 0}})},
		{"confirmed, and then more", join(shrunk(fewer(10), fewer(10), told{held: 10}),
			[]told{{s, fewer(15), fewer(15), false, false, true, 10, 5, 0}, {5 * s, fewer(15), fewer(15), false, false, false, 0, 5, 0}, {5 * s, fewer(15), fewer(15), false, false, false, 0, 0, 5}})},
		{"held until the time has passed", join(shrunk(all, nil, told{held: 20}), []told{{59 * time.Minute, all, nil, false, false, false, 0, 0, 20}, {time.Minute, all, nil, false, false, false, 20, 0, 0}})},
		{"the selector was changed", shrunk(all, all[:2], told{reselected: true, gone: 18})},
		{"the selector was changed and VMs are gone", shrunk(all[:10], all[:2], told{reselected: true, gone: 8, held: 10})},
		{"one after the other, within the window", []told{
			{10 * s, fewer(2), fewer(2), false, false, false, 0, 2, 0}, {10 * s, fewer(4), fewer(4), false, false, false, 0, 4, 0}, {10 * s, fewer(5), fewer(5), false, false, false, 2, 3, 0},
			{10 * s, fewer(7), fewer(7), false, false, false, 0, 3, 2},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			judge(t, all, tt.told)
		})
	}
}

// judge tells a careful guard of all answers, beginning with BMCs for all of have.
func judge(t *testing.T, have []VM, all []told) {
	t.Helper()
	now, held := noon, 0
	a := NewAbsences(careful, nil)
	for i, one := range all {
		now = now.Add(one.after)
		if one.failed {
			a.Interrupt()
			continue
		}
		if one.confirm {
			if got := a.Confirm(); got != held {
				t.Errorf("answer %d: %d removals are confirmed, %d are held", i+1, got, held)
			}
		}
		r := a.Judge(Answer{At: now, Have: have, Named: one.named, Wanted: one.wanted, Reselected: one.reselected})
		if got, want := [3]int{len(r.Remove), len(r.Wait), len(r.Hold)}, [3]int{one.gone, one.wait, one.held}; got != want {
			t.Fatalf("answer %d: remove, wait, hold are %v, want %v", i+1, got, want)
		}
		have, held = after(have, one.wanted, r), len(r.Hold)
	}
	if got := a.Confirm(); got != held {
		t.Errorf("at the end %d removals are confirmed, %d are held", got, held)
	}
}

// after is what has a BMC once a ruling is carried out.
func after(have, wanted []VM, r Ruling) []VM {
	gone := byKey(r.Remove)
	next := slices.DeleteFunc(slices.Clone(have), func(vm VM) bool { _, ok := gone[vm.Key]; return ok })
	return ordered(append(next, wanted...))
}

func TestGuardRemembersWhatAnEarlierRunHeld(t *testing.T) {
	all := numbered(1, 4)
	a := NewAbsences(careful, []Absence{{VM: all[3], Held: noon.Add(-59 * time.Minute)}})
	held := a.Judge(Answer{At: noon, Have: all, Named: all, Wanted: all[:3]})
	if len(held.Hold) != 1 || !held.Hold[0].Held.Equal(noon.Add(-59*time.Minute)) || !held.Hold[0].Named {
		t.Errorf("ruled %+v", held)
	}
	// The time has passed, but this run has seen it twice only: the first answers after
	// a restart may be those of a vCenter that is starting as well.
	early := a.Judge(Answer{At: noon.Add(time.Minute), Have: all, Named: all, Wanted: all[:3]})
	if len(early.Hold) != 1 || len(early.Remove) != 0 {
		t.Errorf("ruled %+v", early)
	}
	late := a.Judge(Answer{At: noon.Add(time.Minute), Have: all, Named: all, Wanted: all[:3]})
	if d := cmp.Diff(Ruling{Remove: all[3:]}, late); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// In a lab that makes VMs and deletes them all day, few are ever missing at once.
func TestGuardLetsALabComeAndGo(t *testing.T) {
	a := NewAbsences(careful, nil)
	have := numbered(1, 20)
	now := noon
	for n := range 100 {
		now = now.Add(11 * time.Second)
		wanted := numbered(2+n, 21+n)
		r := a.Judge(Answer{At: now, Have: have, Named: wanted, Wanted: wanted})
		if len(r.Hold) > 0 {
			t.Fatalf("round %d: held %v", n, r.Hold)
		}
		have = after(have, wanted, r)
	}
	if len(have) > 25 {
		t.Errorf("%d have a BMC, 20 are wanted", len(have))
	}
}

// Whatever vCenter says: a VM that is wanted keeps its BMC, each other one has
// exactly one verdict, none goes early, and no more than the share within the
// window unless somebody or the time said so.
func TestGuardProperties(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		guard := Guard{Answers: 1 + rnd.IntN(4), After: time.Duration(rnd.IntN(20)) * time.Second,
			Share: 1 + rnd.IntN(99), Minimum: 1 + rnd.IntN(5), Window: time.Duration(rnd.IntN(60)) * time.Second}
		a := NewAbsences(guard, nil)
		all := numbered(1, 1+rnd.IntN(30))
		have, now := all, noon
		absent := make(map[Key]int)
		since := make(map[Key]time.Time)
		for range 60 {
			now = now.Add(time.Duration(1+rnd.IntN(10)) * time.Second)
			if rnd.IntN(10) == 0 {
				a.Interrupt()
				clear(absent)
				continue
			}
			share := rnd.Float64()
			wanted := slices.DeleteFunc(slices.Clone(all), func(VM) bool { return rnd.Float64() > share })
			r := a.Judge(Answer{At: now, Have: have, Named: all, Wanted: wanted})
			checkRuling(t, have, wanted, r)
			for _, vm := range have {
				if slices.ContainsFunc(wanted, vm.Equal) {
					delete(absent, vm.Key)
				} else if absent[vm.Key]++; absent[vm.Key] == 1 {
					since[vm.Key] = now
				}
			}
			for _, vm := range r.Remove {
				if absent[vm.Key] < guard.Answers || now.Sub(since[vm.Key]) < guard.After {
					t.Fatalf("seed %d: %s went after %d answers and %v", seed, vm.Name, absent[vm.Key], now.Sub(since[vm.Key]))
				}
			}
			if n := len(r.Remove); n >= guard.Minimum && n*100 > guard.Share*len(have) {
				t.Fatalf("seed %d: %d of %d went at once with %+v", seed, n, len(have), guard)
			}
			have = after(have, wanted, r)
		}
	}
}

func checkRuling(t *testing.T, have, wanted []VM, r Ruling) {
	t.Helper()
	verdicts := make(map[Key]int)
	for _, vm := range slices.Concat(r.Remove, r.Wait) {
		verdicts[vm.Key]++
	}
	for _, one := range r.Hold {
		verdicts[one.VM.Key]++
	}
	want := byKey(wanted)
	for _, vm := range have {
		_, stays := want[vm.Key]
		if n := verdicts[vm.Key]; stays && n != 0 || !stays && n != 1 {
			t.Fatalf("%s: wanted %v, %d verdicts", vm.Name, stays, n)
		}
		delete(verdicts, vm.Key)
	}
	if len(verdicts) > 0 {
		t.Fatalf("verdicts about VMs without a BMC: %v", verdicts)
	}
}
