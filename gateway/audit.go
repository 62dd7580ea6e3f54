package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// audit remembers and logs a command of a session that changed something or tried to.
func (t *tenant) audit(ep *endpoint, a bmc.Audit) {
	e := t.audited(ep, a)
	e.Via, e.Account, e.From, e.Session = admin.ViaIPMI, a.Account, a.From, sessionID(a.Session)
	if a.Account == "" && a.Session == 0 {
		e.Via, e.Session = admin.ViaGateway, ""
	}
	t.record.audit(e)
	t.logAudit(ep, a, "account", a.Account, "from", a.From)
}

// auditCaller is audit for somebody at the admin socket.
func (t *tenant) auditCaller(ep *endpoint, a bmc.Audit, by admin.Caller) admin.Event {
	e := t.audited(ep, a)
	e.Via, e.UID = admin.ViaSocket, by.UID
	t.record.audit(e)
	t.logAudit(ep, a, "via", "socket", "uid", by)
	return e
}

// audited is what the audit of every command tells.
func (t *tenant) audited(ep *endpoint, a bmc.Audit) admin.Event {
	e := t.about(ep)
	e.Kind, e.Level, e.Text = admin.EventCommand, admin.Info, a.Command
	e.Command, e.Code, e.Result = a.Command, fmt.Sprintf("%02Xh", uint8(a.Code)), result(a.Code)
	e.Operation, e.Task, e.TookSeconds = a.Operation, a.Task, a.Took.Round(time.Microsecond).Seconds()
	if a.Code != ipmi.Completed {
		e.Level = admin.Warning
	}
	if byPolicy(a.Err) {
		e.Result = "policy"
	}
	if a.Err != nil {
		e.Error = a.Err.Error()
	}
	return e
}

func (t *tenant) about(ep *endpoint) admin.Event {
	vm := ep.vm()
	return admin.Event{
		Time: time.Now().UTC(), Tenant: t.config().Name, BMC: vm.Name, InstanceUUID: vm.Key.VM,
		Address: ep.lease.Address, VCenter: t.config().VCenter,
	}
}

// logAudit writes the same as a line of the log.
func (t *tenant) logAudit(ep *endpoint, a bmc.Audit, who ...any) {
	level := slog.LevelInfo
	if a.Code != ipmi.Completed {
		level = slog.LevelWarn
	}
	attrs := append([]any{"bmc", ep, "command", a.Command, "result", a.Code.String(), "took", a.Took}, who...)
	if a.Operation != "" {
		attrs = append(attrs, "operation", a.Operation)
	}
	if a.Err != nil {
		attrs = append(attrs, "error", a.Err)
	}
	t.log.Log(context.Background(), level, "command", attrs...)
}

// auditLogin remembers a session set-up that failed. One that succeeded is only
// written, if all are: pollers would fill the memory with theirs.
func (t *tenant) auditLogin(ep *endpoint, r bmc.HandshakeResult, user string, from netip.AddrPort) {
	done := r == bmc.HandshakeCompleted
	if done && t.record.logins != AllLogins {
		return
	}
	e := t.about(ep)
	e.Kind, e.Level, e.Text = admin.EventLogin, admin.Warning, "login failed: "+r.String()
	e.Via, e.Account, e.From, e.Result = admin.ViaIPMI, user, from, r.String()
	switch {
	case done:
		e.Level, e.Text = admin.Info, "login"
		t.record.write(e)
	case t.record.logins == NoLogins:
		t.record.note(e)
	default:
		t.record.audit(e)
	}
}

func sessionID(id uint32) string { return fmt.Sprintf("0x%08x", id) }
