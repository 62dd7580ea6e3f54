package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// A nothing is what an operator named that there is not, in words.
type nothing string

func (n nothing) Error() string { return string(n) }

// Is makes it the admin socket's "not found".
func (nothing) Is(target error) bool { return target == admin.ErrNotFound }

// tenant returns the tenant of this name.
func (g *Gateway) tenant(name string) (*tenant, error) {
	for _, t := range g.served() {
		if t.config().Name == name {
			return t, nil
		}
	}
	return nil, nothing(fmt.Sprintf("tenant %q is not configured", name))
}

// find returns the VM that an operator means, by its name or its instance UUID, of
// those that have a BMC or wait for one.
func (t *tenant) find(target string) (inventory.VM, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var named []inventory.VM
	look := func(vm inventory.VM) bool {
		if vm.Name == target {
			named = append(named, vm)
		}
		return strings.EqualFold(vm.Key.VM, target)
	}
	for _, ep := range t.endpoints {
		if vm := ep.vm(); look(vm) {
			return vm, nil
		}
	}
	for _, w := range t.waiting {
		if look(w.vm) {
			return w.vm, nil
		}
	}
	name := t.config().Name + "/" + target
	switch len(named) {
	case 0:
		return inventory.VM{}, fmt.Errorf("%s: %w", name, admin.ErrNotFound)
	case 1:
		return named[0], nil
	default:
		return inventory.VM{}, fmt.Errorf("%s: %w; name one by its instance UUID", name, admin.ErrAmbiguous)
	}
}

// operator remembers and logs what somebody at the admin socket did, or tried to.
func (t *tenant) operator(by admin.Caller, vm, uuid, command string, err error) {
	e := t.ordered(vm, uuid, command)
	e.Via, e.UID = admin.ViaSocket, by.UID
	t.remember(e, err, "via", "socket", "uid", by)
}

// byItself is the same for what the gateway does because it is time to.
func (t *tenant) byItself(vm, uuid, command string) {
	e := t.ordered(vm, uuid, command)
	e.Via = admin.ViaGateway
	t.remember(e, nil)
}

func (t *tenant) ordered(vm, uuid, command string) admin.Event {
	return admin.Event{
		Time: time.Now().UTC(), Kind: admin.EventCommand, Level: admin.Info, Text: command, Tenant: t.config().Name,
		BMC: vm, InstanceUUID: uuid, VCenter: t.config().VCenter, Command: command, Result: "ok",
	}
}

func (t *tenant) remember(e admin.Event, err error, who ...any) {
	level := slog.LevelInfo
	attrs := append([]any{"command", e.Command, "name", e.BMC}, who...)
	if err != nil {
		level, e.Level, e.Result, e.Error = slog.LevelWarn, admin.Warning, "error", err.Error()
		attrs = append(attrs, "error", err)
	}
	t.record.audit(e)
	t.log.Log(context.Background(), level, "command", attrs...)
}
