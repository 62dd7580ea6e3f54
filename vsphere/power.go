package vsphere

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// observation is how long a power verb watches its task for a quick fault. A task
// that still runs then counts as accepted.
const observation = time.Second

// A verb starts something on a VM. The task is nil for what ends with the call.
type verb struct {
	name  string
	start func(context.Context, turn) (*types.ManagedObjectReference, error)
	want  PowerState // a VM that is in this state already is no error; zero: none
	rows  []faultRow // before faultRows
	many  bool       // may go with others of its kind in one PowerOnMultiVM
}

// A turn is what a verb makes its call with when that may be sent.
type turn struct {
	vm     types.ManagedObjectReference
	rt     soap.RoundTripper // gives the call up when it is too late for it
	conn   *conn             // that was open when the turn came: nobody has to wait for one
	ticket *ticket
}

// PowerOn starts the VM, or resumes a suspended one. It returns nil when vCenter
// has accepted that or the VM is on; State shows it once the watch has seen it.
func (v *VCenter) PowerOn(ctx context.Context, key inventory.Key) error {
	return v.perform(ctx, key, verb{name: "power on", want: PoweredOn, many: true, start: func(ctx context.Context, t turn) (*types.ManagedObjectReference, error) {
		res, err := methods.PowerOnVM_Task(ctx, t.rt, &types.PowerOnVM_Task{This: t.vm})
		if err != nil {
			return nil, err
		}
		return &res.Returnval, nil
	}})
}

// PowerOff cuts the power of the VM, also of a suspended one. It returns nil when
// vCenter has accepted that or the VM is off.
func (v *VCenter) PowerOff(ctx context.Context, key inventory.Key) error {
	return v.perform(ctx, key, verb{name: "power off", want: PoweredOff, start: func(ctx context.Context, t turn) (*types.ManagedObjectReference, error) {
		res, err := methods.PowerOffVM_Task(ctx, t.rt, &types.PowerOffVM_Task{This: t.vm})
		if err != nil {
			return nil, err
		}
		return &res.Returnval, nil
	}})
}

// Reset presses the reset button. ErrState when the VM is off or suspended.
func (v *VCenter) Reset(ctx context.Context, key inventory.Key) error {
	return v.perform(ctx, key, verb{name: "reset", start: func(ctx context.Context, t turn) (*types.ManagedObjectReference, error) {
		res, err := methods.ResetVM_Task(ctx, t.rt, &types.ResetVM_Task{This: t.vm})
		if err != nil {
			return nil, err
		}
		return &res.Returnval, nil
	}})
}

// Shutdown asks VMware Tools in the guest for a shutdown and returns when vCenter
// has passed that on. ErrState when the tools do not run or the VM is not on.
func (v *VCenter) Shutdown(ctx context.Context, key inventory.Key) error {
	return v.perform(ctx, key, verb{name: "shutdown", start: func(ctx context.Context, t turn) (*types.ManagedObjectReference, error) {
		_, err := methods.ShutdownGuest(ctx, t.rt, &types.ShutdownGuest{This: t.vm})
		return nil, err
	}})
}

// perform carries a verb out. It asks vCenter even when the state in memory is
// the wanted one: an earlier verb may be under way to the opposite.
func (v *VCenter) perform(ctx context.Context, key inventory.Key, do verb) error {
	vm, name, err := v.target(key)
	if err == nil {
		var task *types.ManagedObjectReference
		if task, err = v.start(ctx, key, vm, do); err == nil && task != nil {
			brief, cancel := context.WithTimeout(ctx, observation)
			defer cancel()
			var ended bool
			if ended, err = v.tasks.wait(brief, *task); !ended && v.memory.asks(key) {
				err = fmt.Errorf("%w: it waits for an answer to a question", ErrBusy)
			}
		}
		if do.want != 0 && v.already(err, key) == do.want {
			return nil
		}
		err = sentinel(ctx, err, do.rows...)
	}
	return v.explain(err, do.name, name)
}

// start makes the verb's call when the command's turn has come, or has it made
// together with others'. It gives the task that carries the verb out, nil where
// there is none.
func (v *VCenter) start(ctx context.Context, key inventory.Key, vm types.ManagedObjectReference, do verb) (*types.ManagedObjectReference, error) {
	c := commandIn(ctx)
	ctx = c.In(ctx)
	var many *startable
	if do.many {
		many = v.startable(key, vm)
	}
	for {
		t := &ticket{command: c, by: c.sendBy(v.cfg.Limits.Wait), must: c.must.Load(), vm: many}
		asked := time.Now()
		err := v.dispatcher.enter(ctx, t)
		waited := time.Since(asked)
		var o outcome
		switch {
		case err != nil:
			o.err = err
		case t.outcome != nil:
			o = t.hear(ctx)
		default:
			open, err := v.operations.ready(ctx, t)
			if o.err = err; err == nil {
				o.task, o.err = do.start(ctx, turn{vm: vm, rt: v.operations.sending(key.VCenter, t), conn: open, ticket: t})
			}
			v.dispatcher.leave()
		}
		if v.cfg.OnCommand != nil {
			v.cfg.OnCommand(c.tenant, waited, fateOf(o.err))
		}
		if !o.alone {
			if o.task != nil {
				c.task.Store(&o.task.Value)
			}
			return o.task, o.err
		}
		many = nil
		c.carrier.Store(nil)
	}
}

// target returns the VM to act on, or why vCenter need not be asked.
func (v *VCenter) target(key inventory.Key) (types.ManagedObjectReference, string, error) {
	vm, name, err := v.memory.find(key)
	if gone := v.link.check(); gone != nil {
		err = gone
	}
	return vm, name, err
}

// already returns the state that an InvalidPowerState fault complains of, zero
// for any other error.
func (v *VCenter) already(err error, key inventory.Key) PowerState {
	f, ok := faultOf(err).(*types.InvalidPowerState)
	if !ok {
		return 0
	}
	if p := powerState(f.ExistingState); p != 0 {
		return p
	}
	s, _ := v.memory.state(key)
	return s.Power
}

// explain puts the place in front of an error.
func (v *VCenter) explain(err error, verb, name string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("vCenter %q: %s of %q: %w", v.cfg.Name, verb, name, err)
}

// WaitPower returns nil when the watch reports the power state, ErrNotFound when
// the VM leaves the inventory, the context's error when either takes too long.
// When the command that ctx belongs to has begun a task that fails, it returns the
// fault; every two seconds it asks vCenter for that, and for nothing else.
func (v *VCenter) WaitPower(ctx context.Context, key inventory.Key, want PowerState) error {
	changed, cancel := v.memory.power.subscribe()
	defer cancel()
	look := time.NewTicker(taskGlance)
	defer look.Stop()
	for {
		s, err := v.memory.state(key)
		if err == nil && s.Power == want {
			return nil
		}
		if errors.Is(err, ErrNotFound) {
			return v.explain(err, "wait for "+want.String(), key.String())
		}
		select {
		case <-changed:
		case <-look.C:
			if err := v.tasks.fault(ctx, commandIn(ctx).Task()); err != nil && v.already(err, key) != want {
				return v.explain(sentinel(ctx, err), "wait for "+want.String(), key.String())
			}
		case <-ctx.Done():
			return v.explain(ctx.Err(), "wait for "+want.String(), key.String())
		}
	}
}
