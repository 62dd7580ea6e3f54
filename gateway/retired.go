package gateway

import (
	"context"
	"slices"
	"sync"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// retired are the power actions that go on although the BMC they were asked of is
// gone: it was opened anew, or went to another address or tenant. The VM's next BMC
// begins nothing before their end, or a power cycle would start what that has
// switched off.
type retired struct {
	mu sync.Mutex
	by map[inventory.Key][]*operations
}

func newRetired() *retired { return &retired{by: make(map[inventory.Key][]*operations)} }

// add notes operations that end; ended is to be called when they have.
func (r *retired) add(key inventory.Key, o *operations) (ended func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.by[key] = append(r.by[key], o)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		left := slices.DeleteFunc(slices.Clone(r.by[key]), func(one *operations) bool { return one == o })
		if r.by[key] = left; len(left) == 0 {
			delete(r.by, key)
		}
	}
}

// of returns those of a VM.
func (r *retired) of(key inventory.Key) []*operations {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.by[key]
}

// precede has an action that was asked of the next BMC wait for the one that runs
// here, or join it.
func (o *operations) precede(ctx context.Context, action ipmi.ChassisControl) (joined bool, err error) {
	o.mu.Lock()
	op := o.current
	running := op != nil && op.running
	o.mu.Unlock()
	switch {
	case !running:
		return false, nil
	case op.action == action:
		return true, o.hear(ctx, op)
	}
	select {
	case <-op.done:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
