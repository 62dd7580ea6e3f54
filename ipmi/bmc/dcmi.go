package bmc

import (
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// dcmiData is the request after the body code, which dispatch has seen.
func (c *call) dcmiData() []byte { return c.data()[1:] }

func getDCMICapabilities(c *call, dst []byte) ([]byte, error) {
	p, err := ipmi.ParseDCMICapabilityRequest(c.dcmiData())
	if err != nil {
		return nil, err
	}
	return ipmi.AppendDCMICapability(append(dst, ipmi.GroupDCMI), p, ipmi.DCMICapabilities{
		Power:      c.b.config.PowerReading != nil,
		SELEntries: selCapacity,
	}), nil
}

// getPowerReading tells of one reading, which is its own lowest, highest and
// average. When it is not known, nothing is being measured.
func getPowerReading(c *call, dst []byte) ([]byte, error) {
	read := c.b.config.PowerReading
	if read == nil {
		return nil, ipmi.InvalidCommand
	}
	if err := ipmi.ParsePowerReadingRequest(c.dcmiData()); err != nil {
		return nil, err
	}
	r := ipmi.PowerReading{Time: seconds(c.now)}
	if watts, ok := read(); ok {
		r.Active = true
		r.Current, r.Lowest, r.Highest, r.Average = watts, watts, watts, watts
	}
	return ipmi.AppendPowerReading(append(dst, ipmi.GroupDCMI), r), nil
}

// getPowerLimit says that there is none. The limit follows nevertheless:
// ipmitool prints it without a look at the length.
func getPowerLimit(c *call, _ []byte) ([]byte, error) {
	switch {
	case c.b.config.PowerReading == nil:
		return nil, ipmi.InvalidCommand
	case len(c.dcmiData()) != 2:
		return nil, ipmi.InvalidLength
	}
	return nil, refusal{ipmi.NoPowerLimit, make([]byte, ipmi.PowerLimitSize)}
}

func getAssetTag(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseDCMITextRequest(c.dcmiData())
	if err != nil {
		return nil, err
	}
	return r.AppendDCMIText(append(dst, ipmi.GroupDCMI), c.b.config.AssetTag), nil
}

func getControllerID(c *call, dst []byte) ([]byte, error) {
	r, err := ipmi.ParseDCMITextRequest(c.dcmiData())
	if err != nil {
		return nil, err
	}
	return r.AppendDCMIText(append(dst, ipmi.GroupDCMI), controllerID(&c.b.config)), nil
}

// controllerID is the VM's name, or else what DCMI 1.5 has for a default
// (section 6.4.6).
func controllerID(c *Config) string {
	if c.SystemInfo.SystemName != "" {
		return c.SystemInfo.SystemName
	}
	return fmt.Sprintf("DCMI%X", c.LAN.MAC)
}

// setDCMIText refuses: names are the virtual machine's.
func setDCMIText(c *call, _ []byte) ([]byte, error) {
	if len(c.dcmiData()) < 2 {
		return nil, ipmi.InvalidLength
	}
	return nil, ipmi.NotInPresentState
}

// getDCMISensors answers for sensors and for readings: a virtual machine has no
// temperature.
func getDCMISensors(c *call, dst []byte) ([]byte, error) {
	if _, err := ipmi.ParseDCMISensorRequest(c.dcmiData()); err != nil {
		return nil, err
	}
	return append(dst, ipmi.GroupDCMI, 0, 0), nil
}
