package ipmi

import "encoding/binary"

// The special values of SessionInfoRequest.Index (section 22.20).
const (
	SessionThis     = 0x00
	SessionByHandle = 0xFE
	SessionByID     = 0xFF
)

// A SessionInfoRequest is the request of Get Session Info (section 22.20):
//
//	[0] index: 0 this session, 1 and up the n-th active one, FEh by handle, FFh by ID
//	[1] handle, only after FEh  or  [1:5] BMC's session ID, only after FFh
type SessionInfoRequest struct {
	Index  uint8
	Handle uint8
	ID     uint32
}

// ParseSessionInfoRequest reads the request. The error is a CompletionCode.
func ParseSessionInfoRequest(data []byte) (SessionInfoRequest, error) {
	if len(data) == 0 {
		return SessionInfoRequest{}, InvalidLength
	}
	r := SessionInfoRequest{Index: data[0]}
	switch {
	case r.Index == SessionByHandle && len(data) == 2:
		r.Handle = data[1]
	case r.Index == SessionByID && len(data) == 5:
		r.ID = binary.LittleEndian.Uint32(data[1:])
	case r.Index < SessionByHandle && len(data) == 1:
	default:
		return SessionInfoRequest{}, InvalidLength
	}
	return r, nil
}

const (
	sessionCountsSize = 3
	sessionInfoSize   = 18
	sessionCountMask  = 0x3F
	sessionVersion20  = 0x10 // bits 7:4 of [5]: 0 IPMI 1.5, 1 IPMI 2.0
)

// A SessionInfo is the answer to Get Session Info (section 22.20):
//
//	[0] handle, 0: no session there  [1] possible sessions  [2] active sessions; and if there is one
//	[3] user ID  [4] privilege  [5] bits 7:4 version, bits 3:0 channel
//	[6:10] console's IPv4 address  [10:16] console's MAC address  [16:18] console's port
//
// The port is least significant byte first, the addresses as they are written.
type SessionInfo struct {
	Handle   uint8 // 0: none of the fields below Active are sent
	Possible uint8 // 0–63
	Active   uint8 // 0–63

	UserID    uint8     // 1–63
	Privilege Privilege // the operating level
	V20       bool
	Channel   uint8
	Address   [4]byte
	MAC       [6]byte
	Port      uint16
}

// AppendSessionInfo appends the data after the completion code: three bytes, or
// eighteen when there is a session.
func AppendSessionInfo(dst []byte, s SessionInfo) []byte {
	dst = append(dst, s.Handle, s.Possible&sessionCountMask, s.Active&sessionCountMask)
	if s.Handle == 0 {
		return dst
	}
	dst = append(dst, s.UserID&sessionCountMask, byte(s.Privilege)&0x0F,
		flag(s.V20, sessionVersion20)|s.Channel&channelMask)
	dst = append(dst, s.Address[:]...)
	dst = append(dst, s.MAC[:]...)
	return binary.LittleEndian.AppendUint16(dst, s.Port)
}

// ParseSessionInfo reads the data after the completion code.
func ParseSessionInfo(b []byte) (SessionInfo, error) {
	if len(b) < sessionCountsSize {
		return SessionInfo{}, ErrShort
	}
	s := SessionInfo{Handle: b[0], Possible: b[1] & sessionCountMask, Active: b[2] & sessionCountMask}
	if s.Handle == 0 {
		return s, nil
	}
	if len(b) < sessionInfoSize {
		return SessionInfo{}, ErrShort
	}
	s.UserID = b[3] & sessionCountMask
	s.Privilege = Privilege(b[4] & 0x0F)
	s.V20 = b[5]&0xF0 == sessionVersion20
	s.Channel = b[5] & channelMask
	copy(s.Address[:], b[6:])
	copy(s.MAC[:], b[10:])
	s.Port = binary.LittleEndian.Uint16(b[16:])
	return s, nil
}
