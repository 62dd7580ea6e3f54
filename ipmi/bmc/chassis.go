package bmc

import (
	"context"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func getChassisCapabilities(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return ipmi.AppendChassisCapabilities(dst, ipmi.ChassisCapabilities{DiagnosticInterrupt: true}), nil
}

// getChassisStatus says "off" only when the Machine vouches for it: a fence
// agent starts the same disk elsewhere after that answer.
func getChassisStatus(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	power, err := c.b.machine.Power()
	if err != nil {
		return nil, err
	}
	switch power {
	case On, Sleeping, Off:
	default:
		return nil, ErrStale
	}
	return ipmi.AppendChassisStatus(dst, ipmi.ChassisStatus{
		On:            power != Off,
		RestorePolicy: ipmi.RestoreUnknown, // it is the host's business
	}), nil
}

func chassisControl(c *call, dst []byte) ([]byte, error) {
	action, err := ipmi.ParseChassisControl(c.data())
	if err != nil {
		return nil, err
	}
	m := c.b.machine
	return c.hold("Chassis Control "+action.String(), dst, func(ctx context.Context) error {
		return m.Control(ctx, action)
	})
}
