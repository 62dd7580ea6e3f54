package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

const (
	deviceID       = 0x20
	deviceRevision = 1

	selfTestPassed = 0x55
)

func getDeviceID(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	firmware := c.b.config.Firmware
	return ipmi.AppendDeviceID(dst, ipmi.DeviceID{
		ID:            deviceID,
		Revision:      deviceRevision,
		FirmwareMajor: firmware[0],
		FirmwareMinor: firmware[1],
		Support:       c.b.support,
		Manufacturer:  ipmi.VMwareIANA,
	}), nil
}

func getSelfTestResults(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return append(dst, selfTestPassed, 0), nil
}

// getSystemGUID returns the same bytes as RAKP message 2.
func getSystemGUID(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return append(dst, c.b.config.GUID[:]...), nil
}
