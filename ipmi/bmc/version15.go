package bmc

import (
	"fmt"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// A V15 says which sessions of IPMI 1.5 a BMC has. They are never encrypted,
// and their authentication is weak; only clients that cannot do better need them.
type V15 uint8

// The choices. Packets without authentication are none: they never exist in a session.
const (
	V15Off V15 = iota
	V15MD5
	// V15MD5AndPassword also takes the password in the clear in every packet.
	V15MD5AndPassword
)

// String returns the choice as the configuration spells it.
func (v V15) String() string {
	switch v {
	case V15Off:
		return "off"
	case V15MD5:
		return "md5"
	case V15MD5AndPassword:
		return "md5 and password"
	default:
		return fmt.Sprintf("v15(%d)", uint8(v))
	}
}

// ParseV15 is the inverse of String.
func ParseV15(s string) (V15, error) {
	for v := V15Off; v <= V15MD5AndPassword; v++ {
		if v.String() == s {
			return v, nil
		}
	}
	return V15Off, fmt.Errorf("%q is not one of off, md5, md5 and password", s)
}

// offers says whether sessions with auth codes of this type can be set up.
func (v V15) offers(t ipmi.AuthType) bool {
	switch t {
	case ipmi.AuthMD5:
		return v >= V15MD5
	case ipmi.AuthPassword:
		return v == V15MD5AndPassword
	}
	return false
}

// authTypes lists the types as one bit each, as clients are told them.
func (v V15) authTypes() (bits uint8) {
	for _, t := range []ipmi.AuthType{ipmi.AuthMD5, ipmi.AuthPassword} {
		if v.offers(t) {
			bits |= t.Bit()
		}
	}
	return bits
}

// authTypesAt lists those that lead to a privilege level.
func (c *Config) authTypesAt(p ipmi.Privilege) uint8 {
	if p > c.ChannelLimit {
		return 0
	}
	return c.V15.authTypes()
}
