package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

const (
	// unheardFor is how long an accepted operation that nobody heard of, because
	// every client had been sent away with node busy, answers a repeat.
	unheardFor = 30 * time.Second
	// finishWithin is how long a stopping gateway waits for an operation: a power
	// cycle must not leave its VM off because the gateway was restarted meanwhile.
	finishWithin = 20 * time.Second
)

// An operation is one power action on one VM, from the request to its end.
type operation struct {
	action   ipmi.ChassisControl
	accepted chan struct{} // closed when err says whether vSphere accepted the action
	done     chan struct{} // closed at the end
	err      error
	trace    *bmc.Trace // of its calls, for all who asked for it
	before   *operation // that was the last one; of one that has ended: nil

	// Guarded by operations.mu.
	running bool
	heard   bool // err reached a client
	failed  bool // after it was accepted
	ended   time.Time
}

// An untouched is the error of an action that vSphere was not asked for.
type untouched struct{ error }

// operations runs one power action at a time on a VM. A repeat of the action
// that is running joins it; any other waits for its end, for as long as its
// client does. What could not begin by then never does: the client was told
// node busy, and decides anew.
type operations struct {
	// late is told of an action that failed after it had been accepted.
	late func(ipmi.ChassisControl, error)
	// earlier are the operations of BMCs that the VM had before, which go on; nil: none.
	earlier func() []*operations
	isOn    func() bool // the VM, as far as the watch has seen; nil: that is not known

	ctx    context.Context // of the operations; outlives the clients that asked for them
	cancel context.CancelFunc
	wg     sync.WaitGroup

	closing chan struct{} // closed when the operations are to end soon

	mu      sync.Mutex
	current *operation // running, or the last one
	closed  bool
}

func newOperations(late func(ipmi.ChassisControl, error)) *operations {
	ctx, cancel := context.WithCancel(context.Background())
	return &operations{late: late, ctx: ctx, cancel: cancel, closing: make(chan struct{})}
}

// do runs the action, or joins the one that runs, and returns when vSphere has
// accepted or refused it, or when ctx ends; the action then goes on. run calls
// accept as soon as the client may be told of success, and may go on after it.
func (o *operations) do(ctx context.Context, action ipmi.ChassisControl, run func(ctx context.Context, accept func()) error) error {
	if o.earlier != nil {
		for _, before := range o.earlier() {
			if joined, err := before.precede(ctx, action); joined || err != nil {
				return err
			}
		}
	}
	for {
		op, err := o.start(ctx, action, run)
		if err != nil {
			return err
		}
		if op.action == action {
			return o.hear(ctx, op)
		}
		select {
		case <-op.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hear waits for vSphere's answer.
func (o *operations) hear(ctx context.Context, op *operation) error {
	defer func() { bmc.TraceIn(ctx).Note(op.trace.Noted()) }()
	select {
	case <-op.accepted:
		o.mu.Lock()
		defer o.mu.Unlock()
		op.heard = true
		return op.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// start returns a new operation, one that the action can join, or another that
// has to end first.
func (o *operations) start(ctx context.Context, action ipmi.ChassisControl, run func(context.Context, func()) error) (*operation, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if op := o.current; op != nil && (op.running || op.answersRepeat(action) && o.stillSo(action)) {
		return op, nil
	}
	if o.closed {
		return nil, ipmi.NodeBusy
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	op := &operation{action: action, accepted: make(chan struct{}), done: make(chan struct{}), running: true, trace: new(bmc.Trace), before: o.current}
	o.current = op
	o.wg.Go(func() { o.run(op, run) })
	return op, nil
}

// answersRepeat reports whether op was carried out and the clients that asked
// for it do not know: their repeat must not carry it out again.
func (op *operation) answersRepeat(action ipmi.ChassisControl) bool {
	return !op.running && !op.heard && !op.failed && op.err == nil && op.action == action && time.Since(op.ended) < unheardFor
}

// stillSo reports whether what was carried out a moment ago can be told as it is:
// somebody else may have acted since. Off never is, vCenter is asked again. On is
// while the VM is on: each new question would take a slow vCenter longer than a
// client waits, so a client that comes back for the answer would never get it.
func (o *operations) stillSo(action ipmi.ChassisControl) bool {
	switch action {
	case ipmi.ChassisPowerDown:
		return false
	case ipmi.ChassisPowerUp:
		return o.isOn != nil && o.isOn()
	default:
		return true
	}
}

func (o *operations) run(op *operation, run func(context.Context, func()) error) {
	told := false
	accept := func() {
		told = true
		close(op.accepted)
	}
	err := run(op.trace.In(o.ctx), accept)
	if told && err != nil {
		o.late(op.action, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	op.running, op.ended, op.failed = false, time.Now(), told && err != nil
	defer close(op.done)
	var none untouched
	if errors.As(err, &none) {
		err, o.current = none.error, op.before // nothing came between that and its repeat
	}
	op.before = nil
	if !told {
		op.err = err
		close(op.accepted)
	}
}

// close refuses new operations and returns when the running one has ended; one
// that does not end within finishWithin is cancelled.
func (o *operations) close() {
	o.mu.Lock()
	if !o.closed {
		close(o.closing)
	}
	o.closed = true
	o.mu.Unlock()
	hurry := time.AfterFunc(finishWithin, o.cancel)
	o.wg.Wait()
	hurry.Stop()
	o.cancel()
}

// pause waits for d, for the end of ctx, or until the operations are to end: a
// VM that a power cycle keeps off is then started earlier than asked for, because
// nobody would do it later.
func (o *operations) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-o.closing:
	case <-t.C:
	}
	return nil
}
