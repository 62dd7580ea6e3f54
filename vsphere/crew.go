package vsphere

import (
	"context"
	"errors"
	"sync"
)

var errNotRunning = errors.New("not running")

// A crew is the goroutines of one Run. After stop none is left and none can be
// added, so a login that a verb asked for cannot outlive the VCenter.
type crew struct {
	mu   sync.Mutex
	wg   sync.WaitGroup
	ctx  context.Context // of Run; nil before it and after it
	used bool
}

// begin opens the crew. It can be opened once.
func (c *crew) begin(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used {
		return errors.New("run twice")
	}
	c.used, c.ctx = true, ctx
	return nil
}

// launch runs fn in a goroutine of its own and reports whether it could.
func (c *crew) launch(fn func(context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil || c.ctx.Err() != nil {
		return false
	}
	ctx := c.ctx
	c.wg.Go(func() { fn(ctx) })
	return true
}

// stop closes the crew and waits for all of it. The context given to begin must
// have ended.
func (c *crew) stop() {
	c.mu.Lock()
	c.ctx = nil
	c.mu.Unlock()
	c.wg.Wait()
}
