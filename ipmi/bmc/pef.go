package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// getPEFCapabilities says that there is platform event filtering without a
// filter and without an action: clients take any other answer for an error.
func getPEFCapabilities(c *call, dst []byte) ([]byte, error) {
	const version = 0x51
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return append(dst, version, 0, 0), nil
}
