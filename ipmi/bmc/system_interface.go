package bmc

import "github.com/bmc-gateway/bmc-gateway/ipmi"

// eventLogging is the only one of the BMC's global enables that concerns a LAN:
// bit 3, the system event log takes entries (section 22.2).
const eventLogging = 0x08

func getGlobalEnables(c *call, dst []byte) ([]byte, error) {
	if len(c.data()) != 0 {
		return nil, ipmi.InvalidLength
	}
	return append(dst, eventLogging), nil
}

// systemOnly never runs: the privilege of its row is beyond every session's.
func systemOnly(*call, []byte) ([]byte, error) { return nil, ipmi.InsufficientPrivilege }
