package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// getACPIState tells the same as chassis status, in ACPI's words.
func getACPIState(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	power, err := c.b.machine.Power()
	if err != nil {
		return nil, err
	}
	switch power {
	case On:
		return ipmi.AppendACPI(dst, ipmi.ACPIWorking, ipmi.ACPIDeviceOn), nil
	case Off:
		return ipmi.AppendACPI(dst, ipmi.ACPISoftOff, ipmi.ACPIDeviceOff), nil
	case Sleeping:
		return ipmi.AppendACPI(dst, ipmi.ACPISuspendToDisk, ipmi.ACPIDeviceOff), nil
	default:
		return nil, ErrStale
	}
}

// setACPIState is how a system tells its BMC the state. Here vSphere tells it,
// and nobody else.
func setACPIState(c *call, dst []byte) ([]byte, error) {
	system, device, err := ipmi.ParseSetACPIRequest(c.data())
	if err != nil {
		return nil, err
	}
	return ownedByConfig(dst, system == ipmi.ACPISystemNoChange && device == ipmi.ACPIDeviceNoChange)
}
