package gateway

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
)

func TestFuse(t *testing.T) {
	type step struct {
		after   time.Duration // since the step before
		bmc     string        // powered off; "release": the operator's word instead
		refused bool
	}
	off := func(refused bool, names ...string) (steps []step) {
		for _, n := range names {
			steps = append(steps, step{0, n, refused})
		}
		return steps
	}
	half := Fuse{Share: 50, Within: time.Minute, Minimum: 3}
	for _, tt := range []struct {
		name   string
		config Fuse
		all    int
		steps  []step
		events []bool
	}{
		{"half of them pass, no further one", half, 8,
			slices.Concat(off(false, "a", "b", "c", "d"), off(true, "e", "f")), []bool{true}},
		{"fewer than the minimum are never too many", half, 2, off(false, "a", "b"), nil},
		{"the minimum, and more than the share", half, 3, slices.Concat(off(false, "a", "b"), off(true, "c")), []bool{true}},
		{"the same one again is not one more", half, 8, slices.Concat(off(false, "a", "b", "c", "d", "a", "d"), off(true, "e"), off(false, "a")), []bool{true}},
		{"in different minutes", half, 4,
			[]step{{0, "a", false}, {30 * time.Second, "b", false}, {31 * time.Second, "c", false}, {30 * time.Second, "d", false}}, nil},
		{"never, at 100 percent", Fuse{Share: 100, Within: time.Minute, Minimum: 1}, 2, off(false, "a", "b", "c"), nil},
		{"never, without a share", Fuse{}, 1, off(false, "a", "b", "c"), nil},
		{"time without an attempt mends it", half, 3,
			slices.Concat(off(false, "a", "b"), off(true, "c"), []step{{time.Minute, "c", false}}), []bool{true, false}},
		{"attempts keep it blown", half, 3,
			slices.Concat(off(false, "a", "b"), off(true, "c"), []step{{59 * time.Second, "c", true}, {59 * time.Second, "d", true}}), []bool{true}},
		{"an operator's word", half, 4,
			slices.Concat(off(false, "a", "b"), off(true, "c"), []step{{0, "release", false}}, off(false, "c", "d", "a", "b")), []bool{true, false}},
		{"the word does not hold for ever", half, 3,
			slices.Concat([]step{{0, "release", false}}, off(false, "a", "b", "c"), []step{{10 * time.Minute, "a", false}}, off(false, "b"), off(true, "c")), []bool{true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var events []bool
				f := newFuse(func() Fuse { return tt.config }, func() int { return tt.all }, func(b bool) { events = append(events, b) })
				for i, s := range tt.steps {
					time.Sleep(s.after)
					if s.bmc == "release" {
						f.release(10 * time.Minute)
						continue
					}
					err := f.take(inventory.Key{VM: s.bmc})
					if (err != nil) != s.refused {
						t.Fatalf("step %d, %s: %v", i, s.bmc, err)
					}
					if blown, _ := f.state(); s.refused && blown.IsZero() {
						t.Errorf("step %d, %s: the state does not tell", i, s.bmc)
					}
				}
				if !slices.Equal(events, tt.events) {
					t.Errorf("told %v, want %v", events, tt.events)
				}
			})
		})
	}
}

func TestFuseForgetsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFuse(func() Fuse { return Fuse{Share: 50, Within: time.Minute, Minimum: 5} }, func() int { return 1 << 20 }, func(bool) {})
		for i := range 10_000 {
			time.Sleep(time.Second)
			if err := f.take(inventory.Key{VM: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(f.stopped); n > 61 {
			t.Errorf("it remembers %d", n)
		}
	})
}
