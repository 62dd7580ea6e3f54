package ipmi

const (
	authCapabilitiesSize = 8

	channelMask      = 0x0F
	wantExtended     = 0x80 // in the request
	hasExtended      = 0x80 // in the answer
	authTypesMask    = 0x3F
	authKgSet        = 0x20
	authNonNullUsers = 0x04
	connectionV20    = 0x02
	connectionV15    = 0x01
)

// Bit is the type's bit in lists of the authentication types of IPMI 1.5
// (section 22.13 and LAN parameters 1 and 2).
func (t AuthType) Bit() uint8 { return 1 << t }

// ParseAuthCapabilitiesRequest reads the request of Get Channel Authentication
// Capabilities (section 22.13):
//
//	[0] bit 7 wants the data of IPMI 2.0, bits 3:0 channel  [1] bits 3:0 privilege
//
// The error is a CompletionCode.
func ParseAuthCapabilitiesRequest(data []byte) (channel uint8, extended bool, p Privilege, err error) {
	if len(data) != 2 {
		return 0, false, 0, InvalidLength
	}
	p = Privilege(data[1] & 0x0F)
	if p < Callback || p > OEMPrivilege {
		return 0, false, 0, InvalidField
	}
	return data[0] & channelMask, data[0]&wantExtended != 0, p, nil
}

// AuthCapabilities is the answer to Get Channel Authentication Capabilities (section 22.13):
//
//	[0] channel  [1] bit 7 extended, bits 5:0 authentication types of IPMI 1.5
//	[2] bit 5 Kg set, bit 2 users with names exist  [3] bit 1 IPMI 2.0, bit 0 IPMI 1.5
//	[4:7] OEM enterprise number  [7] OEM data
//
// Null users, anonymous login and packets without authentication cannot be
// told, because no BMC here has them.
type AuthCapabilities struct {
	Channel      uint8 // the real number, never PresentChannel
	AuthTypes    uint8 // AuthType.Bit of each type of IPMI 1.5 that is enabled
	Extended     bool  // the console asked for the data of IPMI 2.0; V20, V15 and KgSet need it
	KgSet        bool  // two-key login
	NonNullUsers bool
	V20, V15     bool // versions that can connect
}

// AppendAuthCapabilities appends the eight bytes after the completion code.
func AppendAuthCapabilities(dst []byte, c AuthCapabilities) []byte {
	types := c.AuthTypes & authTypesMask
	status := flag(c.NonNullUsers, authNonNullUsers)
	var versions uint8
	if c.Extended {
		types |= hasExtended
		status |= flag(c.KgSet, authKgSet)
		versions = flag(c.V20, connectionV20) | flag(c.V15, connectionV15)
	}
	return append(dst, c.Channel, types, status, versions, 0, 0, 0, 0)
}

// ParseAuthCapabilities reads the data after the completion code.
func ParseAuthCapabilities(b []byte) (AuthCapabilities, error) {
	if len(b) < authCapabilitiesSize {
		return AuthCapabilities{}, ErrShort
	}
	c := AuthCapabilities{
		Channel:      b[0] & channelMask,
		AuthTypes:    b[1] & authTypesMask,
		Extended:     b[1]&hasExtended != 0,
		NonNullUsers: b[2]&authNonNullUsers != 0,
	}
	if c.Extended {
		c.KgSet = b[2]&authKgSet != 0
		c.V20 = b[3]&connectionV20 != 0
		c.V15 = b[3]&connectionV15 != 0
	}
	return c, nil
}

// flag is bit when on is true.
func flag(on bool, bit uint8) uint8 {
	if on {
		return bit
	}
	return 0
}
