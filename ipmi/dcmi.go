package ipmi

import "encoding/binary"

// GroupDCMI is the body code of DCMI: the first byte of each of its requests and
// responses (DCMI 1.5, section 6).
const GroupDCMI = 0xDC

// A DCMICapability is the number of a parameter of Get DCMI Capabilities Info
// (DCMI 1.5, section 6.1.1).
type DCMICapability uint8

// The parameters.
const (
	DCMISupported DCMICapability = iota + 1
	DCMIMandatory
	DCMIOptional
	DCMIAccess
	DCMIEnhancedPower
)

const (
	dcmiVersion           = 1 // of the specification, major
	dcmiMinor             = 5
	dcmiParameterRevision = 2
	dcmiPowerManagement   = 0x01
	dcmiMaxSELEntries     = 0x0FFF
	dcmiNoChannel         = 0xFF
	dcmiMaxText           = 63
	dcmiMaxTextRead       = 16
	dcmiMeasurementActive = 0x40
	dcmiSystemPower       = 1
)

// DCMICapabilities is what Get DCMI Capabilities Info tells.
type DCMICapabilities struct {
	Power      bool   // there are power readings
	SELEntries uint16 // room in the event log, which stops when it is full
}

// ParseDCMICapabilityRequest reads the request after the body code: one byte,
// the parameter. The error is a CompletionCode.
func ParseDCMICapabilityRequest(data []byte) (DCMICapability, error) {
	if len(data) != 1 {
		return 0, InvalidLength
	}
	p := DCMICapability(data[0])
	if p < DCMISupported || p > DCMIEnhancedPower {
		return 0, InvalidField
	}
	return p, nil
}

// AppendDCMICapability appends the answer after the body code:
//
//	[0:2] version 1.5  [2] parameter revision  [3:] the parameter's data
func AppendDCMICapability(dst []byte, p DCMICapability, c DCMICapabilities) []byte {
	dst = append(dst, dcmiVersion, dcmiMinor, dcmiParameterRevision)
	switch p {
	case DCMISupported: // no other way in than the LAN
		return append(dst, 0, flag(c.Power, dcmiPowerManagement), 0)
	case DCMIMandatory: // no roll-over, no sampling of temperatures
		dst = binary.LittleEndian.AppendUint16(dst, min(c.SELEntries, dcmiMaxSELEntries))
		return append(dst, 0, 0, 0)
	case DCMIOptional: // the BMC itself is the power management device
		return append(dst, AddressBMC, 0)
	case DCMIAccess:
		return append(dst, ChannelLAN, dcmiNoChannel, dcmiNoChannel)
	default: // no rolling averages
		return append(dst, 0)
	}
}

// ParsePowerReadingRequest reads the request of Get Power Reading after the body
// code (section 6.6.1): mode 1, the present power, a byte that is for other modes
// and one that is reserved. The error is a CompletionCode: InvalidField for averages, which
// the capabilities do not offer.
func ParsePowerReadingRequest(data []byte) error {
	if len(data) != 3 {
		return InvalidLength
	}
	if data[0] != dcmiSystemPower {
		return InvalidField
	}
	return nil
}

// A PowerReading is the answer to Get Power Reading after the body code
// (DCMI 1.5, section 6.6.1):
//
//	[0:2] now  [2:4] lowest  [4:6] highest  [6:8] average, watts
//	[8:12] time  [12:16] period, ms  [16] bit 6 measuring
type PowerReading struct {
	Current, Lowest, Highest, Average uint16 // watts
	Time                              uint32 // seconds since 1970
	Period                            uint32 // ms that the last three are of
	Active                            bool   // false: nothing is measured, and the rest says nothing
}

// AppendPowerReading appends the seventeen bytes after the body code.
func AppendPowerReading(dst []byte, r PowerReading) []byte {
	for _, watts := range [...]uint16{r.Current, r.Lowest, r.Highest, r.Average} {
		dst = binary.LittleEndian.AppendUint16(dst, watts)
	}
	dst = binary.LittleEndian.AppendUint32(dst, r.Time)
	dst = binary.LittleEndian.AppendUint32(dst, r.Period)
	return append(dst, flag(r.Active, dcmiMeasurementActive))
}

// PowerLimitSize is the length of the answer to Get Power Limit after the body
// code (section 6.6.2): reserved, action, watts, correction time and sampling period, all
// zero when there is no limit.
const PowerLimitSize = 13

// A DCMITextRequest is the request of Get Asset Tag and of Get Management
// Controller Identifier String after the body code (sections 6.4.2 and 6.4.6):
//
//	[0] offset  [1] count
type DCMITextRequest struct {
	Offset uint8
	Count  uint8
}

// ParseDCMITextRequest reads the request. The error is a CompletionCode:
// OutOfRange for more than 16 bytes, or for what is beyond the 63rd.
func ParseDCMITextRequest(data []byte) (DCMITextRequest, error) {
	if len(data) != 2 {
		return DCMITextRequest{}, InvalidLength
	}
	r := DCMITextRequest{Offset: data[0], Count: data[1]}
	if r.Count > dcmiMaxTextRead || int(r.Offset)+int(r.Count) > dcmiMaxText+1 {
		return DCMITextRequest{}, OutOfRange
	}
	return r, nil
}

// AppendDCMIText appends the answer after the body code: the length of the whole
// text, and the part that was asked for, as far as there is text.
func (r DCMITextRequest) AppendDCMIText(dst []byte, text string) []byte {
	text = text[:min(len(text), dcmiMaxText)]
	dst = append(dst, byte(len(text)))
	text = text[min(int(r.Offset), len(text)):]
	return append(dst, text[:min(int(r.Count), len(text))]...)
}

// ParseDCMISensorRequest reads the request of Get DCMI Sensor Info and of Get
// Temperature Readings after the body code (sections 6.5.2 and 6.7.3):
//
//	[0] sensor type 01h  [1] entity  [2] instance, 0 all  [3] first instance
//
// The error is a CompletionCode.
func ParseDCMISensorRequest(data []byte) (EntityID, error) {
	if len(data) != 4 {
		return 0, InvalidLength
	}
	if SensorType(data[0]) != SensorTemperature {
		return 0, InvalidField
	}
	return EntityID(data[1]), nil
}
