package gateway

import "github.com/bmc-gateway/bmc-gateway/ipmi/bmc"

// counts are a tenant's BMCs by state, each in one, and their sessions.
type counts struct{ ready, waiting, failed, held, maintained, sessions int }

func (c counts) all() int { return c.ready + c.waiting + c.failed + c.held + c.maintained }

func (t *tenant) count() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	var c counts
	name := t.config().Name
	for key := range t.waiting {
		if _, held := t.removals.isHeld(key); held {
			c.held++
		} else {
			c.waiting++
		}
	}
	for key, ep := range t.endpoints {
		_, held := t.removals.isHeld(key)
		failed := ep.failed() != nil
		switch {
		case held:
			c.held++
		case failed:
			c.failed++
		case t.maintenance.mode(name, key) != bmc.Normal:
			c.maintained++
		default:
			c.ready++
		}
		if !failed {
			c.sessions += len(ep.bmc.Sessions())
		}
	}
	return c
}
