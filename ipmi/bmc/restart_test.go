package bmc

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

func TestRestartCause(t *testing.T) {
	const unknown, chassisControl = "0000", "0101"
	act := func(c ipmi.ChassisControl) func(*testing.T, *rig, *remote.Session) {
		return func(t *testing.T, _ *rig, s *remote.Session) {
			command(t, s, ipmi.NetFnChassis, cmdChassisControl, []byte{byte(c)}, ipmi.Completed)
		}
	}
	tests := []struct {
		name  string
		power PowerState
		event func(t *testing.T, r *rig, s *remote.Session)
		want  string
		lit   byte // last event of chassis status
	}{
		{"reset", On, act(ipmi.ChassisHardReset), chassisControl, 0},
		{"cycle", On, act(ipmi.ChassisPowerCycle), chassisControl, 0x10},
		{"on", Off, act(ipmi.ChassisPowerUp), chassisControl, 0x10},
		{"on, but it was", On, act(ipmi.ChassisPowerUp), unknown, 0},
		{"NMI", On, act(ipmi.ChassisDiagnostic), unknown, 0},
		{"on, and the start is seen", Off, func(t *testing.T, r *rig, s *remote.Session) {
			act(ipmi.ChassisPowerUp)(t, r, s)
			r.bmc.Started()
		}, chassisControl, 0x10},
		{"on, and another start later", Off, func(t *testing.T, r *rig, s *remote.Session) {
			act(ipmi.ChassisPowerUp)(t, r, s)
			r.bmc.Started()
			r.bmc.Started()
		}, unknown, 0},
		{"on, a start much later", Off, func(t *testing.T, r *rig, s *remote.Session) {
			act(ipmi.ChassisPowerUp)(t, r, s)
			for range 6 {
				time.Sleep(50 * time.Second)
				command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			}
			r.bmc.Started()
		}, unknown, 0},
		{"on, and asked much later", Off, func(t *testing.T, r *rig, s *remote.Session) {
			act(ipmi.ChassisPowerUp)(t, r, s)
			r.machine.set(func(m *fakeMachine) { m.power = On })
			for range 7 {
				time.Sleep(50 * time.Second)
				command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			}
		}, chassisControl, 0x10},
		{"seen off much later", On, func(t *testing.T, r *rig, s *remote.Session) {
			act(ipmi.ChassisPowerCycle)(t, r, s)
			for range 6 {
				time.Sleep(50 * time.Second)
				command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			}
			r.machine.set(func(m *fakeMachine) { m.power = Off })
		}, unknown, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				r.machine.set(func(m *fakeMachine) { m.power = tt.power })
				s := login(t, r.console(t), operator)
				tt.event(t, r, s)
				askBodies(t, s, []body{{"cause", ipmi.NetFnChassis, 0x07, "", 0, tt.want}})
				if got := command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed).Data[1]; got != tt.lit {
					t.Errorf("last event %02X, want %02X", got, tt.lit)
				}
			})
		})
	}
}

// A start from elsewhere ends boot flags unless parameter 3 says otherwise; the
// BMC's own does not.
func TestStartedEndsFlags(t *testing.T) {
	for _, tt := range []struct {
		name string
		keep byte
		own  bool
		want bool
	}{
		{"from elsewhere", 0x1E, false, true},
		{"from elsewhere, flags outlive the power button", 0x01, false, false},
		{"our own", 0x00, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, nil)
				r.machine.set(func(m *fakeMachine) { m.power = Off })
				s := login(t, r.console(t), operator)
				command(t, s, ipmi.NetFnChassis, cmdSetBootOptions, []byte{3, tt.keep}, ipmi.Completed)
				if tt.own {
					command(t, s, ipmi.NetFnChassis, cmdChassisControl, []byte{byte(ipmi.ChassisPowerUp)}, ipmi.Completed)
				}
				if got := r.bmc.Started(); got != tt.want {
					t.Errorf("got %t, want %t", got, tt.want)
				}
			})
		})
	}
}
