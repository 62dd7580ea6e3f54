package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/store"
	"github.com/bmc-gateway/bmc-gateway/inventory"
	"github.com/bmc-gateway/bmc-gateway/vsphere"
)

// An order is how hosts are to be looked at.
type order struct {
	dryRun, adopt, rotate, unregister bool

	by *admin.Caller // who wants it; nil: the gateway itself, which waits after failures
}

// asksOnly reports whether somebody wants to know what would be done. What the gateway
// has to do by itself is as due afterwards as it was before.
func (o order) asksOnly() bool { return o.dryRun && o.by != nil }

// pass looks at all hosts once and makes right what is wrong, as ordered. The turn is
// the caller's.
func (r *registrar) pass(ctx context.Context, o order) admin.Registrations {
	t := r.tenant
	c := t.config().Register
	done := admin.Registrations{Tenant: t.config().Name, VCenter: c.VCenter, Mode: string(c.Mode), DryRun: o.dryRun, At: time.Now().UTC()}
	bmcs := r.served()
	if !o.asksOnly() {
		r.seen, r.next = fingerprintBMCs(bmcs), time.Now().Add(c.Interval)
	}
	vc := r.inner(c.VCenter)
	var rows []*registration
	l, err := r.ask(ctx, vc, bmcs)
	if !o.dryRun && o.by == nil {
		r.withdraw(c.VCenter, l, err)
	}
	if err == nil {
		rows = r.plan(l, o)
		results := r.act(rows, o, func(row *registration) error { return r.tell(ctx, vc, row, o) })
		err = errors.Join(r.outcome(vc, rows, results), r.settle(c.VCenter, rows, o))
	}
	if err != nil && ctx.Err() != nil && o.by == nil {
		return done // the tenant ends, which is no trouble
	}
	if err != nil {
		done.Error = err.Error()
		if !o.asksOnly() {
			r.soon()
		}
	}
	for _, row := range rows {
		host := row.told()
		if failed, waits := r.wait.holds(*row, time.Now()); waits && row.state == admin.Failed {
			host.RetryAt = failed.until.UTC()
		}
		done.Hosts = append(done.Hosts, host)
	}
	r.note(done, rows)
	return done
}

// plan says what is to become of each host.
func (r *registrar) plan(l look, o order) []*registration {
	there := make(map[string]bool)
	rows := make([]*registration, len(l.hosts))
	for i, match := range l.matches {
		if vm, known := l.ours[l.hosts[i].BMC.Login]; known && o.unregister {
			match = inventory.Match{VM: vm, By: match.By}
		}
		row := decide(l.hosts[i], match, l.bmcs[match.VM].with(match.VM, l.accounts[match.VM]), o.adopt)
		if l.machines.blind && row.unproven() && !o.asksOnly() {
			r.soon()
		}
		r.order(&row, o)
		there[row.backoffKey()] = row.act || row.state == admin.Failed
		r.line.note(row)
		rows[i] = &row
	}
	if !o.asksOnly() {
		r.wait.keep(there)
		r.line.keep(there)
	}
	return rows
}

// soon has the hosts looked at again although nothing changes.
func (r *registrar) soon() {
	r.next = time.Now().Add(min(r.tenant.config().Register.Interval, registerRetry))
}

// unproven keeps a host from being registered anew that may be a VM of another vCenter,
// whose VMs are not known. It reports whether it has.
func (r *registration) unproven() bool {
	if !r.act || r.state != admin.WouldRegister || r.match.By&inventory.ByNetworkCard != 0 {
		return false
	}
	r.act = false
	r.reason = "no network card says that it is this VM, and it may be one of another vCenter, whose are not known now"
	return true
}

// order changes a decision to what an operator wants, or to wait after a failure.
func (r *registrar) order(row *registration, o order) {
	failed, waits := r.wait.holds(*row, time.Now())
	switch {
	case o.unregister:
		left := row.host.BMC == vsphere.HostBMC{} && len(row.of.logins) > 0 // vCenter has forgotten by other means
		row.act = row.match.VM != (inventory.Key{}) && (left || row.of.owns(row.host.BMC))
		if row.act && o.dryRun {
			row.reason = "it would be unregistered"
		}
	case o.rotate && row.state == admin.Registered:
		row.state, row.reason, row.act = admin.Drifted, "a new account is wanted", row.host.Connected
	case row.act && waits && o.by == nil && !o.dryRun:
		row.state, row.reason, row.act = admin.Failed, failed.reason, false
	}
	row.act = row.act && !o.dryRun
}

// settle ends the accounts that vCenter had before of BMCs that it has right now: who was
// about to may have been killed.
func (r *registrar) settle(vcenter string, rows []*registration, o order) error {
	var problems []error
	for _, row := range rows {
		if row.state != admin.Registered || len(row.of.logins) < 2 || o.dryRun {
			continue
		}
		problems = append(problems, r.tenant.dropAccounts(row.match.VM, func(g store.Grant) bool {
			return g.Registration.VCenter == vcenter && g.ID != row.of.account.ID
		}))
	}
	return errors.Join(problems...)
}

// outcome takes what came of the hosts that vCenter was told of.
func (r *registrar) outcome(vc *vsphere.VCenter, rows []*registration, results []error) error {
	var silent error
	for i, row := range rows {
		if !row.act {
			continue
		}
		switch err := results[i]; {
		case err == nil && row.state == admin.Unregistered:
			delete(r.wait, row.backoffKey())
		case err == nil:
			// Should it look the same the next time, vCenter does not keep what it takes.
			r.wait.failed(*row, "vCenter has taken the BMC and tells something else", time.Now())
		case silence(vc, err):
			silent = err // what was planned is still to be done
		default:
			row.state, row.reason = admin.Failed, row.refusal(vc.Name(), err)
			r.wait.failed(*row, row.reason, time.Now())
			r.mu.Lock()
			r.failures++
			r.mu.Unlock()
		}
	}
	return silent
}

// tell has vCenter told of one host, and audits that.
func (r *registrar) tell(ctx context.Context, vc *vsphere.VCenter, row *registration, o order) error {
	t := r.tenant
	if ctx.Err() != nil {
		return ctx.Err()
	}
	command := vsphere.NewCommand(t.config().Name)
	began := time.Now()
	what := "register"
	var err error
	if o.unregister {
		what, err = "unregister", r.unregister(command.In(ctx), vc, row)
	} else {
		err = r.register(command.In(ctx), vc, row, o.rotate)
	}
	var why error
	if err != nil {
		why = errors.New(row.refusal(vc.Name(), err))
	}
	e := t.ordered(row.of.vm.Name, row.match.VM.VM, fmt.Sprintf("%s host %s at %s", what, row.host.Name, vc.Name()))
	e.Via, e.Operation, e.TookSeconds = admin.ViaGateway, command.ID(), time.Since(began).Round(time.Millisecond).Seconds()
	who := []any{"host", row.host.Name, "at", vc.Name(), "operation", command.ID()}
	if o.by != nil {
		e.Via, e.UID = admin.ViaSocket, o.by.UID
		who = append(who, "via", "socket", "uid", *o.by)
	}
	t.remember(e, why, who...)
	return err
}

// register tells vCenter the BMC of a host and keeps that it was told.
func (r *registrar) register(ctx context.Context, vc *vsphere.VCenter, row *registration, fresh bool) error {
	t := r.tenant
	before := row.of.account
	// One that vCenter has not taken yet, for all that is known, is fresh enough.
	fresh = fresh && before != nil && !before.Registration.Told.IsZero()
	g, err := t.vcenterAccount(row.of.vm, vc.Name(), fresh)
	if err != nil {
		return err
	}
	row.of.account = &g
	login := vsphere.HostLogin{HostBMC: row.of.bmc, Password: string(g.Password)}
	login.Login = g.User
	if err = vc.UpdateIPMI(ctx, row.host, login); err != nil {
		if fresh && !unanswered(err) {
			row.of.account = before // it goes on; of the fresh one nobody knows
			err = errors.Join(err, t.dropAccounts(g.Key, func(other store.Grant) bool { return other.ID == g.ID }))
		}
		return err
	}
	row.state, row.reason = admin.Registered, ""
	return t.keepAccount(g)
}

// unregister has vCenter forget the BMC of a host, if it has one, and ends the accounts
// it had.
func (r *registrar) unregister(ctx context.Context, vc *vsphere.VCenter, row *registration) error {
	if row.host.BMC != (vsphere.HostBMC{}) {
		if err := vc.UpdateIPMI(ctx, row.host, vsphere.HostLogin{}); err != nil {
			return err
		}
	}
	row.state, row.reason = admin.Unregistered, ""
	return r.tenant.dropAccounts(row.of.vm.Key, func(g store.Grant) bool { return g.Registration.VCenter == vc.Name() })
}
