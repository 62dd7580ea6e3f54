package vsphere

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Why a command was not sent.
var (
	errQueueFull = errors.New("too many commands wait")
	errTooLate   = errors.New("its turn did not come in time")
)

// A dispatcher lets commands through to vCenter: as many a second, and as many at
// once, as the limits allow, in the order of the fair queue. It has no goroutine:
// whoever comes, leaves or ends a call looks who is next, and a timer does when a
// bucket has to fill up first.
type dispatcher struct {
	limits Limits
	// batch makes one call for power-ons that go together, each of which then hears of
	// its outcome, and calls leave. It must not wait; false: it cannot.
	batch func([]*ticket) bool

	mu       sync.Mutex
	queue    fairQueue
	bucket   *rate.Limiter
	shares   map[string]TenantShare
	buckets  map[*line]*rate.Limiter
	inFlight int
	timer    *time.Timer // the next look, when one is due
	closed   bool
}

// A ticket is a command's place in the queue.
type ticket struct {
	command *Command
	by      time.Time  // not to be sent after this; zero: whenever
	must    bool       // not to be refused because many wait
	vm      *startable // what may go with others in one call; nil: nothing
	others  []*Command // that go in the same call

	line    *line
	turn    chan struct{} // closed when its turn has come, or it is too late
	late    bool          // it is too late; set before turn is closed
	outcome chan outcome  // of the call it goes with others in, capacity 1; nil: it makes its own
}

func newDispatcher(limits Limits, shares []TenantShare, batch func([]*ticket) bool) *dispatcher {
	d := &dispatcher{
		limits: limits, batch: batch, bucket: rate.NewLimiter(rate.Limit(limits.Rate), limits.Burst),
		shares: make(map[string]TenantShare), buckets: make(map[*line]*rate.Limiter),
	}
	for _, s := range shares {
		d.shares[s.Tenant] = s.withDefaults()
	}
	return d
}

// enter waits until the command may be sent, or says why it will not be. After nil
// the caller makes one call and then calls leave, unless the ticket goes with a
// batch, which does that.
func (d *dispatcher) enter(ctx context.Context, t *ticket) error {
	t.turn = make(chan struct{})
	if err := d.queueUp(t); err != nil {
		return err
	}
	var late <-chan time.Time
	if !t.by.IsZero() {
		timer := time.NewTimer(time.Until(t.by))
		defer timer.Stop()
		late = timer.C
	}
	err := errTooLate
	select {
	case <-t.turn:
	case <-late:
	case <-ctx.Done():
		err = ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.queue.remove(t.line, t), t.late:
		if errors.Is(err, errTooLate) {
			err = fmt.Errorf("%w: %w", ErrBusy, err)
		}
		return err
	default:
		return nil // its turn came
	}
}

func (d *dispatcher) queueUp(t *ticket) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return fmt.Errorf("%w: %w", ErrUnavailable, errNotRunning)
	}
	t.line = d.lineOf(t.command.tenant)
	if len(t.line.tickets) >= d.limits.Queue && !t.must {
		return fmt.Errorf("%w: %w: %d of tenant %q", ErrBusy, errQueueFull, len(t.line.tickets), t.command.tenant)
	}
	d.queue.push(t.line, t)
	d.dispatch(time.Now())
	return nil
}

// lineOf returns a tenant's line. What belongs to no tenant that is configured has
// one line together, so that their number stays bounded.
func (d *dispatcher) lineOf(tenant string) *line {
	share, ok := d.shares[tenant]
	if !ok {
		tenant, share = "", d.shares[""].withDefaults()
	}
	l := d.queue.line(tenant, share.Weight)
	if d.buckets[l] == nil {
		d.buckets[l] = rate.NewLimiter(rate.Limit(share.Rate), share.Burst)
	}
	return l
}

// leave ends a call that enter has let through.
func (d *dispatcher) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inFlight--
	d.dispatch(time.Now())
}

// dispatch lets through what may go now. mu is held.
func (d *dispatcher) dispatch(now time.Time) {
	for d.inFlight < d.limits.AtOnce && d.queue.waiting > 0 && !d.closed {
		if lacks := delay(d.bucket, now); lacks > 0 {
			d.lookAgain(lacks)
			return
		}
		soonest := time.Duration(-1)
		l := d.queue.next(func(l *line) bool {
			lacks := delay(d.buckets[l], now)
			if lacks > 0 && (soonest < 0 || lacks < soonest) {
				soonest = lacks
			}
			return lacks <= 0
		})
		if l == nil {
			d.lookAgain(soonest)
			return
		}
		d.let(l, now)
	}
}

// let takes the first ticket of a line out of the queue and lets it go, with others
// if they can go in one call. One that is too late costs nothing.
func (d *dispatcher) let(l *line, now time.Time) {
	if t := l.tickets[0]; t.expired(now) {
		d.queue.remove(l, t)
		t.late = true
		close(t.turn)
		return
	}
	first := d.queue.serve(l)
	d.bucket.AllowN(now, 1)
	d.buckets[l].AllowN(now, 1)
	d.inFlight++
	together := []*ticket{first}
	if many := d.together(l, first, now); len(many)+1 >= max(2, d.limits.BatchFrom) {
		together = append(together, many...)
		d.send(l, together)
	}
	for _, t := range together {
		close(t.turn)
	}
}

// send lets power-ons go in one call.
func (d *dispatcher) send(l *line, together []*ticket) {
	for _, t := range together {
		d.queue.remove(l, t)
		t.outcome = make(chan outcome, 1)
	}
	if d.batch(together) {
		return
	}
	d.inFlight--
	for _, t := range together {
		t.outcome <- outcome{err: fmt.Errorf("%w: %w", ErrUnavailable, errNotRunning)}
	}
}

// together returns the power-ons of the line that could go with the first.
func (d *dispatcher) together(l *line, first *ticket, now time.Time) []*ticket {
	var many []*ticket
	if first.vm == nil || d.limits.BatchFrom < 2 {
		return nil
	}
	for _, t := range l.tickets {
		if t.vm != nil && !t.expired(now) && len(many) < d.limits.BatchMost-1 {
			many = append(many, t)
		}
	}
	return many
}

func (t *ticket) expired(now time.Time) bool { return !t.by.IsZero() && !now.Before(t.by) }

// delay is how long the bucket takes until there is something in it.
func delay(bucket *rate.Limiter, now time.Time) time.Duration {
	lacks := 1 - bucket.TokensAt(now)
	if lacks <= 0 {
		return 0
	}
	return max(time.Duration(lacks/float64(bucket.Limit())*float64(time.Second)), time.Millisecond)
}

func (d *dispatcher) lookAgain(after time.Duration) {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer = time.AfterFunc(after, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.dispatch(time.Now())
	})
}

// close sends away everybody who waits and whoever comes later.
func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
	}
	for _, l := range d.queue.lines {
		for len(l.tickets) > 0 {
			t := l.tickets[0]
			d.queue.remove(l, t)
			t.late = true
			close(t.turn)
		}
	}
}

// load returns how many calls are under way, and how many commands wait by tenant.
// Those of nobody's stand under "".
func (d *dispatcher) load() (underWay int, waiting map[string]int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	waiting = make(map[string]int, len(d.queue.lines))
	for _, l := range d.queue.lines {
		waiting[l.tenant] = len(l.tickets)
	}
	return d.inFlight, waiting
}
