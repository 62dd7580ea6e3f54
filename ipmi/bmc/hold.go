package bmc

import (
	"context"
	"runtime/debug"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	// holdTime is how long a client waits at most for a state-changing command:
	// ipmitool's second repeat comes after three seconds.
	holdTime = 2 * time.Second
	// overstay is how much longer a Machine may take to notice that the time is
	// over. One that needs more does not keep its contract; clients are answered
	// without it.
	overstay = 100 * time.Millisecond
	// maxHeld commands of one BMC are carried out at a time.
	maxHeld = 32
)

// carry does what a held command asks for and returns what follows the
// completion code.
type carry func(context.Context) ([]byte, error)

// hold takes a state-changing command off the packet path whose answer is no
// more than a completion code; see holdFor.
func (c *call) hold(what string, dst []byte, run func(context.Context) error) ([]byte, error) {
	return c.holdFor(what, dst, func(ctx context.Context) ([]byte, error) { return nil, run(ctx) })
}

// holdFor takes a state-changing command off the packet path: run is called
// once, in a goroutine of the BMC, however many copies of the request come. The
// answer is sent when run returns, which it must when its context ends; what it
// has begun goes on. The bytes it returns follow the completion code.
func (c *call) holdFor(what string, dst []byte, run carry) ([]byte, error) {
	if !c.row.Changes {
		panic("bmc: " + c.row.Name + " is held, but not marked as changing something")
	}
	as := &c.s.actions
	as.forget(c.now)
	key := c.key()
	if a := as.original(key, c.sequence); a != nil {
		return c.join(a, dst)
	}
	if c.overtaken() {
		return nil, ipmi.NodeBusy // a copy that nobody remembers, or one that must not undo a later command
	}
	a := &action{
		key:      key,
		sequence: c.sequence,
		audit:    Audit{Account: c.s.who.name, Session: c.s.id, From: c.from, Command: what},
		command:  c.row,
		ended:    make(chan struct{}),
	}
	if !as.start(a) {
		return nil, ipmi.NodeBusy
	}
	if c.b.held >= maxHeld {
		a.finish(c.now, ipmi.NodeBusy, nil)
		return nil, ipmi.NodeBusy
	}
	before := as.tail
	as.tail = a.ended
	c.b.held++
	b, s := c.b, c.s // c is used again by the next packet
	b.carrying.Go(func() { b.carryOut(s, a, before, run) })
	return c.join(a, dst)
}

func (c *call) key() string {
	return string(append([]byte{byte(c.row.NetFn), c.row.Cmd}, c.data()...))
}

// join answers a copy of an action: now when it has finished, else with the others.
func (c *call) join(a *action, dst []byte) ([]byte, error) {
	switch {
	case a.finished && a.code == ipmi.Completed:
		c.copied = true
		return append(dst, a.body...), nil
	case a.finished:
		c.copied = true
		return nil, a.code
	case a.overdue || len(a.copies) >= maxCopies:
		c.copied = true
		return nil, ipmi.NodeBusy
	}
	m := c.message
	m.Data = nil // the packet's buffer is used again
	a.copies = append(a.copies, heldCopy{message: m, via: c.b.via, from: c.from, arrived: c.now})
	c.held = true
	return dst, nil
}

// carryOut calls the Machine and answers the copies. Commands of one session
// reach the Machine in the order in which they came.
func (b *BMC) carryOut(s *session, a *action, before <-chan struct{}, run carry) {
	defer close(a.ended)
	started, trace := time.Now(), new(Trace)
	ctx, cancel := context.WithTimeout(trace.In(context.Background()), holdTime)
	defer cancel()
	if !turn(ctx, before) {
		b.finish(s, a, ipmi.NodeBusy, nil)
		return
	}
	var body []byte // written before result is sent
	result := make(chan error, 1)
	go func() {
		var err error
		body, err = b.guarded(ctx, run)
		result <- err
	}()
	patience := time.NewTimer(holdTime - time.Since(started) + overstay)
	defer patience.Stop()
	var err error
	select {
	case err = <-result:
	case <-patience.C:
		b.giveUp(s, a)
		err = <-result
	}
	a.audit.Err, a.audit.Code = err, completionCode(err)
	a.audit.Took = time.Since(started)
	a.audit.Operation, a.audit.Task = trace.Noted()
	b.config.Events.Changed(a.audit)
	b.finish(s, a, a.audit.Code, body)
}

// turn waits for the session's command before this one. False says that it
// took too long.
func turn(ctx context.Context, before <-chan struct{}) bool {
	if before == nil {
		return true
	}
	select {
	case <-before:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// guarded turns a panic of the Machine into an answer.
func (b *BMC) guarded(ctx context.Context, run carry) (body []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			b.config.Events.Panicked(v, debug.Stack())
			body, err = nil, ipmi.Unspecified
		}
	}()
	return run(ctx)
}

// giveUp answers the copies with node busy, and those that are still to come.
func (b *BMC) giveUp(s *session, a *action) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a.overdue = true
	b.answerCopies(s, a, ipmi.NodeBusy)
}

func (b *BMC) finish(s *session, a *action, code ipmi.CompletionCode, body []byte) {
	if code != ipmi.Completed {
		body = nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held--
	now := time.Now()
	a.finish(now, code, body)
	a.audit.Code = code
	b.rememberAudit(a.audit, a.command, now)
	b.answerCopies(s, a, code)
}

// answerCopies sends each copy an answer of its own, in the order they came.
func (b *BMC) answerCopies(s *session, a *action, code ipmi.CompletionCode) {
	for _, copied := range a.copies {
		if reason := b.answerCopy(s, a, copied, code); reason != NotDropped {
			b.config.Events.Dropped(reason)
		}
	}
	a.copies = slices.Delete(a.copies, 0, len(a.copies))
}

// answerCopy decides the fate of one copy. As on the packet path, whatever goes
// wrong in there is not the daemon's fate.
func (b *BMC) answerCopy(s *session, a *action, copied heldCopy, code ipmi.CompletionCode) (reason DropReason) {
	defer b.recovered(&reason)
	if s.closed {
		return DropSessionClosed
	}
	b.answered(a.command, code, copied.arrived)
	b.message = ipmi.AppendResponse(b.message[:0], copied.message, code, a.body)
	b.reply = b.seal(s, b.message, b.reply[:0])
	return b.send(copied.via, b.reply, copied.from)
}
