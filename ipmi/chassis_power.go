package ipmi

import (
	"encoding/binary"
	"fmt"
)

// ParseRestorePolicyRequest reads the request of Set Power Restore Policy
// (section 28.8): one byte, bits 2:0 the policy. RestoreUnknown asks which there
// are. The error is a CompletionCode: InvalidField for a reserved policy.
func ParseRestorePolicyRequest(data []byte) (RestorePolicy, error) {
	if len(data) != 1 {
		return 0, InvalidLength
	}
	p := RestorePolicy(data[0] & 7)
	if p > RestoreUnknown {
		return 0, InvalidField
	}
	return p, nil
}

// AppendRestorePolicies appends the byte of Set Power Restore Policy after the
// completion code (section 28.8): a bit for each policy that can be set.
func AppendRestorePolicies(dst []byte, policies ...RestorePolicy) []byte {
	var mask byte
	for _, p := range policies {
		mask |= 1 << p
	}
	return append(dst, mask)
}

// ParseCycleIntervalRequest reads the request of Set Power Cycle Interval
// (section 28.9): one byte, the seconds a power cycle leaves the system off. The
// error is a CompletionCode.
func ParseCycleIntervalRequest(data []byte) (seconds uint8, err error) {
	if len(data) != 1 {
		return 0, InvalidLength
	}
	return data[0], nil
}

// A RestartCause says what started the system last (section 28.11).
type RestartCause uint8

// The causes a virtual machine can have.
const (
	RestartUnknown        RestartCause = 0
	RestartChassisControl RestartCause = 1
	RestartWatchdog       RestartCause = 4
)

// String returns the specification's words in lower case.
func (c RestartCause) String() string {
	switch c {
	case RestartUnknown:
		return "unknown"
	case RestartChassisControl:
		return "chassis control"
	case RestartWatchdog:
		return "watchdog"
	default:
		return fmt.Sprintf("restart cause %d", uint8(c))
	}
}

// AppendRestartCause appends the two bytes of Get System Restart Cause after the
// completion code (section 28.11): the cause and the channel of the command, 0
// when there was none.
func AppendRestartCause(dst []byte, c RestartCause, channel uint8) []byte {
	return append(dst, byte(c)&0x0F, channel&channelMask)
}

// pohMinutes per count is 1, because FreeIPMI divides by it where it should multiply.
const pohMinutes = 1

// AppendPOHCounter appends the five bytes of Get POH Counter after the
// completion code (section 28.14): the minutes per count, and the count.
func AppendPOHCounter(dst []byte, minutes uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(dst, pohMinutes), minutes)
}
