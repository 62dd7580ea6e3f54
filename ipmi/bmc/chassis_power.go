package bmc

import (
	"context"
	"fmt"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// setRestorePolicy can set none: what a VM does when power returns is decided by
// its host and cluster, and chassis status says "unknown".
func setRestorePolicy(c *call, dst []byte) ([]byte, error) {
	policy, err := ipmi.ParseRestorePolicyRequest(c.data())
	if err != nil {
		return nil, err
	}
	if policy != ipmi.RestoreUnknown {
		return nil, ipmi.InvalidField
	}
	return ipmi.AppendRestorePolicies(dst), nil
}

func setCycleInterval(c *call, dst []byte) ([]byte, error) {
	seconds, err := ipmi.ParseCycleIntervalRequest(c.data())
	if err != nil {
		return nil, err
	}
	m, ok := c.b.machine.(CycleTimer)
	if !ok {
		return nil, ipmi.NotInPresentState
	}
	return c.hold(fmt.Sprintf("Set Power Cycle Interval %d s", seconds), dst, func(context.Context) error {
		return m.SetCycleInterval(time.Duration(seconds) * time.Second)
	})
}

func getPOHCounter(c *call, dst []byte) ([]byte, error) {
	m, ok := c.b.machine.(PowerOnHours)
	switch {
	case !ok:
		return nil, ipmi.InvalidCommand
	case len(c.data()) != 0:
		return nil, ipmi.InvalidLength
	}
	return ipmi.AppendPOHCounter(dst, m.PowerOnMinutes()), nil
}
