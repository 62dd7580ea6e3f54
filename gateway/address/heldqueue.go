package address

// A heldQueue orders released leases by how long they have been released, the
// longest first and the lower address first among equals. It is a
// heap.Interface; each lease knows its place, so that one which is put to use
// again leaves from the middle.
type heldQueue []*entry

// An entry is a lease in the books of a pool.
type entry struct {
	Lease
	index int // of the address in the pool
	place int // in the heldQueue, -1 while the lease is in use
}

// Len implements heap.Interface.
func (q heldQueue) Len() int { return len(q) }

// Less implements heap.Interface.
func (q heldQueue) Less(i, j int) bool {
	if c := q[i].ReleasedAt.Compare(q[j].ReleasedAt); c != 0 {
		return c < 0
	}
	return q[i].index < q[j].index
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
