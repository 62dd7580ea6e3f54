package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// actions are the words for power actions, those of ipmitool.
var actions = map[string]ipmi.ChassisControl{
	"on": ipmi.ChassisPowerUp, "off": ipmi.ChassisPowerDown, "cycle": ipmi.ChassisPowerCycle,
	"reset": ipmi.ChassisHardReset, "soft": ipmi.ChassisSoftOff, "diag": ipmi.ChassisDiagnostic,
}

// devices are the words for boot devices.
var devices = map[string]ipmi.BootDevice{
	"pxe": ipmi.BootPXE, "disk": ipmi.BootDisk, "cdrom": ipmi.BootCDROM, "floppy": ipmi.BootFloppy,
	"bios": ipmi.BootSetup, "none": ipmi.BootNoOverride,
}

// Order carries out what an operator wants of a BMC, on the same path as a command
// of a session: queue, policy, event log and audit.
func (g *Gateway) Order(ctx context.Context, b admin.BMC, o admin.Order, by admin.Caller) (admin.Outcome, error) {
	run, err := ordered(o)
	if err != nil {
		return admin.Outcome{}, err
	}
	t, ep := g.endpoint(b)
	switch {
	case t == nil:
		return admin.Outcome{}, fmt.Errorf("%s/%s: %w", b.Tenant, b.Name, admin.ErrNotFound)
	case ep == nil:
		return admin.Outcome{}, fmt.Errorf("%s/%s: %w: %s", b.Tenant, b.Name, admin.ErrUnready, b.Reason)
	}
	a := run(ctx, ep.bmc)
	e := t.auditCaller(ep, a, by)
	return admin.Outcome{
		Tenant: e.Tenant, Name: e.BMC, InstanceUUID: e.InstanceUUID, Command: e.Command, Code: e.Code, Result: e.Result,
		Policy: byPolicy(a.Err), Error: e.Error, Operation: e.Operation, Task: e.Task, TookSeconds: e.TookSeconds,
	}, nil
}

// ordered returns what an order asks of a BMC.
func ordered(o admin.Order) (func(context.Context, *bmc.BMC) bmc.Audit, error) {
	action, acts := actions[o.Action]
	device, boots := devices[o.Boot]
	switch {
	case o.Action != "" && o.Boot != "":
		return nil, fmt.Errorf("%w: an action and a boot device at once", admin.ErrAction)
	case acts:
		return func(ctx context.Context, b *bmc.BMC) bmc.Audit { return b.Control(ctx, action) }, nil
	case boots && device == ipmi.BootNoOverride && o.Persistent:
		return nil, fmt.Errorf("%w: no boot device, for all starts", admin.ErrAction)
	case boots:
		flags := ipmi.NewBootFlags(device, o.Persistent)
		if device == ipmi.BootNoOverride {
			flags = ipmi.BootFlags{}
		}
		return func(ctx context.Context, b *bmc.BMC) bmc.Audit { return b.SetBoot(ctx, flags) }, nil
	default:
		return nil, fmt.Errorf("%w: %q", admin.ErrAction, o.Action+o.Boot)
	}
}

// endpoint returns where a BMC is served: no tenant when there is none, no endpoint
// when it waits.
func (g *Gateway) endpoint(b admin.BMC) (*tenant, *endpoint) {
	for _, t := range g.served() {
		if t.config().Name != b.Tenant {
			continue
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		for key, ep := range t.endpoints {
			if key.VM == b.VM.InstanceUUID && ep.failed() == nil {
				return t, ep
			}
		}
		return t, nil
	}
	return nil, nil
}

// byPolicy reports whether it is the configuration that refused a command.
func byPolicy(err error) bool {
	return errors.As(err, new(policyError)) || errors.As(err, new(quotaError))
}
