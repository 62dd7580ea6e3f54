package ipmi

import "encoding/binary"

const (
	asfIANA        = 4542 // the ASF enterprise number
	asfPing        = 0x80
	asfPong        = 0x40
	asfPingSize    = 8
	asfOneWayTag   = 0xFF
	asfEntityIPMI  = 0x80
	asfEntityASF10 = 0x01
)

// ParsePing reads the ASF message after the RMCP header and returns the tag of
// a presence ping (section 13.2.3):
//
//	[0:4] IANA 4542, most significant byte first  [4] type 80h  [5] tag  [6] 0  [7] length 0
//
// ok is false for every other ASF message, and for the tag FFh, which asks for no answer.
func ParsePing(b []byte) (tag uint8, ok bool) {
	if len(b) < asfPingSize || binary.BigEndian.Uint32(b) != asfIANA || b[4] != asfPing {
		return 0, false
	}
	return b[5], b[5] != asfOneWayTag
}

// AppendPong appends the whole datagram that answers a presence ping (section
// 13.2.4): it says that IPMI is supported here, and nothing else.
func AppendPong(dst []byte, tag uint8) []byte {
	dst = AppendRMCP(dst, ClassASF)
	dst = binary.BigEndian.AppendUint32(dst, asfIANA)
	dst = append(dst, asfPong, tag, 0, 16)
	dst = binary.BigEndian.AppendUint32(dst, asfIANA) // no OEM-specific capabilities
	dst = append(dst, 0, 0, 0, 0)                     // OEM-defined
	dst = append(dst, asfEntityIPMI|asfEntityASF10, 0)
	return append(dst, 0, 0, 0, 0, 0, 0)
}

// AppendPing appends the presence ping datagram that a console sends.
func AppendPing(dst []byte, tag uint8) []byte {
	dst = AppendRMCP(dst, ClassASF)
	dst = binary.BigEndian.AppendUint32(dst, asfIANA)
	return append(dst, asfPing, tag, 0, 0)
}
