package ipmi

// A SetChannelAccessRequest is the request of Set Channel Access (section 22.22):
//
//	[0] bits 3:0 channel
//	[1] bits 7:6: 0 leave, 1 stored, 2 active; bits 5:0 as in ChannelAccess
//	[2] bits 7:6: 0 leave, 1 stored, 2 active; bits 3:0 privilege limit
type SetChannelAccessRequest struct {
	Channel     uint8
	ChangeMode  bool // all of Access but its limit is meant
	ChangeLimit bool
	Access      ChannelAccess
}

// ParseSetChannelAccessRequest reads the request. The error is a
// CompletionCode: InvalidField for a reserved operation.
func ParseSetChannelAccessRequest(data []byte) (SetChannelAccessRequest, error) {
	if len(data) != 3 {
		return SetChannelAccessRequest{}, InvalidLength
	}
	if data[1]>>6 > 2 || data[2]>>6 > 2 {
		return SetChannelAccessRequest{}, InvalidField
	}
	return SetChannelAccessRequest{
		Channel:     data[0] & channelMask,
		ChangeMode:  data[1]>>6 != 0,
		ChangeLimit: data[2]>>6 != 0,
		Access: ChannelAccess{
			NoAlerting:    data[1]&noChannelAlerts != 0,
			NoMessageAuth: data[1]&noMessageAuth != 0,
			NoUserAuth:    data[1]&noUserAuth != 0,
			Mode:          AccessMode(data[1] & accessModeMask),
			Limit:         Privilege(data[2] & 0x0F),
		},
	}, nil
}

// A KeyOperation is what Set Channel Security Keys is to do (section 22.25).
type KeyOperation uint8

// The operations.
const (
	KeyRead KeyOperation = 0
	KeySet  KeyOperation = 1
	KeyLock KeyOperation = 2
)

// The keys of a channel (section 22.25): Kr is of the random number generator,
// Kg of the login.
const (
	KeyIDKr = 0
	KeyIDKg = 1
)

const channelKeySize = 20

// ParseSecurityKeysRequest reads the request of Set Channel Security Keys
// (section 22.25):
//
//	[0] bits 3:0 channel  [1] bits 1:0 operation  [2] key ID  [3:23] value, only to set
//
// The value aliases the packet. The error is a CompletionCode: KeyTooShort and
// KeyTooLong for a value of the wrong size.
func ParseSecurityKeysRequest(data []byte) (channel uint8, o KeyOperation, keyID uint8, value []byte, err error) {
	if len(data) < 3 {
		return 0, 0, 0, nil, InvalidLength
	}
	o = KeyOperation(data[1] & 3)
	switch {
	case o > KeyLock || data[2] > KeyIDKg:
		return 0, 0, 0, nil, InvalidField
	case o == KeySet && len(data) < 3+channelKeySize:
		return 0, 0, 0, nil, KeyTooShort
	case o == KeySet && len(data) > 3+channelKeySize:
		return 0, 0, 0, nil, KeyTooLong
	case o != KeySet && len(data) != 3:
		return 0, 0, 0, nil, InvalidLength
	}
	return data[0] & channelMask, o, data[2], data[3:], nil
}
