package ipmi

import "encoding/binary"

const (
	rakp1Size = 28
	rakp2Size = 40
	rakp3Size = 8
	// MaxUserName is the longest user name, in bytes (section 22.28).
	MaxUserName = 16
	// MaxPassword is the longest password of IPMI 2.0, in bytes (section 22.30).
	MaxPassword = 20

	roleNameOnly = 0x10
)

// A Role is byte 24 of RAKP message 1. The whole byte goes into the hashes, so
// it is kept as it came (section 13.20).
type Role uint8

// Privilege is the maximum privilege the console asks for.
func (r Role) Privilege() Privilege { return Privilege(r & 0x0F) }

// NameOnly says that the user is looked up by name alone, not by name and privilege.
func (r Role) NameOnly() bool { return r&roleNameOnly != 0 }

// An RAKPMessage1 names the user (section 13.20):
//
//	[0] tag  [1:4] 0  [4:8] BMC's session ID  [8:24] console's random number
//	[24] role  [25:27] 0  [27] length of name  [28:] name
type RAKPMessage1 struct {
	Tag           uint8
	BMCID         uint32
	ConsoleRandom [16]byte
	Role          Role
	UserName      []byte // aliases the packet; raw, as it goes into the hashes
}

// ParseRAKPMessage1 reads the payload. A name longer than the payload or than
// MaxUserName gives ErrMalformed, with the tag and BMC's ID in the result so
// that a status can be sent.
func ParseRAKPMessage1(b []byte) (RAKPMessage1, error) {
	if len(b) < rakp1Size {
		return RAKPMessage1{}, ErrShort
	}
	m := RAKPMessage1{Tag: b[0], BMCID: binary.LittleEndian.Uint32(b[4:]), Role: Role(b[24])}
	copy(m.ConsoleRandom[:], b[8:])
	n := int(b[27])
	if n > MaxUserName || rakp1Size+n > len(b) {
		return m, ErrMalformed
	}
	m.UserName = b[rakp1Size : rakp1Size+n]
	return m, nil
}

// AppendRAKPMessage1 appends the payload.
func AppendRAKPMessage1(dst []byte, m RAKPMessage1) []byte {
	dst = append(dst, m.Tag, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, m.BMCID)
	dst = append(dst, m.ConsoleRandom[:]...)
	dst = append(dst, byte(m.Role), 0, 0, byte(len(m.UserName)))
	return append(dst, m.UserName...)
}

// An RAKPMessage2 proves that the BMC knows the password (section 13.21):
//
//	[0] tag  [1] status  [2:4] 0  [4:8] console's session ID  [8:24] BMC's random number
//	[24:40] system GUID  [40:] key exchange authentication code
type RAKPMessage2 struct {
	Tag       uint8
	Status    Status
	ConsoleID uint32
	BMCRandom [16]byte
	GUID      [16]byte
	Code      []byte
}

// AppendRAKPMessage2 appends the payload; with a status other than StatusOK
// only its first 8 bytes.
func AppendRAKPMessage2(dst []byte, m RAKPMessage2) []byte {
	dst = appendRAKPHead(dst, m.Tag, m.Status, m.ConsoleID)
	if m.Status != StatusOK {
		return dst
	}
	dst = append(dst, m.BMCRandom[:]...)
	dst = append(dst, m.GUID[:]...)
	return append(dst, m.Code...)
}

// ParseRAKPMessage2 reads the payload.
func ParseRAKPMessage2(b []byte) (RAKPMessage2, error) {
	if len(b) < rakp3Size {
		return RAKPMessage2{}, ErrShort
	}
	m := RAKPMessage2{Tag: b[0], Status: Status(b[1]), ConsoleID: binary.LittleEndian.Uint32(b[4:])}
	if m.Status != StatusOK {
		return m, nil
	}
	if len(b) < rakp2Size {
		return RAKPMessage2{}, ErrShort
	}
	copy(m.BMCRandom[:], b[8:])
	copy(m.GUID[:], b[24:])
	m.Code = b[rakp2Size:]
	return m, nil
}

// An RAKPMessage3 proves that the console knows the password (section 13.22):
//
//	[0] tag  [1] status  [2:4] 0  [4:8] BMC's session ID  [8:] key exchange authentication code
//
// RAKP message 4 (section 13.23) has the same layout with the console's ID and
// the integrity check value.
type RAKPMessage3 struct {
	Tag    uint8
	Status Status // not StatusOK: the console gives up, and no code follows
	ID     uint32
	Code   []byte // aliases the packet
}

// ParseRAKPMessage3 reads the payload of message 3 or 4.
func ParseRAKPMessage3(b []byte) (RAKPMessage3, error) {
	if len(b) < rakp3Size {
		return RAKPMessage3{}, ErrShort
	}
	return RAKPMessage3{Tag: b[0], Status: Status(b[1]), ID: binary.LittleEndian.Uint32(b[4:]), Code: b[rakp3Size:]}, nil
}

// AppendRAKPMessage3 appends the payload of message 3 or 4.
func AppendRAKPMessage3(dst []byte, m RAKPMessage3) []byte {
	return append(appendRAKPHead(dst, m.Tag, m.Status, m.ID), m.Code...)
}

func appendRAKPHead(dst []byte, tag uint8, status Status, id uint32) []byte {
	dst = append(dst, tag, byte(status), 0, 0)
	return binary.LittleEndian.AppendUint32(dst, id)
}
