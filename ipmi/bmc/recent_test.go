package bmc

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// told is what is remembered, a line each, newest first.
func told(b *BMC) (lines []string) {
	for _, r := range b.RecentCommands() {
		who := "nobody"
		if r.Account != "" {
			who = r.Account + "@" + r.From.String()
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%d× %s %02X by %s %s", r.Times, r.Name, uint8(r.Code), who, r.Detail)))
	}
	return lines
}

func wantTold(t *testing.T, b *BMC, want ...string) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(want, told(b)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A poller's commands are one line each, however often they come, and a power command
// stays behind them in its order.
func TestRecentCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		wantTold(t, r.bmc)
		for _, action := range []ipmi.ChassisControl{ipmi.ChassisPowerDown, ipmi.ChassisPowerUp, ipmi.ChassisPowerDown} {
			s := login(t, c, operator)
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(action), ipmi.Completed)
			time.Sleep(time.Minute)
		}
		for range 100 {
			s := login(t, c, user)
			command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
			time.Sleep(time.Second)
			command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			time.Sleep(time.Second)
			if err := s.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		s := login(t, r.console(t), user)
		time.Sleep(time.Second)
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerDown), ipmi.InsufficientPrivilege)
		time.Sleep(time.Second)
		command(t, s, 0x2E, 0x42, []byte{1, 2, 3}, ipmi.InvalidCommand)
		time.Sleep(time.Second)
		command(t, s, ipmi.NetFnChassis, 0x04, []byte{1}, ipmi.InsufficientPrivilege)
		time.Sleep(time.Second)
		command(t, s, ipmi.NetFnApp, 0x02, []byte{1}, ipmi.InsufficientPrivilege)
		wantTold(t, r.bmc,
			"1× Cold Reset D4 by user@192.0.2.12",
			"1× Chassis Identify D4 by user@192.0.2.12",
			"1× unknown C1 by user@192.0.2.12",
			"1× Chassis Control D4 by user@192.0.2.12 off",
			"100× Close Session 00 by user@192.0.2.11",
			"100× Get Device ID 00 by user@192.0.2.11",
			"100× Get Chassis Status 00 by user@192.0.2.11",
			"3× Set Session Privilege Level 00 by oper@192.0.2.11", // at the same moment, as fake time has it
			"1× Chassis Control 00 by oper@192.0.2.11 off",
			"1× Chassis Control 00 by oper@192.0.2.11 on",
			"1× Chassis Control 00 by oper@192.0.2.11 off",
		)
	})
}

// Copies of a command are that command, whether they come while it is carried out or
// after; the same again by a new session is another.
func TestRecentCommandsAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(time.Second, nil)
		c := r.console(t)
		s := login(t, c, admin)
		for range 3 {
			send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisHardReset)))
		}
		time.Sleep(1500 * time.Millisecond)
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisHardReset)))
		lines := func(want ...string) {
			t.Helper()
			synctest.Wait()
			var changes []string
			for _, line := range told(r.bmc) {
				if strings.Contains(line, "Chassis") || strings.Contains(line, "Boot") {
					changes = append(changes, line)
				}
			}
			if diff := cmp.Diff(want, changes); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		}
		lines("1× Chassis Control 00 by admin@192.0.2.11 reset")
		time.Sleep(rememberFor)
		send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisHardReset)))
		time.Sleep(1500 * time.Millisecond)
		lines("2× Chassis Control 00 by admin@192.0.2.11 reset")

		// What the operator of the gateway does is nobody's session.
		r.bmc.Control(context.Background(), ipmi.ChassisPowerDown)
		time.Sleep(time.Second)
		r.bmc.SetBoot(context.Background(), ipmi.NewBootFlags(ipmi.BootPXE, false))
		lines("1× Set System Boot Options 00 by nobody "+ipmi.BootPXE.String(), "1× Chassis Control 00 by nobody off", "2× Chassis Control 00 by admin@192.0.2.11 reset")
	})
}

// Neither the commands that change something nor the others grow beyond their room,
// and the oldest makes room for the newest.
func TestRecentCommandsAreBounded(t *testing.T) {
	var rs recents
	at := time.Unix(1, 0)
	for i := range 100 {
		for _, changes := range []bool{false, true} {
			rs.note(Recent{At: at.Add(time.Duration(i) * time.Second), Times: 1, Cmd: uint8(i), Changes: changes})
		}
	}
	for name, list := range map[string][]Recent{"reads": rs.reads, "changes": rs.changes} {
		seen := make(map[uint8]bool)
		for _, r := range list {
			seen[r.Cmd] = true
		}
		for i := range 100 {
			if want := i >= 100-maxRecent; seen[uint8(i)] != want {
				t.Errorf("%s: command %d is remembered: %t, want %t", name, i, seen[uint8(i)], want)
			}
		}
	}
	// The same of another account, from elsewhere or with another answer is another command.
	rs = recents{}
	different := []Recent{
		{Account: "a"}, {Account: "b"}, {From: netip.MustParseAddr("192.0.2.1")}, {Code: ipmi.NodeBusy}, {NetFn: ipmi.NetFnApp}, {Detail: "off"},
	}
	for _, r := range different {
		r.At, r.Times = at, 1
		rs.note(r)
	}
	if len(rs.reads) != len(different) {
		t.Errorf("%d commands are remembered as %+v", len(different), rs.reads)
	}
	for i := range 2 {
		rs.note(Recent{At: at, Times: 1, Cmd: uint8(98 + i), Changes: true})
	}
	// A copy of a change that is not the latest does not join the older one.
	rs.note(Recent{At: at, Times: 1, Cmd: 98, Changes: true})
	if last := rs.changes[len(rs.changes)-1]; last.Cmd != 98 || last.Times != 1 {
		t.Errorf("got %+v", last)
	}
}

// What anybody can send is remembered of nobody, and a BMC that nobody asks has no
// memory for it; nor has a password a place in it.
func TestRecentCommandsOfStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		if _, err := c.Sessionless20(t.Context(), ipmi.NetFnApp, 0x38, []byte{0x8E, 4}); err != nil {
			t.Fatal(err)
		}
		r.bmc.mu.Lock()
		if r.bmc.recent != nil {
			t.Errorf("remembered: %+v", r.bmc.recent)
		}
		r.bmc.mu.Unlock()
		s := login(t, c, admin)
		const password = "a-new-secret-0001234"
		command(t, s, ipmi.NetFnApp, 0x47, append([]byte{0x82, 2}, password...), ipmi.NotInPresentState)
		if text := fmt.Sprintf("%+v", r.bmc.RecentCommands()); strings.Contains(text, "secret") || !strings.Contains(text, "Set User Password") {
			t.Errorf("got %s", text)
		}
		for _, one := range r.bmc.RecentCommands() {
			if one.From != netip.MustParseAddr("192.0.2.11") {
				t.Errorf("from %s", one.From)
			}
		}
	})
}
