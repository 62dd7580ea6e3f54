package address

import (
	"context"
	"errors"
	"time"
)

const (
	// turnInterval is how often the loop looks at its clock.
	turnInterval = 250 * time.Millisecond
	// resyncInterval is how often the kernel is looked at without a reason.
	resyncInterval = time.Minute
	// retryInterval is how soon it is looked at again when something is missing.
	retryInterval = time.Second
	// restAfter is for how many times its own length no notice of the kernel brings
	// about another look: with many addresses, and with somebody who changes some all
	// the time, the loop takes a fifth of a core at most.
	restAfter = 4
)

// Run keeps the addresses until ctx ends. It asks live before each refresh: a
// lifetime is refreshed, and a missing address put back, only while live returns
// nil. Should live itself hang, nothing is refreshed either.
func (k *Keeper) Run(ctx context.Context, live func() error) {
	turn := time.NewTicker(turnInterval)
	defer turn.Stop()
	next := time.Now()
	var rested time.Time // until then it does not look because of a notice
	defer k.pulse.Rest()
	for {
		k.pulse.Beat()
		kicked := false
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
			kicked = !time.Now().Before(rested) && k.kicked()
		}
		now := time.Now()
		if k.neighbours != nil {
			k.announceDue(now)
		}
		k.giveUp()
		if kicked || !now.Before(next) || k.refreshDue(now) {
			began := time.Now()
			next = now.Add(k.look(time.Now(), live))
			rested = time.Now().Add(restAfter * time.Since(began))
		}
		k.deliver()
	}
}

// Silent returns for how long Run has been in one step; zero when it does not run.
func (k *Keeper) Silent(now time.Time) time.Duration { return k.pulse.Silent(now) }

// kicked reports whether there is a reason to look: one, however much has changed.
func (k *Keeper) kicked() bool {
	select {
	case <-k.kick:
		return true
	default:
		return false
	}
}

// refreshDue reports whether a third of some lifetime has passed.
func (k *Keeper) refreshDue(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.segments {
		if s.policy.Lifetime > 0 && now.Sub(s.renewed) >= s.policy.Lifetime/3 {
			return true
		}
	}
	return false
}

// look syncs once and returns how long until the next time.
func (k *Keeper) look(now time.Time, live func() error) time.Duration {
	began := time.Now()
	err := live()
	k.mu.Lock()
	before := k.stalled
	k.stalled = ""
	if err != nil {
		k.stalled = err.Error()
	}
	is := k.stalled
	k.mu.Unlock()
	switch {
	case before == "" && is != "":
		k.post(Event{Kind: Stalled, Err: err})
	case before != "" && is == "":
		k.post(Event{Kind: Resumed, Err: errors.New(before)})
	}
	if whole := k.sync(now.Add(time.Since(began)), err == nil); err != nil || !whole {
		return retryInterval
	}
	return resyncInterval
}
