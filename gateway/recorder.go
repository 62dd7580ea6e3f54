package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/address"
	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/gateway/audit"
	"github.com/bmc-gateway/bmc-gateway/inventory"
)

// rememberedEvents is how many of the last events the daemon can tell: those of a
// start with thousands of BMCs, or some 2 MB.
const rememberedEvents = 4096

// Events are the last things that happened in this daemon.
func (g *Gateway) Events() *admin.Events { return g.record.events }

// A recorder is where what happens is remembered.
type recorder struct {
	events *admin.Events
	logins Logins
	file   *audit.File // nil: none
}

func newRecorder(c Audit, log *slog.Logger) *recorder {
	r := &recorder{events: admin.NewEvents(rememberedEvents), logins: c.Logins}
	if c.File == "" {
		return r
	}
	r.file = audit.New(audit.Config{Path: c.File, Gap: gap, Told: func(err error) {
		if err != nil {
			log.Error("the audit file cannot be written; lines wait in memory, as many as fit", "error", err)
			return
		}
		log.Info("the audit file can be written again", "lost", r.file.Counts().Lost)
	}})
	return r
}

// status is how the audit file is doing; nil when there is none.
func (r *recorder) status(path string) *admin.Audit {
	if r.file == nil {
		return nil
	}
	c := r.file.Counts()
	return &admin.Audit{File: path, Written: c.Written, Lost: c.Lost, Failing: c.Failing}
}

// gap is the line that stands for those that are lost.
func gap(lost uint64) []byte {
	return auditLine(admin.Event{
		Time: time.Now().UTC(), Kind: admin.EventLost, Level: admin.Failure, Lost: lost,
		Text: "lines before this one are lost, the file could not be written",
	})
}

func auditLine(e admin.Event) []byte {
	e.Seq = 0 // of this daemon's memory
	line, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("gateway: an event is no JSON: %v", err)) // nothing in it can fail
	}
	return line
}

// note remembers an event.
func (r *recorder) note(e admin.Event) { r.events.Add(e) }

// audit remembers what somebody did, or tried to.
func (r *recorder) audit(e admin.Event) {
	r.events.Add(e)
	r.write(e)
}

// write audits without remembering.
func (r *recorder) write(e admin.Event) {
	if r.file != nil {
		r.file.Write(auditLine(e))
	}
}

// tell remembers an event of one of the tenant's VMs.
func (t *tenant) tell(level admin.Level, vm inventory.VM, text string, args ...any) {
	t.record.note(admin.Event{
		Kind: admin.EventBMC, Level: level, Text: fmt.Sprintf(text, args...),
		Tenant: t.config().Name, BMC: vm.Name, InstanceUUID: vm.Key.VM, VCenter: t.config().VCenter,
	})
}

// tellAll remembers an event of the tenant as a whole.
func (t *tenant) tellAll(level admin.Level, text string) {
	t.record.note(admin.Event{Kind: admin.EventTenant, Level: level, Text: text, Tenant: t.config().Name, VCenter: t.config().VCenter})
}

// noteLink remembers that a vCenter came or went.
func (r *recorder) noteLink(vcenter string, lost error) {
	e := admin.Event{Kind: admin.EventVCenter, Level: admin.Info, Text: "vCenter connected", VCenter: vcenter}
	if lost != nil {
		e.Level, e.Text, e.Error = admin.Failure, "vCenter lost", lost.Error()
	}
	r.note(e)
}

// noteReload remembers that the configuration was read again, which is also the word
// to open the audit file anew.
func (r *recorder) noteReload(done admin.Reload, by admin.Caller) {
	r.file.Reopen()
	e := admin.Event{Kind: admin.EventConfig, Level: admin.Info, Text: fmt.Sprintf("configuration read again, changes: %d", len(done.Steps))}
	if len(done.Problems) > 0 {
		e.Level, e.Text, e.Error = admin.Failure, "configuration read again and refused", done.Problems[0]
	}
	e.Time, e.Command, e.Via, e.UID = time.Now().UTC(), "reload", admin.ViaSocket, by.UID
	if by.UID == nil {
		e.Via = admin.ViaGateway // by signal
	}
	r.audit(e)
}

// noteAddress remembers what happened to an address on its interface.
func (r *recorder) noteAddress(e address.Event) {
	text, level := "", admin.Failure
	switch e.Kind {
	case address.ConflictHeard:
		text = fmt.Sprintf("another host says it has the address: %s", e.MAC)
	case address.ConflictLost:
		text = fmt.Sprintf("address given up, another host insists on it: %s", e.MAC)
	case address.PutBack:
		text, level = "somebody had taken the address away; it is back", admin.Warning
	case address.TakenTooOften:
		text = "the address is taken away again and again; it is not put back for now"
	case address.ForeignFound:
		text = "the address has been added by somebody else; it is left alone"
	case address.Unkept:
		text = "the address cannot be kept"
	case address.Stalled:
		text = "no progress: addresses are not refreshed"
	case address.Resumed:
		text, level = "progress again: addresses are refreshed", admin.Info
	default:
		return // the log is enough
	}
	event := admin.Event{Kind: admin.EventAddress, Level: level, Text: text + on(e.Iface), Address: e.Address}
	if e.Err != nil {
		event.Error = e.Err.Error()
	}
	r.note(event)
}

func on(iface string) string {
	if iface == "" {
		return ""
	}
	return ", on " + iface
}

// startFailure is how an event says that a BMC waits: a neighbour that has its
// address is no fault of ours.
func startFailure(err error) admin.Level {
	if errors.Is(err, address.ErrExhausted) || errors.Is(err, address.ErrConflict) {
		return admin.Warning
	}
	return admin.Failure
}
