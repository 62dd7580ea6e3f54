package vsphere

import (
	"context"
	"net/http/httptrace"
	"time"
)

// arm returns a context for one attempt at the ticket's call. It ends with
// errTooLate when the time is up before there is a connection to send the call on:
// waiting for a login or for a dead path is waiting too. disarm ends it. Without a
// ticket nothing is added.
func (t *ticket) arm(ctx context.Context) (_ context.Context, disarm func()) {
	if t == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	if t.expired(time.Now()) {
		cancel(errTooLate) // now: a timer might come after the call
	}
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { t.begin() }}
	disarm = func() { cancel(nil) }
	if !t.by.IsZero() {
		timer := time.AfterFunc(time.Until(t.by), func() { cancel(errTooLate) })
		// The transport comes back for another connection when an idle one turns out dead.
		trace.GetConn = func(string) { timer.Reset(time.Until(t.by)) }
		trace.GotConn = func(httptrace.GotConnInfo) {
			timer.Stop()
			t.begin()
		}
		disarm = func() {
			timer.Stop()
			cancel(nil)
		}
	}
	return httptrace.WithClientTrace(ctx, trace), disarm
}

// begin notes that the call is being sent: vCenter may carry it out from now on.
func (t *ticket) begin() {
	t.command.begun.Store(true)
	for _, other := range t.others {
		other.begun.Store(true)
	}
}
