package bmc

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// An ableMachine can do more than it must.
type ableMachine struct {
	*fakeMachine
	off time.Duration
}

func (m *ableMachine) PowerOnMinutes() uint32 { return 0x01020304 }

func (m *ableMachine) SetCycleInterval(off time.Duration) error {
	m.set(func(*fakeMachine) { m.off = off })
	return nil
}

func TestAbilities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBMC(t, nil)
		m := &ableMachine{fakeMachine: r.machine}
		r.bmc.machine = m
		serveRig(t, r)
		askBodies(t, login(t, r.console(t), admin), []body{
			{"R18: POH in counts of a minute", ipmi.NetFnChassis, 0x0F, "", 0, "01" + "04030201"},
			{"POH with data", ipmi.NetFnChassis, 0x0F, "00", ipmi.InvalidLength, ""},
			{"cycle interval", ipmi.NetFnChassis, 0x0B, "0a", 0, ""},
		})
		if m.off != 10*time.Second {
			t.Errorf("off for %v", m.off)
		}
	})
}

func TestACPIState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		s := login(t, r.console(t), user)
		for _, tt := range []struct {
			power PowerState
			err   error
			code  ipmi.CompletionCode
			want  string
		}{
			{On, nil, 0, "0000"},
			{Off, nil, 0, "0503"},
			{Sleeping, nil, 0, "0403"},
			{Off, ErrStale, ipmi.NodeBusy, ""},
			{0, nil, ipmi.NodeBusy, ""},
		} {
			r.machine.set(func(m *fakeMachine) { m.power, m.powerErr = tt.power, tt.err })
			askBodies(t, s, []body{{tt.power.String(), ipmi.NetFnApp, 0x07, "", tt.code, tt.want}})
		}
	})
}
