package bmc

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestIdentify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []Identify
		r := serve(t, func(c *Config) { c.Events.Identify = func(i Identify) { told = append(told, i) } })
		s := login(t, r.console(t), operator)
		status := func(want byte) {
			t.Helper()
			if got := command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed).Data[2]; got != want {
				t.Errorf("chassis status %02X, want %02X", got, want)
			}
		}
		identify := func(data ...byte) { command(t, s, ipmi.NetFnChassis, 0x04, data, ipmi.Completed) }
		begin := time.Now()
		status(0x40)
		identify()
		status(0x50)
		time.Sleep(15*time.Second - time.Nanosecond)
		status(0x50)
		time.Sleep(time.Nanosecond)
		status(0x40)
		identify(0, 1)
		time.Sleep(59 * time.Second)
		status(0x60)
		if got := r.bmc.Identify(); got.State != ipmi.IdentifyIndefinite {
			t.Errorf("to the operator: %+v", got)
		}
		identify(200)
		status(0x50)
		identify(0)
		status(0x40)
		want := []Identify{
			{State: ipmi.IdentifyTimed, Until: begin.Add(15 * time.Second)},
			{State: ipmi.IdentifyIndefinite},
			{State: ipmi.IdentifyTimed, Until: begin.Add(274 * time.Second)},
			{},
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}
