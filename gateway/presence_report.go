package gateway

import (
	"fmt"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/metrics"
)

// notices says what is wrong with the pool's addresses on the interface.
func (p *pool) notices() []string {
	var notices []string
	if err := p.vlanFault(); err != nil {
		notices = append(notices, err.Error())
	}
	if p.routes != nil {
		return append(notices, p.routes.Troubles()...)
	}
	if p.segment == nil {
		return notices
	}
	if why := p.segment.Stalled(); why != "" {
		notices = append(notices, "addresses are not refreshed: "+why)
	}
	c := p.segment.Counts(time.Now())
	for is, what := range map[address.Presence]string{
		address.Missing:  "not on the interface",
		address.Foreign:  "on this host by somebody else's hand",
		address.Disputed: "taken away again and again",
	} {
		if n := c.Presence[is]; n > 0 {
			notices = append(notices, fmt.Sprintf("addresses %s: %d", what, n))
		}
	}
	if c.Conflicts > 0 {
		notices = append(notices, fmt.Sprintf("addresses that another host says it has: %d", c.Conflicts))
	}
	slices.Sort(notices)
	return notices
}

// presence adds what is known of the pool's addresses on the interface.
func (p *pool) presence(s metrics.PoolState) metrics.PoolState {
	if p.segment == nil {
		return s
	}
	c := p.segment.Counts(time.Now())
	s.Kept = make(map[string]int, len(c.Presence))
	for is, n := range c.Presence {
		s.Kept[is.String()] = n
	}
	s.Conflicts, s.ConflictsHeard, s.PutBacks, s.Resyncs = c.Conflicts, c.ConflictsHeard, c.PutBacks, c.Resyncs
	return s
}
