package load

import (
	"math/bits"
	"time"
)

const (
	// Each power of two has this many buckets, so a quantile is at most 1/64 off.
	bucketsPerPower = 64
	powers          = 40 // up to 2^45 ns, hours
)

// latencies count how often an operation took how long, in constant space.
type latencies struct {
	counts [(powers + 1) * bucketsPerPower]uint32
	total  uint64
}

func (l *latencies) add(d time.Duration) {
	l.counts[bucket(uint64(max(d, 0)))]++
	l.total++
}

func (l *latencies) merge(o *latencies) {
	for i, n := range o.counts {
		l.counts[i] += n
	}
	l.total += o.total
}

// quantile returns the least time that the share q of all operations did not
// exceed; 0 when there were none.
func (l *latencies) quantile(q float64) time.Duration {
	left := int64(q * float64(l.total))
	for i, n := range l.counts {
		if left -= int64(n); left < 0 || left == 0 && n > 0 && q == 1 {
			return lowest(i)
		}
	}
	return 0
}

// bucket is where ns is counted: exactly below 64 ns, by the seven highest bits above.
func bucket(ns uint64) int {
	if ns < bucketsPerPower {
		return int(ns)
	}
	shift := bits.Len64(ns) - 7
	return min((shift+1)*bucketsPerPower+int(ns>>shift)-bucketsPerPower, (powers+1)*bucketsPerPower-1)
}

// lowest is the least time of a bucket.
func lowest(i int) time.Duration {
	if i < bucketsPerPower {
		return time.Duration(i)
	}
	shift := i/bucketsPerPower - 1
	return time.Duration(i%bucketsPerPower+bucketsPerPower) << shift
}
