package bmc

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestOwnEvents: what clients do to the machine is in its log.
func TestOwnEvents(t *testing.T) {
	tests := []struct {
		action ipmi.ChassisControl
		power  PowerState
		want   string // sensor type, source, event type and data
	}{
		{ipmi.ChassisPowerDown, On, "09e06f00ffff"},
		{ipmi.ChassisPowerCycle, On, "09e06f01ffff"},
		{ipmi.ChassisPowerUp, Off, "1de16ff70101"},
		{ipmi.ChassisPowerUp, On, ""},
		{ipmi.ChassisHardReset, On, "1de16ff70101"},
		{ipmi.ChassisDiagnostic, On, "13e26f00ffff"},
		{ipmi.ChassisSoftOff, On, ""},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, nil)
			r.machine.set(func(m *fakeMachine) { m.power = tt.power })
			s := login(t, r.console(t), operator)
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(tt.action), ipmi.Completed)
			synctest.Wait()
			got := ""
			for _, record := range readLog(t, s) {
				got += hex.EncodeToString(record[10:])
			}
			if got != tt.want {
				t.Errorf("%v of a machine that is %v: logged %q, want %q", tt.action, tt.power, got, tt.want)
			}
		})
	}
}

// TestRefusedActionsAreNoEvents: the log tells of what happened.
func TestRefusedActionsAreNoEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.machine.acts(0, ipmi.NotInPresentState)
		s := login(t, r.console(t), operator)
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(off), ipmi.NotInPresentState)
		synctest.Wait()
		if log := readLog(t, s); len(log) != 0 {
			t.Errorf("logged % x", log)
		}
	})
}

// TestStoreFails: what is not stored is not in the log, and somebody hears of it.
func TestStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		var failed []error
		r := serve(t, func(c *Config) {
			c.SEL = store
			c.Events.LogFailed = func(err error) { failed = append(failed, err) }
		})
		s := login(t, r.console(t), operator)
		logEvents(t, r.bmc, 1)
		broken := errors.New("disk is full")
		store.fails(broken)
		if err := r.bmc.Log(testEvent(2), time.Now()); !errors.Is(err, broken) {
			t.Errorf("Log: %v", err)
		}
		record := testEvent(3).Record(0, 0)
		command(t, s, ipmi.NetFnStorage, cmdAddEntry, record[:], ipmi.Unspecified)
		command(t, s, ipmi.NetFnStorage, cmdDelEntry, delete4(reserve(t, s), 1), ipmi.Unspecified)
		command(t, s, ipmi.NetFnStorage, cmdClearSEL, clearData(reserve(t, s)), ipmi.Unspecified)
		command(t, s, ipmi.NetFnChassis, cmdChassisControl, control(off), ipmi.Completed)
		synctest.Wait()
		if n := len(readLog(t, s)); n != 1 {
			t.Errorf("%d entries, want the stored one", n)
		}
		if len(failed) != 1 || !errors.Is(failed[0], broken) {
			t.Errorf("told of %v", failed)
		}
		config := testConfig(t)
		config.SEL = store
		if _, err := New(config, r.machine); !errors.Is(err, broken) {
			t.Errorf("New: %v", err)
		}
	})
}

// TestSELTime is UTC, the gateway's: only that can be set.
func TestSELTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := login(t, serve(t, nil).console(t), operator)
		for _, cmd := range []uint8{0x48, 0x28} {
			got := command(t, s, ipmi.NetFnStorage, cmd, nil, ipmi.Completed).Data
			if want := binary.LittleEndian.AppendUint32(nil, seconds(time.Now())); !bytes.Equal(got, want) {
				t.Errorf("% x, want % x", got, want)
			}
		}
		for _, cmd := range []uint8{0x49, 0x29} {
			for off, code := range map[uint32]ipmi.CompletionCode{0: ipmi.Completed, 4: ipmi.Completed, 60: ipmi.NotInPresentState} {
				data := binary.LittleEndian.AppendUint32(nil, seconds(time.Now())+off)
				command(t, s, ipmi.NetFnStorage, cmd, data, code)
			}
		}
	})
}
