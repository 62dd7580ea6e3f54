package bmc

import (
	"net/netip"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

const (
	// rememberFor is how long a command that was carried out answers its copies:
	// ipmitool sends its last one six seconds after the first.
	rememberFor = 7 * time.Second
	// maxActions of a session are remembered, maxCopies of a held command answered.
	maxActions = 16
	maxCopies  = 16
)

// An action is a state-changing command, from the moment it is carried out
// until some seconds after. A copy of the command is a packet of its own to the
// session's window, but must not act again; it joins the action and gets the
// same result under its own numbers.
//
// The session sequence numbers tell a copy from a new command that looks alike,
// because they keep the order in which the console sent them:
//
//	packets                     carried out
//	on 1, on 2                  on          2 is a copy of 1
//	on 1, off 2, on 3           on off on   the console wanted on again
//	on 1, off 3, on 2 (late)    on off      2 was sent before off
//	off 2, on 1 (late)          off         1 was overtaken: refused as busy
//	on 1, off 2 (busy), on 3    on off on   off may be under way all the same
type action struct {
	key      string // network function, command and data
	sequence uint32 // of the packet that started it
	audit    Audit
	command  *Command

	ended    chan struct{} // closed when the next command has its turn
	finished bool
	code     ipmi.CompletionCode
	body     []byte    // what follows the code
	until    time.Time // it is remembered, when finished
	overdue  bool      // held for so long that all copies were told to come back
	copies   []heldCopy
}

// A heldCopy is a request that waits for its answer.
type heldCopy struct {
	message ipmi.Message // without data
	via     Sender
	from    netip.AddrPort
	arrived time.Time
}

// actions are those of one session, in the order they were started.
type actions struct {
	recent []*action
	tail   chan struct{} // ended of the one started last, which the next waits for
}

// forget drops what no copy can be expected of any more.
func (as *actions) forget(now time.Time) {
	as.recent = slices.DeleteFunc(as.recent, func(a *action) bool {
		return a.finished && !now.Before(a.until)
	})
}

// original returns the action that a packet is a copy of, or nil.
func (as *actions) original(key string, sequence uint32) *action {
	for _, a := range slices.Backward(as.recent) {
		if a.key == key && !a.busy() && !as.between(a, sequence) {
			return a
		}
	}
	return nil
}

// between says whether the console sent another command between a and sequence.
func (as *actions) between(a *action, sequence uint32) bool {
	low, high := a.sequence, sequence
	if after(low, high) {
		low, high = high, low
	}
	return slices.ContainsFunc(as.recent, func(o *action) bool {
		return o.key != a.key && after(o.sequence, low) && after(high, o.sequence)
	})
}

// start remembers a new action. The oldest one that has finished makes room;
// false says that there is none.
func (as *actions) start(a *action) bool {
	if len(as.recent) >= maxActions {
		i := slices.IndexFunc(as.recent, func(o *action) bool { return o.finished })
		if i < 0 {
			return false
		}
		as.recent = slices.Delete(as.recent, i, i+1)
	}
	as.recent = append(as.recent, a)
	return true
}

// finish remembers the result.
func (a *action) finish(now time.Time, code ipmi.CompletionCode, body []byte) {
	a.finished = true
	a.code, a.body = code, body
	a.until = now.Add(rememberFor)
}

// busy says that the next copy is worth a new try. Such an action still stands
// between the commands before and after it: what it has begun may go on, and
// then a command like the one before it is not done already.
func (a *action) busy() bool { return a.finished && a.code == ipmi.NodeBusy }

// after compares sequence numbers, which wrap around.
func after(a, b uint32) bool { return int32(a-b) > 0 }
