package bmc

import (
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// Identify is the light by which somebody finds the machine. A VM has none; it
// is seen in chassis status and by the operator of the gateway.
type Identify struct {
	State ipmi.IdentifyState
	Until time.Time // of a timed one
}

// at returns what the light is now: a timed one goes out by itself.
func (i Identify) at(now time.Time) Identify {
	if i.State == ipmi.IdentifyTimed && !now.Before(i.Until) {
		return Identify{}
	}
	return i
}

// Identify returns the present state of the light.
func (b *BMC) Identify() Identify {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.identifying.at(time.Now())
}

// identifyChassis switches the light (section 28.5).
func identifyChassis(c *call, dst []byte) ([]byte, error) {
	seconds, indefinite, err := ipmi.ParseIdentifyRequest(c.data())
	if err != nil {
		return nil, err
	}
	var light Identify
	what := "Chassis Identify off"
	switch {
	case indefinite:
		light.State = ipmi.IdentifyIndefinite
		what = "Chassis Identify on"
	case seconds != 0:
		light = Identify{State: ipmi.IdentifyTimed, Until: c.now.Add(time.Duration(seconds) * time.Second)}
		what = fmt.Sprintf("Chassis Identify %d s", seconds)
	}
	c.b.identifying = light
	c.b.config.Events.Identify(light)
	c.changed(what)
	return dst, nil
}
