package vsphere

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// A Command is what a client asked for, which may take several calls: on whose
// behalf they are made, under which id vCenter logs them, and until when the first
// has to be sent. It travels with the context, like the deadline it goes beside.
type Command struct {
	tenant string
	id     string
	asked  time.Time

	begun   atomic.Bool            // a call that changes something has been sent
	must    atomic.Bool            // see Commit
	carrier atomic.Pointer[string] // the id of the batch it went with
	task    atomic.Pointer[string] // the last one that vCenter made of it
}

// NewCommand returns a command that a tenant's client asks for now.
func NewCommand(tenant string) *Command {
	return &Command{tenant: tenant, asked: time.Now(), id: fmt.Sprintf("bmc-gateway-%s-%010x", tenant, rand.Uint64()>>24)}
}

// ID is what vCenter's log shows as operation id ("opID") of the command's calls,
// with the method's name behind it: "bmc-gateway-acme-0f3a55c21b". A command that
// went with others in one call has the id of that call.
func (c *Command) ID() string {
	if id := c.carrier.Load(); id != nil {
		return *id
	}
	return c.id
}

// Task is the managed object id of the last task that vCenter made of a power verb of
// the command, "task-1234"; empty while there is none.
func (c *Command) Task() string {
	if id := c.task.Load(); id != nil {
		return *id
	}
	return ""
}

type commandKey struct{}

// Commit says that the command ctx belongs to has gone too far to be given up, as a
// power cycle has once the VM is off: what follows is not refused because many wait,
// and waits as long as its context allows.
func Commit(ctx context.Context) {
	if c, ok := ctx.Value(commandKey{}).(*Command); ok {
		c.must.Store(true)
	}
}

// Begun reports whether a call that changes something has been sent for the command
// that ctx belongs to: vCenter may have carried it out whatever came of it.
func Begun(ctx context.Context) bool { return commandIn(ctx).begun.Load() }

// In returns a context in which all calls belong to the command.
func (c *Command) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, commandKey{}, c)
}

// commandIn returns the command that ctx belongs to, or a new one of nobody's.
func commandIn(ctx context.Context) *Command {
	if c, ok := ctx.Value(commandKey{}).(*Command); ok {
		return c
	}
	return NewCommand("")
}

// sendBy is until when the command's next call has to be sent; zero: whenever. A
// command of several calls was begun with the first, and each of the others may
// wait as long again.
func (c *Command) sendBy(wait time.Duration) time.Time {
	switch {
	case c.must.Load():
		return time.Time{}
	case c.begun.Load():
		return time.Now().Add(wait)
	default:
		return c.asked.Add(wait)
	}
}

// operationID names a call to vCenter's log: by its command, else by the session
// it is made on.
func operationID(ctx context.Context, session, method string) string {
	if c, ok := ctx.Value(commandKey{}).(*Command); ok {
		return c.ID() + "-" + method
	}
	return fmt.Sprintf("bmc-gateway-%s-%s", session, method)
}

// A Fate is what became of a command's wish to make a call.
type Fate string

// The fates.
const (
	Sent   Fate = "sent"
	Full   Fate = "queue_full" // too many of its tenant waited already
	Late   Fate = "late"       // its turn, a session or a connection did not come in time
	Missed Fate = "given_up"   // whoever asked for it did not wait
)

func fateOf(err error) Fate {
	switch {
	case errors.Is(err, errQueueFull):
		return Full
	case errors.Is(err, errTooLate):
		return Late
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Missed
	default:
		return Sent
	}
}
