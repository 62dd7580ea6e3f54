package bmc

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// TestColdReset: answered, and then everything is as it was at the start. The
// machine does not notice, but for flags that wait for a next boot.
func TestColdReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lights []ipmi.IdentifyState
		r := serve(t, func(c *Config) {
			c.Events.Identify = func(i Identify) { lights = append(lights, i.State) }
		})
		c := r.console(t)
		s, other := login(t, c, admin), login(t, r.console(t), user)
		received := func(s *remote.Session) byte {
			return command(t, s, ipmi.NetFnTransport, 0x04, []byte{1, 0}, ipmi.Completed).Data[0]
		}
		halfOpen := newAttempt(t, r.bmc, operator)
		r.bmc.mu.Lock()
		halfOpen.open()
		halfOpen.rakp1()
		r.bmc.mu.Unlock()
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerCycle), ipmi.Completed)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{0, 1}, ipmi.Completed)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{3, 8}, ipmi.Completed)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{7, 0, 0xAA}, ipmi.Completed)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0x80, 4, 0, 0, 0}, ipmi.Completed)
		command(t, s, ipmi.NetFnTransport, 0x01, []byte{1, 0, 1}, ipmi.Completed)
		command(t, s, ipmi.NetFnChassis, 0x04, []byte{0, 1}, ipmi.Completed)
		setTimer(t, s, tenSeconds(ipmi.WatchdogHardReset))
		synctest.Wait() // the cycle's entry in the event log ends reservations, too
		command(t, s, ipmi.NetFnStorage, 0x42, nil, ipmi.Completed)
		before := received(s)
		command(t, s, ipmi.NetFnApp, 0x02, nil, ipmi.Completed)
		synctest.Wait()

		if n := len(r.bmc.Sessions()); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		if _, err := other.Command(t.Context(), ipmi.NetFnApp, cmdDeviceID, nil); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("the other session: %v", err)
		}
		r.bmc.mu.Lock()
		if got := halfOpen.rakp3().Status; got != ipmi.StatusInvalidSession {
			t.Errorf("a set-up that was half done: %v", got)
		}
		r.bmc.mu.Unlock()
		s = login(t, c, admin)
		if after := received(s); after >= before {
			t.Errorf("%d packets were received, %d before", after, before)
		}
		if diff := cmp.Diff([]ipmi.IdentifyState{ipmi.IdentifyIndefinite, ipmi.IdentifyOff}, lights); diff != "" {
			t.Errorf("told of lights (-want +got):\n%s", diff)
		}
		askBodies(t, s, []body{
			{"boot set in progress", ipmi.NetFnChassis, cmdGetBootOptions, "000000", 0, "0100" + "00"},
			{"boot valid bit clearing", ipmi.NetFnChassis, cmdGetBootOptions, "030000", 0, "0103" + "00"},
			{"boot flags", ipmi.NetFnChassis, cmdGetBootOptions, "050000", 0, "0105" + "0004000000"},
			{"mailbox", ipmi.NetFnChassis, cmdGetBootOptions, "070000", 0, "0107" + "00" + "00000000000000000000000000000000"},
			{"LAN set in progress", ipmi.NetFnTransport, 0x02, "01000000", 0, "11" + "00"},
			{"chassis status", ipmi.NetFnChassis, cmdChassisStatus, "", 0, "610040"},
			{"restart cause", ipmi.NetFnChassis, 0x07, "", 0, "0000"},
			{"watchdog", ipmi.NetFnApp, cmdGetWatchdog, "", 0, "0000000000000000"},
			{"watchdog not set", ipmi.NetFnApp, cmdResetWatchdog, "", ipmi.WatchdogUninitialized, ""},
			{"event log, as reserved before", ipmi.NetFnStorage, 0x43, "0100" + "0000" + "0101", ipmi.ReservationInvalid, ""},
			{"event log, reserved anew", ipmi.NetFnStorage, 0x42, "", 0, "0200"},
			{"event log, as reserved now", ipmi.NetFnStorage, 0x43, "0200" + "0000" + "0201", 0, "ffff" + "02"},
		})
		if diff := cmp.Diff([]string{"cycle", "boot pxe", "boot pxe"}, r.machine.carriedOut()); diff != "" {
			t.Errorf("carried out (-want +got):\n%s", diff)
		}
		r.journal.read(func(j *journal) {
			if last := j.audits[len(j.audits)-1]; last.Command != "Cold Reset" || last.Account != admin.Name {
				t.Errorf("audited %+v", last)
			}
		})
	})
}

// TestColdResetKeepsPersistentFlags: they are in the VM already.
func TestColdResetKeepsPersistentFlags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lights := 0
		r := serve(t, func(c *Config) { c.Events.Identify = func(Identify) { lights++ } })
		s := login(t, r.console(t), admin)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0xC0, 4, 0, 0, 0}, ipmi.Completed)
		command(t, s, ipmi.NetFnApp, 0x02, nil, ipmi.Completed)
		synctest.Wait()
		if lights != 0 {
			t.Errorf("told of %d lights: it was off", lights)
		}
		if f := r.machine.Boot(); !f.Valid() || !f.Persistent() {
			t.Errorf("flags %x", f)
		}
	})
}

// TestColdResetTellsOfFlags that the machine keeps: nobody waits for their answer.
func TestColdResetTellsOfFlags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), admin)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{5, 0x80, 4, 0, 0, 0}, ipmi.Completed)
		r.machine.acts(0, ipmi.NotInPresentState)
		command(t, s, ipmi.NetFnApp, 0x02, nil, ipmi.Completed)
		synctest.Wait()
		r.journal.read(func(j *journal) {
			last := j.audits[len(j.audits)-1]
			if last.Command != "Cold Reset, boot flags" || last.Code != ipmi.NotInPresentState {
				t.Errorf("audited %+v", last)
			}
		})
	})
}

// TestWarmReset ends what was left half done, and nothing else.
func TestWarmReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), admin)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{0, 1}, ipmi.Completed)
		command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{3, 8}, ipmi.Completed)
		command(t, s, ipmi.NetFnTransport, 0x01, []byte{1, 0, 1}, ipmi.Completed)
		setTimer(t, s, tenSeconds(ipmi.WatchdogNoAction))
		feedTimer(t, s)
		command(t, s, ipmi.NetFnApp, 0x03, nil, ipmi.Completed)
		askBodies(t, s, []body{
			{"boot set in progress", ipmi.NetFnChassis, cmdGetBootOptions, "000000", 0, "0100" + "00"},
			{"boot valid bit clearing", ipmi.NetFnChassis, cmdGetBootOptions, "030000", 0, "0103" + "08"},
			{"LAN set in progress", ipmi.NetFnTransport, 0x02, "01000000", 0, "11" + "00"},
			{"watchdog", ipmi.NetFnApp, cmdGetWatchdog, "", 0, "4400000064006400"},
			{"with data", ipmi.NetFnApp, 0x03, "00", ipmi.InvalidLength, ""},
		})
	})
}
