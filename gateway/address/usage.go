package address

import (
	"math"
	"time"
)

// A Usage counts the addresses of a pool. Each address is in exactly one of
// InUse, Held, Quarantined, Reserved and Free.
type Usage struct {
	Size        int // addresses that the pool may give away
	InUse       int // leased
	Held        int // released, waiting for their VM
	Quarantined int // not to be given to another VM yet
	Reserved    int // not to be given to anybody
	Free        int // never leased, or out of quarantine
	Waiting     int // VMs that were not given an address, for want of one
}

// Usage returns the counts as of now. A pool too large to count has as many as an
// int holds.
func (p *Pool) Usage(now time.Time) Usage {
	u := Usage{Size: int(min(p.size, math.MaxInt)), Waiting: len(p.waiting.keys)}
	for _, e := range p.entries {
		switch state, _ := p.config.State(e.Lease, now); state {
		case InUse:
			u.InUse++
		case Held:
			u.Held++
		case Quarantined:
			u.Quarantined++
		case Reserved:
			u.Reserved++
		}
	}
	u.Free = u.Size - u.InUse - u.Held - u.Quarantined - u.Reserved
	return u
}

// Bound counts the addresses that a tenant's VMs keep from others, in use, held
// or quarantined.
func (p *Pool) Bound(tenant string, now time.Time) int {
	n := 0
	for _, e := range p.entries {
		if e.Tenant != tenant || e.Reserved {
			continue
		}
		if state, _ := p.config.State(e.Lease, now); state != Free {
			n++
		}
	}
	return n
}
