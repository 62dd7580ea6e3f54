package bmc

import (
	"testing"
	"testing/synctest"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestOvertakenSettings: a packet that the network held back undoes nothing.
func TestOvertakenSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		s := login(t, c, operator)
		message := ipmi.AppendRequest(nil, ipmi.Message{
			Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Requester: ipmi.AddressConsole, Command: cmdSetWatchdog,
			Data: ipmi.AppendSetWatchdogRequest(nil, tenSeconds(ipmi.WatchdogHardReset)),
		})
		late := s.Seal(ipmi.PayloadIPMI, message)
		setTimer(t, s, tenSeconds(ipmi.WatchdogHardReset))
		feedTimer(t, s)
		if _, err := c.Exchange(t.Context(), late); err != nil {
			t.Fatal(err)
		}
		if w := timer(t, s); !w.Running {
			t.Errorf("the late copy stopped the timer: %+v", w)
		}
	})
}
