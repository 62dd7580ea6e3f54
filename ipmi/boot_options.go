package ipmi

import "fmt"

// A BootParameter is the number of a boot option parameter (table 28-14), 0–127.
type BootParameter uint8

// The boot option parameters; 8–95 are reserved, 96–127 OEM.
const (
	BootParameterSetInProgress    BootParameter = 0
	BootParameterServicePartition BootParameter = 1
	BootParameterServiceScan      BootParameter = 2
	BootParameterValidClearing    BootParameter = 3
	BootParameterAcknowledge      BootParameter = 4
	BootParameterFlags            BootParameter = 5
	BootParameterInitiator        BootParameter = 6
	BootParameterMailbox          BootParameter = 7
)

// String returns the specification's name in lower case.
func (p BootParameter) String() string {
	switch p {
	case BootParameterSetInProgress:
		return "set in progress"
	case BootParameterServicePartition:
		return "service partition selector"
	case BootParameterServiceScan:
		return "service partition scan"
	case BootParameterValidClearing:
		return "boot flag valid bit clearing"
	case BootParameterAcknowledge:
		return "boot info acknowledge"
	case BootParameterFlags:
		return "boot flags"
	case BootParameterInitiator:
		return "boot initiator info"
	case BootParameterMailbox:
		return "boot initiator mailbox"
	default:
		return fmt.Sprintf("boot option %d", uint8(p))
	}
}

const (
	bootOptionsVersion = 1
	bootOptionInvalid  = 0x80
	bootParameterMask  = 0x7F
)

// A SetBootOptionRequest is the request of Set System Boot Options (section 28.12):
//
//	[0] bit 7 mark the parameter invalid, bits 6:0 parameter  [1:] its data
type SetBootOptionRequest struct {
	Parameter BootParameter
	Invalid   bool
	Data      []byte // aliases the packet; empty: only the mark is to be changed
}

// ParseSetBootOptionRequest reads the request. The error is a CompletionCode.
func ParseSetBootOptionRequest(data []byte) (SetBootOptionRequest, error) {
	if len(data) == 0 {
		return SetBootOptionRequest{}, InvalidLength
	}
	return SetBootOptionRequest{
		Parameter: BootParameter(data[0] & bootParameterMask),
		Invalid:   data[0]&bootOptionInvalid != 0,
		Data:      data[1:],
	}, nil
}

// A GetBootOptionRequest is the request of Get System Boot Options (section 28.13):
//
//	[0] bits 6:0 parameter  [1] set selector  [2] block selector
type GetBootOptionRequest struct {
	Parameter BootParameter
	Set       uint8
	Block     uint8
}

// ParseGetBootOptionRequest reads the request. The error is a CompletionCode.
func ParseGetBootOptionRequest(data []byte) (GetBootOptionRequest, error) {
	if len(data) != 3 {
		return GetBootOptionRequest{}, InvalidLength
	}
	return GetBootOptionRequest{Parameter: BootParameter(data[0] & bootParameterMask), Set: data[1], Block: data[2]}, nil
}

// AppendBootOption appends the answer to Get System Boot Options after the
// completion code (section 28.13):
//
//	[0] bits 3:0 version 1  [1] bit 7 invalid, bits 6:0 parameter  [2:] its data
//
// ipmitool calls the two states of the mark "valid/unlocked" and "invalid/locked".
func AppendBootOption(dst []byte, p BootParameter, invalid bool, data []byte) []byte {
	dst = append(dst, bootOptionsVersion, byte(p)&bootParameterMask|flag(invalid, bootOptionInvalid))
	return append(dst, data...)
}

// ParseBootFlags reads the data of parameter 5. The error is a CompletionCode:
// InvalidField for a reserved device selector.
func ParseBootFlags(data []byte) (BootFlags, error) {
	var f BootFlags
	if len(data) != len(f) {
		return f, InvalidLength
	}
	copy(f[:], data)
	if f.Device().Reserved() {
		return BootFlags{}, InvalidField
	}
	return f, nil
}
