package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQuantileIsCloseToSorted(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []time.Duration
	var halves [2]latencies
	for i := range 10_000 {
		d := time.Duration(rnd.ExpFloat64() * float64(80*time.Microsecond))
		all = append(all, d)
		halves[i%2].add(d)
	}
	slices.Sort(all)
	sum := halves[0]
	sum.merge(&halves[1])
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		if got := sum.quantile(q); got > want || got < want-want/bucketsPerPower-1 {
			t.Errorf("quantile %v: got %v, want %v or up to 1/%d less", q, got, want, bucketsPerPower)
		}
	}
}

func TestBucketsAreInOrder(t *testing.T) {
	for i := range (powers + 1) * bucketsPerPower {
		if got := bucket(uint64(lowest(i))); got != i {
			t.Fatalf("the least time of bucket %d, %v, is counted in bucket %d", i, lowest(i), got)
		}
	}
	var l latencies
	if got := l.quantile(0.5); got != 0 {
		t.Errorf("of nothing: got %v, want 0", got)
	}
	l.add(-time.Second)
	l.add(1000 * time.Hour)
	if got := l.total; got != 2 {
		t.Errorf("counted %d times outside of the range, want 2", got)
	}
}
