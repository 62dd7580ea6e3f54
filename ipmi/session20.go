package ipmi

import "encoding/binary"

// A PayloadType says what an RMCP+ packet carries (section 13.27.3).
type PayloadType uint8

// The payload types. The set-up payloads, 10h and above, exist outside of sessions only.
const (
	PayloadIPMI                PayloadType = 0x00
	PayloadSOL                 PayloadType = 0x01
	PayloadOEM                 PayloadType = 0x02
	PayloadOpenSessionRequest  PayloadType = 0x10
	PayloadOpenSessionResponse PayloadType = 0x11
	PayloadRAKP1               PayloadType = 0x12
	PayloadRAKP2               PayloadType = 0x13
	PayloadRAKP3               PayloadType = 0x14
	PayloadRAKP4               PayloadType = 0x15
)

const (
	payloadEncrypted     = 0x80
	payloadAuthenticated = 0x40
	payloadTypeMask      = 0x3F
	session20Size        = 12
	oemFieldsSize        = 6
)

// A Session20 is a session header of RMCP+ with its payload (section 13.6):
//
//	[0] 06h  [1] bit 7 encrypted, bit 6 authenticated, bits 5:0 payload type
//	[2:6] session ID  [6:10] sequence  [10:12] payload length  then payload and trailer
//
// An OEM payload (type 02h) has six bytes more after [1]. Note the order of ID
// and sequence: IPMI 1.5 has it the other way round.
type Session20 struct {
	Type          PayloadType
	Encrypted     bool
	Authenticated bool
	SessionID     uint32
	Sequence      uint32
	Payload       []byte // aliases the packet; still encrypted when Encrypted
	Signed        []byte // what the auth code covers, and the auth code: header, payload, trailer
}

// ParseSession20 reads the header and finds the payload; it checks nothing that needs a key.
func ParseSession20(b []byte) (Session20, error) {
	if len(b) < session20Size {
		return Session20{}, ErrShort
	}
	s := Session20{
		Type:          PayloadType(b[1] & payloadTypeMask),
		Encrypted:     b[1]&payloadEncrypted != 0,
		Authenticated: b[1]&payloadAuthenticated != 0,
		Signed:        b,
	}
	at := 2
	if s.Type == PayloadOEM {
		at += oemFieldsSize
	}
	if len(b) < at+10 {
		return Session20{}, ErrShort
	}
	s.SessionID = binary.LittleEndian.Uint32(b[at:])
	s.Sequence = binary.LittleEndian.Uint32(b[at+4:])
	n := int(binary.LittleEndian.Uint16(b[at+8:]))
	if len(b) < at+10+n {
		return Session20{}, ErrShort
	}
	s.Payload = b[at+10 : at+10+n]
	return s, nil
}

// AppendSession20 appends a whole datagram outside of a session: no encryption,
// no integrity, session ID and sequence 0 (section 13.28).
func AppendSession20(dst []byte, t PayloadType, payload []byte) []byte {
	dst = appendSession20Header(dst, byte(t), 0, 0, len(payload))
	return append(dst, payload...)
}

func appendSession20Header(dst []byte, typeByte byte, id, sequence uint32, payload int) []byte {
	dst = AppendRMCP(dst, ClassIPMI)
	dst = append(dst, byte(AuthRMCPPlus), typeByte)
	dst = binary.LittleEndian.AppendUint32(dst, id)
	dst = binary.LittleEndian.AppendUint32(dst, sequence)
	return binary.LittleEndian.AppendUint16(dst, uint16(payload))
}
