package vsphere

import "slices"

// A fairQueue holds the commands that wait for vCenter and says whose turn it is:
// start-time fair queueing between tenants, first come first served within one.
// Each tenant has a clock that a command of its own moves on by one over its
// weight; the tenant whose clock shows least goes first. Of two tenants that both
// have something waiting, neither gets ahead of the other by more than one command
// of each, however much one of them asks for.
//
// It knows neither time nor locks: the dispatcher brings both.
type fairQueue struct {
	lines   []*line // in the order in which they were first seen
	virtual float64 // the clock of the command served last
	waiting int
}

// A line is what waits for one tenant.
type line struct {
	tenant  string
	weight  float64
	clock   float64   // when, in virtual time, its next command may start
	tickets []*ticket // those that must be carried out first, then the others
}

// line returns a tenant's line, making it with the weight when there is none.
func (q *fairQueue) line(tenant string, weight float64) *line {
	for _, l := range q.lines {
		if l.tenant == tenant {
			return l
		}
	}
	l := &line{tenant: tenant, weight: weight}
	q.lines = append(q.lines, l)
	return l
}

// push appends a ticket to its line. One that must be carried out goes before all
// that may still be refused.
func (q *fairQueue) push(l *line, t *ticket) {
	if len(l.tickets) == 0 {
		l.clock = max(l.clock, q.virtual) // time in which it wanted nothing is not saved up
	}
	at := len(l.tickets)
	if t.must {
		for at > 0 && !l.tickets[at-1].must {
			at--
		}
	}
	l.tickets = slices.Insert(l.tickets, at, t)
	q.waiting++
}

// next returns the line whose turn it is among those that may, or nil. A line that
// may not does not save the time up.
func (q *fairQueue) next(may func(*line) bool) *line {
	var best *line
	for _, l := range q.lines {
		if len(l.tickets) > 0 && (best == nil || l.clock < best.clock) && may(l) {
			best = l
		}
	}
	if best == nil {
		return nil
	}
	for _, l := range q.lines {
		if len(l.tickets) > 0 && l.clock < best.clock {
			l.clock = best.clock
		}
	}
	return best
}

// serve takes the ticket at the head of a line that next has returned.
func (q *fairQueue) serve(l *line) *ticket {
	t := l.tickets[0]
	q.remove(l, t)
	q.virtual = l.clock
	l.clock += 1 / l.weight
	return t
}

// remove takes a ticket out of its line, out of turn. It reports whether it was there.
func (q *fairQueue) remove(l *line, t *ticket) bool {
	at := slices.Index(l.tickets, t)
	if at < 0 {
		return false
	}
	l.tickets = slices.Delete(l.tickets, at, at+1)
	q.waiting--
	return true
}
