package ipmi

// Channel numbers (section 6.3).
const (
	ChannelLAN     = 0x1
	ChannelPresent = 0xE // "the channel this came in on"
	ChannelSystem  = 0xF
)

// A ChannelMedium is what a channel runs over (table 6-3).
type ChannelMedium uint8

// A ChannelProtocol is what a channel speaks (table 6-2).
type ChannelProtocol uint8

// A SessionSupport says which sessions a channel has (section 22.24).
type SessionSupport uint8

// The values a LAN channel needs.
const (
	Medium8023LAN ChannelMedium   = 0x4
	ProtocolIPMB  ChannelProtocol = 0x1 // messages on the LAN have the form of IPMB messages
	MultiSession  SessionSupport  = 0x2
)

// ipmiIANA is the enterprise number that stands for the IPMI forum itself.
const ipmiIANA = 7154

// ParseChannelInfoRequest reads the request of Get Channel Info (section
// 22.24): one byte, bits 3:0 the channel. The error is a CompletionCode.
func ParseChannelInfoRequest(data []byte) (channel uint8, err error) {
	if len(data) != 1 {
		return 0, InvalidLength
	}
	return data[0] & channelMask, nil
}

// A ChannelInfo is the answer to Get Channel Info (section 22.24):
//
//	[0] channel  [1] bits 6:0 medium  [2] bits 4:0 protocol
//	[3] bits 7:6 session support, bits 5:0 active sessions  [4:7] protocol's owner  [7:9] auxiliary
type ChannelInfo struct {
	Channel        uint8
	Medium         ChannelMedium
	Protocol       ChannelProtocol
	SessionSupport SessionSupport
	ActiveSessions uint8 // 0–63
}

// AppendChannelInfo appends the nine bytes after the completion code.
func AppendChannelInfo(dst []byte, c ChannelInfo) []byte {
	dst = append(dst, c.Channel&channelMask, byte(c.Medium)&0x7F, byte(c.Protocol)&0x1F,
		byte(c.SessionSupport)<<6|c.ActiveSessions&sessionCountMask)
	dst = appendUint24(dst, ipmiIANA)
	return append(dst, 0, 0)
}

// ParseChannelAccessRequest reads the request of Get Channel Access (section 22.23):
//
//	[0] bits 3:0 channel  [1] bits 7:6: 1 the stored settings, 2 the active ones
//
// The error is a CompletionCode.
func ParseChannelAccessRequest(data []byte) (channel uint8, stored bool, err error) {
	if len(data) != 2 {
		return 0, false, InvalidLength
	}
	which := data[1] >> 6
	if which != 1 && which != 2 {
		return 0, false, InvalidField
	}
	return data[0] & channelMask, which == 1, nil
}

// An AccessMode says when a channel can be used (table 6-4).
type AccessMode uint8

// The access modes.
const (
	AccessDisabled AccessMode = 0
	AccessPreBoot  AccessMode = 1
	AccessAlways   AccessMode = 2
	AccessShared   AccessMode = 3
)

const (
	accessModeMask  = 0x07
	noUserAuth      = 0x08
	noMessageAuth   = 0x10
	noChannelAlerts = 0x20
)

// A ChannelAccess is the answer to Get Channel Access (section 22.23):
//
//	[0] bit 5 no alerting, bit 4 no per-message authentication,
//	    bit 3 no user-level authentication, bits 2:0 access mode  [1] bits 3:0 privilege limit
type ChannelAccess struct {
	NoAlerting    bool
	NoMessageAuth bool
	NoUserAuth    bool
	Mode          AccessMode
	Limit         Privilege
}

// AppendChannelAccess appends the two bytes after the completion code.
func AppendChannelAccess(dst []byte, a ChannelAccess) []byte {
	return append(dst,
		flag(a.NoAlerting, noChannelAlerts)|flag(a.NoMessageAuth, noMessageAuth)|
			flag(a.NoUserAuth, noUserAuth)|byte(a.Mode)&accessModeMask,
		byte(a.Limit)&0x0F)
}
