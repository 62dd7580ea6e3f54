package ipmi

import "encoding/binary"

// A PEFParameter is the number of a PEF configuration parameter (table 30-6), 0–127.
type PEFParameter uint8

// The parameters that say what there is.
const (
	PEFSetInProgress PEFParameter = 0
	PEFControl       PEFParameter = 1
	PEFActions       PEFParameter = 2
	PEFFilterCount   PEFParameter = 5
	PEFPolicyCount   PEFParameter = 8
	PEFSystemGUID    PEFParameter = 10
	PEFStringCount   PEFParameter = 11
)

const (
	pefVersion      = 0x51
	pefRevision     = 0x11
	pefRevisionOnly = 0x80
	pefMask         = 0x7F
	guidSize        = 16
)

// AppendPEFCapabilities appends the answer to Get PEF Capabilities after the
// completion code (section 30.1) of a BMC that has no action and no filter.
func AppendPEFCapabilities(dst []byte) []byte { return append(dst, pefVersion, 0, 0) }

// ParsePEFParameterRequest reads the request of Get PEF Configuration Parameters
// (section 30.4):
//
//	[0] bit 7 only the revision, bits 6:0 parameter  [1] set selector  [2] block selector
//
// The error is a CompletionCode.
func ParsePEFParameterRequest(data []byte) (p PEFParameter, revisionOnly bool, err error) {
	if len(data) != 3 {
		return 0, false, InvalidLength
	}
	return PEFParameter(data[0] & pefMask), data[0]&pefRevisionOnly != 0, nil
}

// AppendPEFRevision appends what every answer to Get PEF Configuration
// Parameters begins with.
func AppendPEFRevision(dst []byte) []byte { return append(dst, pefRevision) }

// AppendPEFParameter appends the data of a parameter of a BMC that filters no
// event. The error is ParameterUnsupported for a parameter about something
// that there is none of.
func AppendPEFParameter(dst []byte, p PEFParameter) ([]byte, error) {
	switch p {
	case PEFSetInProgress, PEFControl, PEFActions, PEFFilterCount, PEFPolicyCount, PEFStringCount:
		return append(dst, 0), nil
	case PEFSystemGUID: // that of Get System GUID
		return append(dst, make([]byte, 1+guidSize)...), nil
	}
	return nil, ParameterUnsupported
}

// AppendLastProcessed appends the answer to Get Last Processed Event ID after
// the completion code (section 30.6): the time and the ID of the latest record,
// FFFFh when the log is empty, and that neither software nor BMC has processed any.
func AppendLastProcessed(dst []byte, added uint32, last uint16) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, added)
	dst = binary.LittleEndian.AppendUint16(dst, last)
	return append(dst, 0, 0, 0, 0)
}
