package ipmi

import "bytes"

// ParseUserNameRequest reads the request of Get User Name (section 22.29): one
// byte, bits 5:0 the user ID. The error is a CompletionCode.
func ParseUserNameRequest(data []byte) (userID uint8, err error) {
	if len(data) != 1 {
		return 0, InvalidLength
	}
	return data[0] & userIDMask, nil
}

// ParseSetUserNameRequest reads the request of Set User Name (section 22.28):
//
//	[0] bits 5:0 user ID  [1:17] name, padded with zeros
//
// The name aliases the packet. The error is a CompletionCode.
func ParseSetUserNameRequest(data []byte) (userID uint8, name []byte, err error) {
	if len(data) != 1+MaxUserName {
		return 0, nil, InvalidLength
	}
	return data[0] & userIDMask, bytes.TrimRight(data[1:], "\x00"), nil
}

// AppendUserName appends the sixteen bytes of Get User Name after the
// completion code (section 22.29). A longer name is cut.
func AppendUserName(dst []byte, name string) []byte {
	var padded [MaxUserName]byte
	copy(padded[:], name)
	return append(dst, padded[:]...)
}

// A PasswordOperation is what Set User Password is to do (section 22.30).
type PasswordOperation uint8

// The operations.
const (
	PasswordDisableUser PasswordOperation = 0
	PasswordEnableUser  PasswordOperation = 1
	PasswordSet         PasswordOperation = 2
	PasswordTest        PasswordOperation = 3
)

const (
	longPassword      = 0x80
	shortPasswordSize = 16
)

// A SetPasswordRequest is the request of Set User Password (section 22.30):
//
//	[0] bit 7 twenty bytes, bits 5:0 user ID  [1] bits 1:0 operation  [2:] password, padded with zeros
type SetPasswordRequest struct {
	UserID    uint8
	Long      bool // twenty bytes, not sixteen
	Operation PasswordOperation
	Password  []byte // with its padding; aliases the packet; empty when a user is enabled or disabled without
}

// ParseSetPasswordRequest reads the request. ipmitool sends sixteen bytes that
// mean nothing to enable or disable a user; the specification sends none. The
// error is a CompletionCode.
func ParseSetPasswordRequest(data []byte) (SetPasswordRequest, error) {
	if len(data) < 2 {
		return SetPasswordRequest{}, InvalidLength
	}
	r := SetPasswordRequest{
		UserID:    data[0] & userIDMask,
		Long:      data[0]&longPassword != 0,
		Operation: PasswordOperation(data[1] & 3),
		Password:  data[2:],
	}
	size := shortPasswordSize
	if r.Long {
		size = MaxPassword
	}
	optional := r.Operation == PasswordDisableUser || r.Operation == PasswordEnableUser
	if len(r.Password) != size && !(optional && len(r.Password) == 0) {
		return SetPasswordRequest{}, InvalidLength
	}
	return r, nil
}
