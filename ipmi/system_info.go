package ipmi

import (
	"fmt"
	"strings"
)

// A SystemInfoParameter is the number of a system info parameter (table 22-16c).
type SystemInfoParameter uint8

// The system info parameters; 192–255 are OEM.
const (
	SystemInfoSetInProgress SystemInfoParameter = 0
	SystemInfoFirmware      SystemInfoParameter = 1
	SystemInfoName          SystemInfoParameter = 2
	SystemInfoPrimaryOS     SystemInfoParameter = 3
	SystemInfoOS            SystemInfoParameter = 4
	SystemInfoOSVersion     SystemInfoParameter = 5
	SystemInfoBMCURL        SystemInfoParameter = 6
	SystemInfoHypervisorURL SystemInfoParameter = 7
)

// String returns the specification's name in lower case.
func (p SystemInfoParameter) String() string {
	switch p {
	case SystemInfoSetInProgress:
		return "set in progress"
	case SystemInfoFirmware:
		return "system firmware version"
	case SystemInfoName:
		return "system name"
	case SystemInfoPrimaryOS:
		return "primary operating system name"
	case SystemInfoOS:
		return "operating system name"
	case SystemInfoOSVersion:
		return "operating system version"
	case SystemInfoBMCURL:
		return "BMC URL"
	case SystemInfoHypervisorURL:
		return "base OS/hypervisor URL"
	default:
		return fmt.Sprintf("system info parameter %d", uint8(p))
	}
}

const (
	systemInfoRevision = 0x11
	revisionOnly       = 0x80

	systemInfoBlock      = 16
	systemInfoASCII      = 0
	systemInfoUTF8       = 1
	maxSystemInfoString  = 255
	systemInfoHeaderSize = 2
)

// A SystemInfoRequest is the request of Get System Info Parameters (section 22.14b):
//
//	[0] bit 7 revision only  [1] parameter  [2] set selector  [3] block selector
type SystemInfoRequest struct {
	RevisionOnly bool
	Parameter    SystemInfoParameter
	Set          uint8
	Block        uint8
}

// ParseSystemInfoRequest reads the request. The error is a CompletionCode.
func ParseSystemInfoRequest(data []byte) (SystemInfoRequest, error) {
	if len(data) != 4 {
		return SystemInfoRequest{}, InvalidLength
	}
	return SystemInfoRequest{
		RevisionOnly: data[0]&revisionOnly != 0,
		Parameter:    SystemInfoParameter(data[1]),
		Set:          data[2],
		Block:        data[3],
	}, nil
}

// ParseSetSystemInfoRequest reads the request of Set System Info Parameters
// (section 22.14a): the parameter and its data, which alias the packet. The
// error is a CompletionCode.
func ParseSetSystemInfoRequest(data []byte) (SystemInfoParameter, []byte, error) {
	if len(data) < 2 {
		return 0, nil, InvalidLength
	}
	return SystemInfoParameter(data[0]), data[1:], nil
}

// AppendSystemInfo appends the parameter revision, with which every answer to
// Get System Info Parameters begins after its completion code.
func AppendSystemInfo(dst []byte) []byte { return append(dst, systemInfoRevision) }

// AppendSystemInfoString appends block number set of a string (table 22-16c):
// the number and sixteen bytes, padded with zeros. Block 0 begins with the
// encoding and the length of the string in bytes. It returns false when the
// string, of which 255 bytes count, ends before the block.
func AppendSystemInfoString(dst []byte, s string, set uint8) ([]byte, bool) {
	s = s[:min(len(s), maxSystemInfoString)]
	var block [systemInfoBlock]byte
	if set == 0 {
		block[0] = systemInfoEncoding(s)
		block[1] = byte(len(s))
		copy(block[systemInfoHeaderSize:], s)
	} else {
		from := int(set)*systemInfoBlock - systemInfoHeaderSize
		if from >= len(s) {
			return dst, false
		}
		copy(block[:], s[from:])
	}
	return append(append(dst, set), block[:]...), true
}

func systemInfoEncoding(s string) byte {
	if strings.IndexFunc(s, func(r rune) bool { return r > '~' }) >= 0 {
		return systemInfoUTF8
	}
	return systemInfoASCII
}
