package bmc

import (
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// sweepPause is the least time between two looks of a sweeper.
const sweepPause = time.Second

// startSweeping ends sessions by time also when no packet comes: a place in a
// limit that several BMCs share must not stay taken by one whose client has
// gone, nor its keys stay in memory. It also ends set-ups whose console went away, so
// that a wrong password shows without another try, and gives back what strangers have
// made the BMC remember. There is a sweeper only while there is any of that.
func (b *BMC) startSweeping() {
	if b.sweeping || b.conn == nil {
		return // Serve waits for the goroutines of a BMC, and nobody serves this one
	}
	b.sweeping = true
	stopped := b.stopped
	b.carrying.Go(func() { b.sweep(stopped) })
}

func (b *BMC) sweep(stopped <-chan struct{}) {
	for {
		wait, goesOn := b.sweepStep()
		if !goesOn {
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-stopped:
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// sweepStep ends what has to end now, and says when to look again.
func (b *BMC) sweepStep() (wait time.Duration, goesOn bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.sweepSessions(now)
	b.forgetParting(now)
	b.handshakes.expire(now)
	b.shares.expire(now)
	b.backoff.expire(now)
	b.sweeping = len(b.sessions)+len(b.parting.queue) > 0 || b.handshakes.some() || b.shares.others != nil || b.backoff.names != nil
	if !b.sweeping {
		b.rest()
	}
	wait = rememberFor // for those that part in the meantime
	if named := b.handshakes.named.queue; len(named) > 0 {
		wait = min(wait, named[0].stepped.Add(handshakeLife).Sub(now))
	}
	for _, s := range b.sessions {
		wait = min(wait, s.seen.Add(b.config.IdleTimeout).Sub(now))
	}
	return max(wait, sweepPause), b.sweeping
}

// rest gives back the scratch space, which the next packet makes anew: of thousands
// of BMCs few have a session.
func (b *BMC) rest() {
	b.macs.Forget()
	b.macs = ipmi.MACs{}
	b.call = call{} // it knows the session of the last packet
	b.body, b.message, b.reply = nil, nil, nil
}
