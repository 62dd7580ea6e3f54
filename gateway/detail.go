package gateway

import (
	"fmt"
	"strings"
	"time"

	"github.com/bmc-gateway/bmc-gateway/gateway/admin"
	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/bmc"
)

// selTold is how many entries of an event log an operator is told at once.
const selTold = 100

// Detail returns a BMC with what is in its memory: its event log, what its sensors
// read and its recent commands. Nothing of it asks vCenter, but whoever reads sensors keeps the statistics
// coming, as a client does that reads them.
func (g *Gateway) Detail(b admin.BMC) (admin.Detail, error) {
	for _, t := range g.served() {
		if t.config().Name == b.Tenant {
			return t.detail(b)
		}
	}
	return admin.Detail{}, fmt.Errorf("%s/%s: %w", b.Tenant, b.Name, admin.ErrNotFound)
}

// detail is the same of one of the tenant's.
func (t *tenant) detail(b admin.BMC) (admin.Detail, error) {
	now, ep := t.look(b)
	if now == nil {
		return admin.Detail{}, fmt.Errorf("%s/%s: %w", b.Tenant, b.Name, admin.ErrNotFound)
	}
	d := admin.Detail{BMC: *now, Commands: []admin.Command{}, SEL: []admin.SELEntry{}, Sensors: []admin.Sensor{}}
	if ep == nil {
		return d, nil
	}
	var entries []bmc.LogEntry
	entries, d.SELTotal = ep.bmc.EventLog(selTold)
	for _, e := range entries {
		d.SEL = append(d.SEL, selEntry(e))
	}
	for _, c := range ep.bmc.RecentCommands() {
		d.Commands = append(d.Commands, recent(c))
	}
	for _, s := range ep.bmc.Sensors() {
		d.Sensors = append(d.Sensors, sensor(s))
	}
	return d, nil
}

// look returns a BMC as it is now, nil when it is gone, and where it is served, nil
// when it waits.
func (t *tenant) look(b admin.BMC) (*admin.BMC, *endpoint) {
	one, ok := t.subject(b.VM.InstanceUUID)
	if !ok {
		return nil, nil
	}
	var now admin.BMC
	t.describer().describe(&now, &one)
	return &now, one.ep
}

// subject returns the VM with that instance UUID, if it is the tenant's.
func (t *tenant) subject(uuid string) (subject, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, ep := range t.endpoints {
		if key.VM == uuid {
			return runs(ep), true
		}
	}
	for key, w := range t.waiting {
		if key.VM == uuid {
			return waits(&w), true
		}
	}
	return subject{}, false
}

// recent is a command as an operator sees it.
func recent(c bmc.Recent) admin.Command {
	return admin.Command{
		Time: c.At.UTC(), Times: c.Times, Command: c.Name, Detail: c.Detail, NetFn: int(c.NetFn), Cmd: int(c.Cmd),
		Account: c.Account, From: c.From, Code: fmt.Sprintf("%02Xh", uint8(c.Code)), Result: result(c.Code), Changes: c.Changes,
	}
}

// selEntry is an entry of an event log as an operator sees it.
func selEntry(e bmc.LogEntry) admin.SELEntry {
	out := admin.SELEntry{ID: int(e.Record.ID()), Sensor: e.Sensor}
	if e.Record.Timed() {
		out.Time = time.Unix(int64(e.Record.Time()), 0).UTC()
	}
	event, ok := e.Record.Event()
	if !ok {
		out.Text = fmt.Sprintf("record of type %02Xh", e.Record.Type())
		return out
	}
	if out.Sensor == "" {
		out.Sensor = fmt.Sprintf("#%d", event.Sensor)
	}
	out.SensorType, out.Text, out.Direction = event.SensorType.String(), selText(event), "asserted"
	if event.Deasserted {
		out.Direction = "deasserted"
	}
	return out
}

// selText is what an event says in words, with our own second byte where it has one.
func selText(e ipmi.Event) string {
	if e.Generator != ipmi.GeneratorBMC || e.Sensor != sensorSystem || e.Data[0]&oemByte2 == 0 {
		return e.Text()
	}
	switch e.Data[1] {
	case whyMigrated:
		return "moved to another host"
	case whyQuestion:
		return "waits for an answer in vCenter"
	default:
		return e.Text()
	}
}

// sensor is a sensor as an operator sees it.
func sensor(s bmc.SensorNow) admin.Sensor {
	out := admin.Sensor{
		Name: s.Name, Number: int(s.Number), Type: s.Type.String(), Available: s.Reading.Available, Unit: s.Unit,
		State: "unavailable",
	}
	if !out.Available {
		return out
	}
	if s.Numeric {
		out.Reading = &s.Reading.Value
	}
	if out.State = strings.Join(s.States, ", "); out.State == "" {
		out.State = "ok"
	}
	return out
}
