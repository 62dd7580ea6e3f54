package ipmi

import "encoding/binary"

// An AuthType is the first byte of every session header (section 13.6).
type AuthType uint8

// The authentication types. AuthRMCPPlus marks a session header of IPMI 2.0.
const (
	AuthNone     AuthType = 0
	AuthMD2      AuthType = 1
	AuthMD5      AuthType = 2
	AuthPassword AuthType = 4
	AuthOEM      AuthType = 5
	AuthRMCPPlus AuthType = 6
)

// SessionAuthType returns the authentication type of the session header that
// starts with b, which decides between ParseSession15 and ParseSession20.
func SessionAuthType(b []byte) (AuthType, error) {
	if len(b) == 0 {
		return 0, ErrShort
	}
	return AuthType(b[0] & 0x0F), nil
}

// A Session15 is a session header of IPMI 1.5 with its message (section 13.6):
//
//	[0] auth type  [1:5] sequence  [5:9] session ID  [9:25] auth code, absent for AuthNone
//	[9] or [25] message length  then the message
type Session15 struct {
	AuthType  AuthType
	Sequence  uint32
	SessionID uint32
	AuthCode  [16]byte
	Message   []byte // aliases the packet
}

const session15Size = 10

// ParseSession15 reads the header and message. Bytes behind the message are
// ignored: a legacy pad byte may follow it.
func ParseSession15(b []byte) (Session15, error) {
	if len(b) < session15Size {
		return Session15{}, ErrShort
	}
	s := Session15{
		AuthType:  AuthType(b[0] & 0x0F),
		Sequence:  binary.LittleEndian.Uint32(b[1:]),
		SessionID: binary.LittleEndian.Uint32(b[5:]),
	}
	rest := b[9:]
	if s.AuthType != AuthNone {
		if len(rest) < len(s.AuthCode)+1 {
			return Session15{}, ErrShort
		}
		rest = rest[copy(s.AuthCode[:], rest):]
	}
	n := int(rest[0])
	if len(rest) < 1+n {
		return Session15{}, ErrShort
	}
	s.Message = rest[1 : 1+n]
	return s, nil
}

// AppendSession15 appends a whole datagram: RMCP header, session header and the
// message, which is at most 255 bytes long.
func AppendSession15(dst []byte, s Session15) []byte {
	dst = AppendRMCP(dst, ClassIPMI)
	dst = append(dst, byte(s.AuthType))
	dst = binary.LittleEndian.AppendUint32(dst, s.Sequence)
	dst = binary.LittleEndian.AppendUint32(dst, s.SessionID)
	if s.AuthType != AuthNone {
		dst = append(dst, s.AuthCode[:]...)
	}
	dst = append(dst, byte(len(s.Message)))
	return append(dst, s.Message...)
}
