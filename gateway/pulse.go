package gateway

import (
	"fmt"
	"time"
)

const (
	// stallLimit is how long one step of a reconcile loop may take before it counts
	// as hung. A step is one BMC at most, and waits for no vCenter.
	stallLimit = time.Minute
	// receiveLimit is the same for one round of a thread that receives.
	receiveLimit = 20 * time.Second
	// keepLimit is the same for one look at the host's addresses; that of two
	// thousand IPv6 addresses takes seconds.
	keepLimit = time.Minute
	// stateLimit is the same for the state file, which may be on a slow disk.
	stateLimit = 2 * time.Minute
)

// Live returns nil while the loops make progress, and else which of them does not.
// It takes the lock of each tenant and each BMC on the way: where one is never
// given back, it does not return, and nothing that depends on it goes on.
func (g *Gateway) Live() error {
	now := time.Now()
	for _, t := range g.served() {
		if t.pulse.Silent(now) > stallLimit {
			return fmt.Errorf("tenant %q: no progress for more than %s", t.config().Name, stallLimit)
		}
		t.count()
	}
	h := g.network()
	switch {
	case h == nil: // nothing runs yet
		return nil
	case h.sockets.Silent(now) > receiveLimit:
		return fmt.Errorf("receiving packets: no progress for more than %s", receiveLimit)
	case h.keeper != nil && h.keeper.Silent(now) > keepLimit:
		return fmt.Errorf("keeping addresses: no progress for more than %s", keepLimit)
	case g.keeping.Silent(now) > stateLimit:
		return fmt.Errorf("state file: no progress for more than %s", stateLimit)
	}
	return nil
}

// Ready is closed when the state file and the admin socket are open and the
// loops of the tenants run.
func (g *Gateway) Ready() <-chan struct{} { return g.ready }

// network returns the network side; nil before Run has built it.
func (g *Gateway) network() *host {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.host
}
