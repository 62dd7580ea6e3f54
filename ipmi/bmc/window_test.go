package bmc

import "testing"

func TestWindow(t *testing.T) {
	type step struct {
		sequence uint32
		want     bool
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"zero is no number", []step{{0, false}}},
		{"any first number", []step{{3, true}, {4, true}}},
		{"a large first number", []step{{0x80000001, true}, {0x80000002, true}}},
		{"a number twice", []step{{1, true}, {1, false}, {2, true}, {1, false}, {2, false}}},
		{"reordered", []step{{1, true}, {3, true}, {2, true}, {2, false}, {3, false}}},
		{"15 above", []step{{1, true}, {16, true}}},
		{"16 above", []step{{1, true}, {17, false}, {16, true}}},
		{"16 below", []step{{100, true}, {84, true}, {84, false}}},
		{"17 below", []step{{100, true}, {83, false}}},
		{"what falls out of the window stays out", []step{{1, true}, {16, true}, {17, true}, {18, true}, {1, false}}},
		{"seen, then pushed to the edge", []step{{100, true}, {115, true}, {116, true}, {100, false}, {101, true}}},
		{"below one", []step{{1, true}, {0xFFFFFFFF, true}, {0xFFFFFFF1, true}, {0xFFFFFFF0, false}}},
		{"wraps around without zero", []step{{0xFFFFFFFE, true}, {0xFFFFFFFF, true}, {0, false}, {1, true}, {0xFFFFFFFF, false}, {2, true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWindow20()
			for i, s := range tt.steps {
				if got := w.fresh(s.sequence); got != s.want {
					t.Fatalf("step %d: fresh(%d) = %v, want %v", i+1, s.sequence, got, s.want)
				}
				if s.want {
					w.accept(s.sequence)
				}
			}
		})
	}
}

// TestWindowAsSet compares with a set of numbers, over a long history of chance.
func TestWindowAsSet(t *testing.T) {
	state := uint32(1)
	w := newWindow20()
	seen := map[uint32]bool{}
	highest := uint32(0)
	for range 20000 {
		state = state*1664525 + 1013904223
		sequence := highest + state>>24%40 - 18
		want := sequence != 0 && !seen[sequence]
		if highest != 0 {
			ahead := int32(sequence - highest)
			want = want && ahead <= 15 && ahead >= -16
		}
		if got := w.fresh(sequence); got != want {
			t.Fatalf("highest %d: fresh(%d) = %v, want %v", highest, sequence, got, want)
		}
		if want {
			w.accept(sequence)
			seen[sequence] = true
			if highest == 0 || int32(sequence-highest) > 0 {
				highest = sequence
			}
		}
	}
}

// TestWindow15 begins with the number the console was given.
func TestWindow15(t *testing.T) {
	tests := []struct {
		name     string
		first    uint32
		sequence []uint32
		want     []bool
	}{
		{"exactly the number it was given", 100, []uint32{100, 101}, []bool{true, true}},
		{"one more than it was given", 100, []uint32{101, 100}, []bool{true, true}},
		{"what lies before it", 100, []uint32{99, 92}, []bool{false, false}},
		{"the same again", 100, []uint32{100, 100}, []bool{true, false}},
		{"8 above the highest", 100, []uint32{100, 108, 117}, []bool{true, true, false}},
		{"8 below the highest", 100, []uint32{100, 108, 116, 109, 108, 107}, []bool{true, true, true, true, false, false}},
		{"8 below, and it is new", 100, []uint32{104, 112, 104, 105}, []bool{true, true, false, true}},
		{"9 below", 100, []uint32{104, 112, 103}, []bool{true, true, false}},
		{"zero is no number", 1, []uint32{0, 1}, []bool{false, true}},
		{"wraps around without zero", 0xFFFFFFFF, []uint32{0xFFFFFFFF, 0, 1, 0xFFFFFFFF}, []bool{true, false, true, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWindow15(tt.first)
			for i, sequence := range tt.sequence {
				got := w.fresh(sequence)
				if got != tt.want[i] {
					t.Errorf("packet %d, number %d: %v, want %v", i+1, sequence, got, tt.want[i])
				}
				if got {
					w.accept(sequence)
				}
			}
		})
	}
}
