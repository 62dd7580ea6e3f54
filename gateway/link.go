package gateway

import (
	"context"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// A link is a tenant's connection to the vCenter of its VMs. A reload may put
// another in its place, under the BMCs, which go on.
type link struct {
	vc   *vsphere.VCenter
	over chan struct{} // closed when another took its place
}

func newLink(vc *vsphere.VCenter) *link { return &link{vc: vc, over: make(chan struct{})} }

// vc returns the vCenter that is to be asked now.
func (t *tenant) vc() *vsphere.VCenter { return t.link.Load().vc }

// A feed is a subscription to what changes at a vCenter.
type feed struct {
	link    *link
	changed <-chan struct{}
	end     func()
}

func (t *tenant) subscribe() feed {
	f := feed{link: t.link.Load()}
	f.changed, f.end = f.link.vc.Subscribe()
	return f
}

// List is the inventory as the vCenter of now tells it, for the selector of now.
func (t *tenant) List(ctx context.Context) ([]inventory.VM, error) {
	t.loop.Lock()
	t.asked = t.config()
	t.loop.Unlock()
	return t.vc().Source(t.asked.needs()).List(ctx)
}

// relink puts another vCenter in the place of the present one. BMCs keep their
// addresses and sessions; what they say is as the new one knows it. What commands
// have begun goes on where it was begun, in so far as it asks for nothing more;
// begun returns the ends of all those.
func (t *tenant) relink(vc *vsphere.VCenter) (begun []<-chan struct{}) {
	t.loop.Lock()
	defer t.loop.Unlock()
	before := t.link.Swap(newLink(vc))
	close(before.over)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ep := range t.endpoints {
		ep.follow(vc)
		if done := ep.machine.ops.running(); done != nil {
			begun = append(begun, done)
		}
	}
	t.compareIn(0)
	return begun
}

// running returns what is closed at the end of the operation that runs; nil: none does.
func (o *operations) running() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current == nil || !o.current.running {
		return nil
	}
	return o.current.done
}

// retireFor is how long a vCenter that was replaced is there for what was begun with
// it: a power cycle that waits for its power off.
const retireFor = offWithin

// retireVCenter ends a vCenter that was replaced, after what was begun with it.
func (g *Gateway) retireVCenter(old *upstream, begun []<-chan struct{}) {
	g.connections.start(&begun, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, retireFor)
		defer cancel()
		for _, done := range begun {
			select {
			case <-done:
			case <-ctx.Done():
			}
		}
		g.connections.end(old)
	})
}

// relink has boot orders put back by another vCenter in the place of one.
func (o *bootOverrides) relink(old, now *vsphere.VCenter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, b := range o.inUse {
		b.vc.CompareAndSwap(old, now)
	}
}
