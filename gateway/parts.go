package gateway

import (
	"context"
	"errors"
	"sync"
)

// errAlone is why a part ends while the daemon goes on.
var errAlone = errors.New("not configured any more")

// endedAlone reports whether a part was ended while the daemon goes on.
func endedAlone(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errAlone) }

// parts are what runs of one kind, vCenters or tenants. They come and go while the
// daemon runs, and end with it at the latest.
type parts struct {
	mu      sync.Mutex
	ctx     context.Context // nil: nothing may be started
	running map[any]part
	all     sync.WaitGroup
}

// A part is one of them.
type part struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
}

// begin lets parts be started, until ctx ends.
func (p *parts) begin(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ctx, p.running = ctx, make(map[any]part)
}

// start runs a part in a goroutine of its own and reports whether it could. who
// names it to end.
func (p *parts) start(who any, run func(context.Context)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx == nil || p.ctx.Err() != nil {
		return false
	}
	ctx, cancel := context.WithCancelCause(p.ctx)
	one := part{cancel: cancel, done: make(chan struct{})}
	p.running[who] = one
	p.all.Go(func() {
		defer close(one.done)
		defer p.forget(who, one)
		defer cancel(nil)
		run(ctx)
	})
	return true
}

// forget is for a part that has ended.
func (p *parts) forget(who any, ended part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[who].done == ended.done {
		delete(p.running, who)
	}
}

// end ends a part and waits for it.
func (p *parts) end(who any) {
	p.mu.Lock()
	one, ok := p.running[who]
	delete(p.running, who)
	p.mu.Unlock()
	if !ok {
		return
	}
	one.cancel(errAlone)
	<-one.done
}

// wait waits for all parts. The context given to begin must have ended.
func (p *parts) wait() {
	p.mu.Lock()
	p.ctx = nil
	p.mu.Unlock()
	p.all.Wait()
}
