package vsphere

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// always is for a next in which every line may.
func always(*line) bool { return true }

// served serves n tickets and returns how many of each tenant there were.
func served(q *fairQueue, n int) map[string]int {
	times := make(map[string]int)
	for range n {
		l := q.next(always)
		if l == nil {
			break
		}
		q.serve(l)
		times[l.tenant]++
	}
	return times
}

func crowd(q *fairQueue, tenant string, weight float64, n int) *line {
	l := q.line(tenant, weight)
	for range n {
		q.push(l, new(ticket))
	}
	return l
}

func TestFairQueueShares(t *testing.T) {
	tests := []struct {
		name    string
		weights map[string]float64
		waiting map[string]int
		serve   int
		want    map[string]int
	}{
		{"equal weights take turns", map[string]float64{"a": 1, "b": 1}, map[string]int{"a": 500, "b": 500}, 100, map[string]int{"a": 50, "b": 50}},
		{"three to one", map[string]float64{"a": 3, "b": 1}, map[string]int{"a": 500, "b": 500}, 100, map[string]int{"a": 75, "b": 25}},
		{"a single command is not behind a storm", map[string]float64{"a": 1, "b": 1}, map[string]int{"a": 500, "b": 1}, 2, map[string]int{"a": 1, "b": 1}},
		{"who is alone has all", map[string]float64{"a": 0.1}, map[string]int{"a": 20}, 20, map[string]int{"a": 20}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var q fairQueue
			for _, tenant := range []string{"a", "b"} {
				if tt.weights[tenant] > 0 {
					crowd(&q, tenant, tt.weights[tenant], tt.waiting[tenant])
				}
			}
			got := served(&q, tt.serve)
			for tenant, want := range tt.want {
				if d := got[tenant] - want; d < -1 || d > 1 {
					t.Errorf("tenant %s was served %d times, want %d", tenant, got[tenant], want)
				}
			}
		})
	}
}

// Who was away, or might not for a while, has no turns in store.
func TestFairQueueSavesNothingUp(t *testing.T) {
	var q fairQueue
	crowd(&q, "a", 1, 1000)
	served(&q, 300)
	crowd(&q, "b", 1, 1000)
	if got := served(&q, 100); got["b"] > 51 {
		t.Errorf("a tenant that came later was served %d of 100 times", got["b"])
	}
	notB := func(l *line) bool { return l.tenant != "b" }
	for range 300 {
		l := q.next(notB)
		if !notB(l) {
			t.Fatal("a tenant that might not go was served")
		}
		q.serve(l)
	}
	if l := q.next(func(*line) bool { return false }); l != nil {
		t.Errorf("%s has the turn, and nobody may go", l.tenant)
	}
	if got := served(&q, 100); got["b"] > 51 {
		t.Errorf("a tenant that might not go for a while was then served %d of 100 times", got["b"])
	}
}

func TestFairQueueMustGoFirst(t *testing.T) {
	var q fairQueue
	l := crowd(&q, "a", 1, 3)
	first, second := &ticket{must: true}, &ticket{must: true}
	q.push(l, first)
	q.push(l, second)
	if a, b := q.serve(q.next(always)), q.serve(q.next(always)); a != first || b != second {
		t.Error("what must be carried out was not served first, in its order")
	}
}

// TestFairQueueProperties plays random arrivals, departures and turns against what
// start-time fair queueing promises.
func TestFairQueueProperties(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { playFairQueue(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func playFairQueue(t *testing.T, r *rand.Rand) {
	var q fairQueue
	tenants := 2 + r.IntN(4)
	expected := make([][]*ticket, tenants) // what waits, in order
	lines := make([]*line, tenants)
	for i := range lines {
		lines[i] = q.line(fmt.Sprint(i), 0.25+r.Float64()*4)
	}
	// Service of each pair since both have had something waiting without a break.
	since := make(map[[2]int][2]float64)
	waiting, virtual := 0, 0.0
	for range 2000 {
		i := r.IntN(tenants)
		switch {
		case r.IntN(2) == 0:
			tk := new(ticket)
			q.push(lines[i], tk)
			expected[i] = append(expected[i], tk)
			waiting++
		case r.IntN(10) == 0 && len(expected[i]) > 0:
			at := r.IntN(len(expected[i]))
			if !q.remove(lines[i], expected[i][at]) {
				t.Fatal("a waiting ticket was not there")
			}
			expected[i] = slices.Delete(expected[i], at, at+1)
			waiting--
		default:
			l := q.next(always)
			if (l == nil) != (waiting == 0) {
				t.Fatalf("next gave %v with %d waiting", l, waiting)
			}
			if l == nil {
				break
			}
			i = slices.Index(lines, l)
			if got := q.serve(l); got != expected[i][0] {
				t.Fatal("not first come, first served")
			}
			expected[i] = expected[i][1:]
			waiting--
			if q.virtual < virtual {
				t.Fatalf("virtual time went from %v to %v", virtual, q.virtual)
			}
			virtual = q.virtual
			for a := range tenants {
				pair := [2]int{min(a, i), max(a, i)}
				if s, ok := since[pair]; ok && a != i {
					s[count(pair[1] == i)] += 1 / l.weight
					since[pair] = s
				}
			}
		}
		if q.waiting != waiting {
			t.Fatalf("%d waiting, want %d", q.waiting, waiting)
		}
		checkPairs(t, lines, expected, since)
	}
}

// checkPairs: of two tenants that both wait, neither is ahead by more than one
// command of each, counted in virtual time.
func checkPairs(t *testing.T, lines []*line, expected [][]*ticket, since map[[2]int][2]float64) {
	t.Helper()
	for a := range lines {
		for b := a + 1; b < len(lines); b++ {
			pair := [2]int{a, b}
			if len(expected[a]) == 0 || len(expected[b]) == 0 {
				delete(since, pair)
				continue
			}
			s, ok := since[pair]
			if !ok {
				since[pair] = s
			}
			if most := 1/lines[a].weight + 1/lines[b].weight; math.Abs(s[0]-s[1]) > most+1e-9 {
				t.Fatalf("tenants of weight %.2f and %.2f have had %.2f and %.2f, further apart than %.2f",
					lines[a].weight, lines[b].weight, s[0], s[1], most)
			}
		}
	}
}

// BenchmarkFairQueue is a turn with fifty tenants of four waiting commands each.
func BenchmarkFairQueue(b *testing.B) {
	var q fairQueue
	for i := range 50 {
		crowd(&q, fmt.Sprint(i), float64(1+i%3), 4)
	}
	b.ReportAllocs()
	for b.Loop() {
		l := q.next(always)
		q.push(l, q.serve(l))
	}
}
