package gateway

import (
	"cmp"
	"errors"
	"net/netip"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// sensorsNext is the command with which clients begin to read sensors.
const sensorsNext = "Get SDR Repository Info"

// events is where what a BMC does becomes metrics, for the normal, and log
// lines, for what changes something or goes wrong.
func (t *tenant) events(ep *endpoint) bmc.Events {
	return bmc.Events{
		Received: t.metrics.Received,
		Dropped:  func(r bmc.DropReason) { t.metrics.Dropped(r.String()) },
		Request: func(command string, code ipmi.CompletionCode, took time.Duration) {
			t.metrics.Request(countedAs(command, code), result(code), took)
			if command == sensorsNext {
				t.vc().ExpectStats() // in time for the readings, which do not wait
			}
		},
		Handshake: func(r bmc.HandshakeResult, user string, from netip.AddrPort) {
			t.metrics.Handshake(r.String())
			// A flood of half-open handshakes is counted in full and told in part.
			if r != bmc.HandshakeCompleted && !t.packets.Allow() {
				return
			}
			t.auditLogin(ep, r, user, from)
			if r != bmc.HandshakeCompleted {
				t.log.Warn("login failed", "bmc", ep, "account", user, "from", from, "result", r.String())
			}
		},
		Changed:   func(a bmc.Audit) { t.audit(ep, a) },
		LogFailed: func(err error) { t.log.Error("an event is not in the event log", "bmc", ep, "error", err) },
		Identify:  func(i bmc.Identify) { t.log.Info("chassis identify", "bmc", ep, "light", cmp.Or(identify(i), "off")) },
		Panicked: func(value any, stack []byte) {
			if t.packets.Allow() {
				t.log.Error("a packet made the BMC panic", "bmc", ep, "panic", value, "stack", string(stack))
			}
		},
	}
}

// powerDone counts a power action that vSphere accepted, refused or left open.
func (t *tenant) powerDone(c ipmi.ChassisControl, err error) {
	code := ipmi.Completed
	if err != nil && !errors.As(err, &code) {
		code = ipmi.NodeBusy // neither accepted nor refused in time
	}
	word := result(code)
	if over := (quotaError{}); errors.As(err, &over) {
		word = "quota"
	} else if errors.Is(err, errMaintenance) {
		word = "maintenance"
	}
	if policy := (policyError{}); errors.As(err, &policy) {
		word = "policy"
	}
	t.metrics.Power(c.String(), word)
}

// powerRan writes one line for each power action, with the operation id that vCenter
// has logged its calls under.
func (t *tenant) powerRan(ep *endpoint, c ipmi.ChassisControl, id string, err error) {
	attrs := []any{"bmc", ep, "action", c.String(), "operation", id}
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	t.log.Info("power action", attrs...)
}

// lateFailure reports a power action that vSphere accepted and did not carry out.
func (t *tenant) lateFailure(ep *endpoint, c ipmi.ChassisControl, err error) {
	t.log.Error("power action failed after it was accepted", "bmc", ep, "action", c.String(), "error", err)
	t.metrics.Power(c.String(), "failed")
}

func (t *tenant) logIf(err error, what string, ep *endpoint) {
	if err != nil {
		t.log.Warn(what, "bmc", ep, "error", err)
	}
}

// countedAs is the name that a command is counted under. What was refused or went
// wrong is "other" of all commands together: a series for each of a hundred commands,
// each way to fail and each tenant would be more than a scrape should have.
func countedAs(command string, code ipmi.CompletionCode) string {
	if code != ipmi.Completed && code != ipmi.NodeBusy {
		return "other"
	}
	return command
}

// result is the bounded word that metrics have for a completion code.
func result(c ipmi.CompletionCode) string {
	switch c {
	case ipmi.Completed:
		return "ok"
	case ipmi.NodeBusy:
		return "node_busy"
	case ipmi.InsufficientPrivilege:
		return "denied"
	case ipmi.InvalidCommand:
		return "unsupported"
	case ipmi.InvalidField, ipmi.InvalidLength, ipmi.OutOfRange, ipmi.ParameterUnsupported:
		return "invalid"
	default:
		return "error"
	}
}
