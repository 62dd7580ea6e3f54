package address

import "math/bits"

// A freeSet is a set of small numbers that gives its lowest member quickly: one
// bit each, and the number of the word before which all are empty.
type freeSet struct {
	words []uint64
	low   int // no word before this one has a member
	count int
}

// newFreeSet returns the set of 0 to n-1.
func newFreeSet(n int) *freeSet {
	s := &freeSet{words: make([]uint64, (n+63)/64)}
	for i := range n {
		s.add(i)
	}
	return s
}

func (s *freeSet) has(i int) bool { return s.words[i/64]&(1<<(i%64)) != 0 }

func (s *freeSet) add(i int) {
	if s.has(i) {
		return
	}
	s.words[i/64] |= 1 << (i % 64)
	s.low = min(s.low, i/64)
	s.count++
}

func (s *freeSet) remove(i int) {
	if !s.has(i) {
		return
	}
	s.words[i/64] &^= 1 << (i % 64)
	s.count--
}

// takeLowest removes the lowest member and returns it.
func (s *freeSet) takeLowest() (int, bool) {
	for ; s.low < len(s.words); s.low++ {
		if w := s.words[s.low]; w != 0 {
			i := s.low*64 + bits.TrailingZeros64(w)
			s.remove(i)
			return i, true
		}
	}
	return 0, false
}
