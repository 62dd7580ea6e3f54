package bmc

import (
	"context"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// Control does what Chassis Control does, for somebody who does not ask over the
// network: the event log and the restart cause tell of it all the same. Who asked
// is for the caller to fill in; Events.Changed is not told. It returns when the
// action was accepted or refused, or when ctx ends.
func (b *BMC) Control(ctx context.Context, action ipmi.ChassisControl) Audit {
	return b.beside(ctx, findCommand(ipmi.NetFnChassis, cmdChassisControl), "Chassis Control "+action.String(), func(ctx context.Context) error {
		return b.control(ctx, action)
	})
}

// SetBoot does what Set System Boot Options does with the boot flags, as Control
// does for actions.
func (b *BMC) SetBoot(ctx context.Context, flags ipmi.BootFlags) Audit {
	return b.beside(ctx, findCommand(ipmi.NetFnChassis, cmdSetBootOptions), bootCommand(flags), func(ctx context.Context) error {
		return b.changeBoot(ctx, func(present ipmi.BootFlags) error {
			return b.writeBoot(ctx, present, flags, !flags.Valid())
		})
	})
}

// beside carries out what stands in a row of the table.
func (b *BMC) beside(ctx context.Context, row *Command, what string, run func(context.Context) error) Audit {
	started, trace := time.Now(), new(Trace)
	_, err := b.guarded(trace.In(ctx), func(ctx context.Context) ([]byte, error) { return nil, run(ctx) })
	a := Audit{Command: what, Code: completionCode(err), Err: err, Took: time.Since(started)}
	a.Operation, a.Task = trace.Noted()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rememberAudit(a, row, time.Now())
	return a
}
