package address

import "time"

// A heldQueue orders the leases that lapse by themselves by when they do, the
// first first and the lower address first among equals. It is a heap.Interface;
// each lease knows its place, so that one which is put to use again leaves from
// the middle.
type heldQueue []*entry

// pruneAtOnce bounds how many leases are forgotten with each that is given.
const pruneAtOnce = 16

// prune forgets leases of a large pool that anybody may have by now: a VM that
// comes back finds its address by its identity there, and without end VMs that
// come and go would fill the books.
func (p *Pool) prune(now time.Time) {
	if p.size <= MaxPoolSize {
		return
	}
	for range pruneAtOnce {
		if len(p.held) == 0 || now.Before(p.held[0].free) {
			return
		}
		p.part(p.held[0])
	}
}

// An entry is a lease in the books of a pool.
type entry struct {
	Lease
	free  time.Time // when another VM may have the address
	place int       // in the heldQueue, -1 while it does not lapse
}

// Len implements heap.Interface.
func (q heldQueue) Len() int { return len(q) }

// Less implements heap.Interface.
func (q heldQueue) Less(i, j int) bool {
	if c := q[i].free.Compare(q[j].free); c != 0 {
		return c < 0
	}
	return q[i].Address.Less(q[j].Address)
}

// Swap implements heap.Interface.
func (q heldQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements heap.Interface; use heap.Push.
func (q *heldQueue) Push(x any) {
	e := x.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}

// Pop implements heap.Interface; use heap.Pop.
func (q *heldQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	e.place = -1
	return e
}
