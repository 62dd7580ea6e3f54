package bmc

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestReadOnly: what reads is answered, what changes something is refused before
// anything happens, whatever it is, and audited.
func TestReadOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mode := Normal
		r := serve(t, func(c *Config) { c.Mode = func() Mode { return mode } })
		s := login(t, r.console(t), admin)
		off := []byte{byte(ipmi.ChassisPowerDown)}
		mode = ReadOnly
		for _, row := range Commands() {
			if row.Changes {
				command(t, s, row.NetFn, row.Cmd, off, ipmi.NodeBusy)
			}
		}
		command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
		if got := r.machine.carriedOut(); len(got) > 0 {
			t.Errorf("the machine was told %q", got)
		}
		r.journal.read(func(j *journal) {
			i := slices.IndexFunc(j.audits, func(a Audit) bool { return a.Command == "Chassis Control off" })
			if i < 0 || j.audits[i].Code != ipmi.NodeBusy || j.audits[i].Account != admin.Name {
				t.Errorf("audits are %+v", j.audits)
			}
		})
		unprivileged := login(t, r.console(t), user)
		command(t, unprivileged, ipmi.NetFnChassis, cmdChassisControl, off, ipmi.InsufficientPrivilege)
		mode = Normal
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, off, ipmi.Completed)
	})
}

func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mode := Normal
		r := serve(t, func(c *Config) { c.Mode = func() Mode { return mode } })
		console := r.console(t)
		s := login(t, console, admin)
		mode = Silent
		before := len(r.drops())
		if err := console.Ping(t.Context()); err == nil {
			t.Error("a ping was answered")
		}
		if _, err := s.Command(t.Context(), ipmi.NetFnApp, cmdDeviceID, nil); err == nil {
			t.Error("a command was answered")
		}
		for _, reason := range r.drops()[before:] {
			if reason != DropMaintenance {
				t.Errorf("dropped for %v", reason)
			}
		}
		mode = Normal
		command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
	})
}
