package gateway

import (
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// Protect says which VMs of a tenant nobody may power off, reset, cycle, shut down
// or interrupt through their BMC.
type Protect struct {
	Names []string // patterns of path.Match
	Tags  []string // "category/name"
}

// by returns what protects a VM, in words; empty: nothing.
func (p Protect) by(vm inventory.VM) string {
	if vm.Overrides.Protected {
		return "its attribute"
	}
	for _, tag := range p.Tags {
		if slices.Contains(vm.Tags, tag) {
			return "tag " + tag
		}
	}
	for _, pattern := range p.Names {
		if match, err := path.Match(pattern, vm.Name); err == nil && match {
			return "name " + pattern
		}
	}
	return ""
}

// needs is what has to be known of a VM, as a selector names it: as long as a tag
// that protects is not known, no BMC is started on which it could matter.
func (c Tenant) needs() inventory.Selector {
	sel := c.Select
	sel.ExcludeTags = slices.Concat(sel.ExcludeTags, c.Protect.Tags)
	return sel
}

// A policyError is a power action that the tenant's policy refuses. Clients are told
// that it is not possible now: a repeat helps no more than a fence agent may take it
// for done.
type policyError struct{ why string }

func (e policyError) Error() string { return "refused by policy: " + e.why }

// Unwrap gives the code for clients.
func (e policyError) Unwrap() error { return ipmi.NotInPresentState }

// takesDown reports whether an action ends what runs in the VM, or may.
func takesDown(c ipmi.ChassisControl) bool { return c != ipmi.ChassisPowerUp }

// stops reports whether an action powers off or restarts the VM.
func stops(c ipmi.ChassisControl) bool { return takesDown(c) && c != ipmi.ChassisDiagnostic }

// permit returns why the tenant does not permit an action on one of its VMs, or nil.
// It counts what it permits. To power off what is off already endangers nothing.
func (t *tenant) permit(ep *endpoint, c ipmi.ChassisControl, power bmc.PowerState) error {
	vm := ep.vm()
	if err := t.inMaintenance(vm.Key); err != nil {
		return err
	}
	if by := t.config().Protect.by(vm); by != "" && takesDown(c) {
		return policyError{fmt.Sprintf("%q is protected by %s", vm.Name, by)}
	}
	if err := t.powers(); err != nil {
		return err
	}
	if !stops(c) || power == bmc.Off {
		return nil
	}
	return t.fuse.take(vm.Key)
}

// size is how many BMCs the tenant has, with those that wait.
func (t *tenant) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(len(t.endpoints)+len(t.waiting), int(t.expected.Load()))
}

// noteFuse tells that power-offs are refused from now on, or not any more.
func (t *tenant) noteFuse(blown bool) {
	if !blown {
		t.log.Info("power-offs are permitted again")
		t.tellAll(admin.Info, "power-offs are permitted again")
		return
	}
	t.log.Error("too many BMCs were to be powered off at once; further ones are refused until \"bmc-gateway power release "+t.config().Name+"\"",
		"share", t.config().Fuse.Share, "within", t.config().Fuse.Within)
	t.tellAll(admin.Failure, "too many BMCs were to be powered off at once; further ones are refused")
}

// ReleasePower lets a tenant's power-offs pass for d, however many; it reports
// whether they were refused.
func (g *Gateway) ReleasePower(tenant string, d time.Duration, by admin.Caller) (bool, error) {
	for _, t := range g.served() {
		if t.config().Name != tenant {
			continue
		}
		was := t.fuse.release(d)
		t.log.Info("power-offs are released", "for", d, "uid", by)
		t.record.audit(admin.Event{
			Time: time.Now().UTC(), Kind: admin.EventCommand, Level: admin.Info, Text: "power release for " + d.String(), Tenant: tenant,
			Via: admin.ViaSocket, UID: by.UID, Command: "power release", Result: result(ipmi.Completed),
		})
		return was, nil
	}
	return false, fmt.Errorf("tenant %q: %w", tenant, admin.ErrNoTenant)
}
