package ipmi

const (
	userIDMask = 0x3F

	userChange       = 0x80 // Set User Access: bits 6:4 are to be changed
	userCallbackOnly = 0x40
	userLinkAuth     = 0x20
	userMessaging    = 0x10

	userEnabled  = 0x40 // bits 7:6 of [1] in the answer: 1 enabled, 2 disabled
	userDisabled = 0x80
)

// NoAccess is the privilege limit of a user who has no access to a channel
// (section 22.26).
const NoAccess Privilege = 0xF

// A UserRequest is the request of Get User Access (section 22.27) and of Get
// User Payload Access (section 24.7):
//
//	[0] bits 3:0 channel  [1] bits 5:0 user ID
type UserRequest struct {
	Channel uint8
	UserID  uint8 // 0–63
}

// ParseUserRequest reads the request. The error is a CompletionCode.
func ParseUserRequest(data []byte) (UserRequest, error) {
	if len(data) != 2 {
		return UserRequest{}, InvalidLength
	}
	return UserRequest{Channel: data[0] & channelMask, UserID: data[1] & userIDMask}, nil
}

// A UserAccess is the answer to Get User Access (section 22.27):
//
//	[0] bits 5:0 highest user ID  [1] bits 7:6 enabled or disabled, bits 5:0 enabled users
//	[2] bits 5:0 users with fixed names
//	[3] bit 6 callback only, bit 5 link authentication, bit 4 IPMI messaging, bits 3:0 limit
type UserAccess struct {
	MaxUsers     uint8 // 1–63
	EnabledUsers uint8 // 0–63
	FixedNames   uint8 // 0–63, user 1 among them
	Enabled      bool

	CallbackOnly bool
	LinkAuth     bool
	Messaging    bool // may have sessions at all
	Limit        Privilege
}

// AppendUserAccess appends the four bytes after the completion code.
func AppendUserAccess(dst []byte, a UserAccess) []byte {
	state := byte(userDisabled)
	if a.Enabled {
		state = userEnabled
	}
	return append(dst, a.MaxUsers&userIDMask, state|a.EnabledUsers&userIDMask, a.FixedNames&userIDMask,
		flag(a.CallbackOnly, userCallbackOnly)|flag(a.LinkAuth, userLinkAuth)|flag(a.Messaging, userMessaging)|byte(a.Limit)&0x0F)
}

// ParseUserAccess reads the data after the completion code.
func ParseUserAccess(b []byte) (UserAccess, error) {
	if len(b) < 4 {
		return UserAccess{}, ErrShort
	}
	return UserAccess{
		MaxUsers: b[0] & userIDMask, EnabledUsers: b[1] & userIDMask, FixedNames: b[2] & userIDMask,
		Enabled:      b[1]&^userIDMask == userEnabled,
		CallbackOnly: b[3]&userCallbackOnly != 0,
		LinkAuth:     b[3]&userLinkAuth != 0,
		Messaging:    b[3]&userMessaging != 0,
		Limit:        Privilege(b[3] & 0x0F),
	}, nil
}

// A SetUserAccessRequest is the request of Set User Access (section 22.26):
//
//	[0] bit 7 change bits 6:4, bit 6 callback only, bit 5 link authentication,
//	    bit 4 IPMI messaging, bits 3:0 channel
//	[1] bits 5:0 user ID  [2] bits 3:0 limit  [3] bits 3:0 session limit, optional
type SetUserAccessRequest struct {
	UserRequest
	Change       bool // CallbackOnly, LinkAuth and Messaging are meant
	CallbackOnly bool
	LinkAuth     bool
	Messaging    bool
	Limit        Privilege
	SessionLimit uint8 // 0: none
}

// ParseSetUserAccessRequest reads the request. The error is a CompletionCode:
// InvalidField for a limit that is no level.
func ParseSetUserAccessRequest(data []byte) (SetUserAccessRequest, error) {
	if len(data) != 3 && len(data) != 4 {
		return SetUserAccessRequest{}, InvalidLength
	}
	r := SetUserAccessRequest{
		UserRequest:  UserRequest{Channel: data[0] & channelMask, UserID: data[1] & userIDMask},
		Change:       data[0]&userChange != 0,
		CallbackOnly: data[0]&userCallbackOnly != 0,
		LinkAuth:     data[0]&userLinkAuth != 0,
		Messaging:    data[0]&userMessaging != 0,
		Limit:        Privilege(data[2] & 0x0F),
	}
	if len(data) == 4 {
		r.SessionLimit = data[3] & 0x0F
	}
	if r.Limit != NoAccess && (r.Limit < Callback || r.Limit > OEMPrivilege) {
		return SetUserAccessRequest{}, InvalidField
	}
	return r, nil
}
