package ipmi

import "encoding/binary"

// ParseSessionPrivilegeRequest reads the request of Set Session Privilege Level
// (section 22.18): one byte, bits 3:0 the level wanted. PrivilegeNone asks for
// the present level and changes nothing. The error is a CompletionCode.
func ParseSessionPrivilegeRequest(data []byte) (Privilege, error) {
	if len(data) != 1 {
		return 0, InvalidLength
	}
	p := Privilege(data[0] & 0x0F)
	if p == Callback || p > OEMPrivilege {
		return 0, InvalidField
	}
	return p, nil
}

// A CloseSessionRequest is the request of Close Session (section 22.19):
//
//	[0:4] BMC's session ID  [4] session handle, only when the ID is 0
type CloseSessionRequest struct {
	ID     uint32
	Handle uint8
}

// ParseCloseSessionRequest reads the request. The error is a CompletionCode.
func ParseCloseSessionRequest(data []byte) (CloseSessionRequest, error) {
	if len(data) < 4 {
		return CloseSessionRequest{}, InvalidLength
	}
	r := CloseSessionRequest{ID: binary.LittleEndian.Uint32(data)}
	switch {
	case r.ID == 0 && len(data) == 5:
		r.Handle = data[4]
	case len(data) > 4:
		return CloseSessionRequest{}, InvalidLength
	}
	return r, nil
}
