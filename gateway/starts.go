package gateway

import (
	"context"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// startsSettle is how long a change of power states rests before the BMCs hear of
// it: of one that a command of theirs caused, the command is to know first, which
// vSphere observes for a second. A storm of changes costs one look.
const startsSettle = 2 * time.Second

// watchStarts tells the BMCs that their VMs have started, by whomever, until ctx
// ends.
func (t *tenant) watchStarts(ctx context.Context) {
	l := t.link.Load()
	hints, cancel := l.vc.SubscribePower()
	defer func() { cancel() }()
	seen := make(map[inventory.Key]vsphere.State)
	for {
		for m, since := range t.tellStarts(seen) {
			if err := m.boot.startedElsewhere(since); err != nil {
				m.note("boot flags that a start from elsewhere ends are still there", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-l.over:
			cancel()
			l = t.link.Load()
			hints, cancel = l.vc.SubscribePower()
		case <-hints:
		}
		if pause(ctx, startsSettle) != nil {
			return
		}
	}
}

// tellStarts compares the states of all VMs with those seen before. It returns the
// machines whose boot flags a start has ended, and since when they are on.
func (t *tenant) tellStarts(seen map[inventory.Key]vsphere.State) map[*machine]time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	elsewhere := make(map[*machine]time.Time)
	for key, ep := range t.endpoints {
		now, err := t.vc().State(key)
		if err != nil {
			continue // what it was holds until somebody vouches for another
		}
		if started(seen[key], now) && ep.bmc.Started() {
			elsewhere[ep.machine] = now.Since
		}
		seen[key] = now
	}
	for key := range seen {
		if t.endpoints[key] == nil {
			delete(seen, key)
		}
	}
	return elsewhere
}

// started reports whether the VM was started between two states, the first of
// which may be unknown. A resume from suspension is no start, a reset neither.
func started(before, now vsphere.State) bool {
	if now.Power != vsphere.PoweredOn {
		return false
	}
	later := now.BootTime.Sub(before.BootTime)
	again := later > time.Second || later > 0 && !now.Since.Equal(before.Since)
	return before.Power == vsphere.PoweredOff || again && !before.BootTime.IsZero()
}
