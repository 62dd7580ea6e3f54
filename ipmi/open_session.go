package ipmi

import "encoding/binary"

// A Status is the status code of the RMCP+ set-up messages (table 13-15).
type Status uint8

// The status codes that are used here.
const (
	StatusOK                Status = 0x00
	StatusNoResources       Status = 0x01
	StatusInvalidSession    Status = 0x02
	StatusInvalidRole       Status = 0x09
	StatusUnauthorizedRole  Status = 0x0A
	StatusInvalidNameLength Status = 0x0C
	StatusUnauthorizedName  Status = 0x0D
	StatusInvalidICV        Status = 0x0F
	StatusNoSuite           Status = 0x11
	StatusIllegalParameter  Status = 0x12
)

const (
	openSessionRequestSize = 32
	proposalSize           = 8
)

// A Proposal is one algorithm a console proposes; Any leaves the choice to the BMC.
type Proposal struct {
	Any       bool
	Algorithm uint8
}

// An OpenSessionRequest starts a session (section 13.17):
//
//	[0] tag  [1] maximum privilege  [2:4] 0  [4:8] console's session ID
//	[8:16] authentication  [16:24] integrity  [24:32] confidentiality proposal
type OpenSessionRequest struct {
	Tag             uint8
	MaxPrivilege    Privilege // PrivilegeNone: the highest that fits
	ConsoleID       uint32
	Auth            Proposal
	Integrity       Proposal
	Confidentiality Proposal
}

// ParseOpenSessionRequest reads the payload. Every known client sends each
// proposal once and in order; more of them are ignored. Other ones give
// ErrMalformed, with the tag and the console's ID in the result so that a status can
// be sent.
func ParseOpenSessionRequest(b []byte) (OpenSessionRequest, error) {
	if len(b) < openSessionRequestSize {
		return OpenSessionRequest{}, ErrShort
	}
	r := OpenSessionRequest{
		Tag:          b[0],
		MaxPrivilege: Privilege(b[1] & 0x0F),
		ConsoleID:    binary.LittleEndian.Uint32(b[4:]),
	}
	for i, p := range []*Proposal{&r.Auth, &r.Integrity, &r.Confidentiality} {
		block := b[8+i*proposalSize:][:proposalSize]
		if block[0] != byte(i) || block[3] != 0 && block[3] != proposalSize {
			return OpenSessionRequest{Tag: r.Tag, ConsoleID: r.ConsoleID}, ErrMalformed
		}
		*p = Proposal{Any: block[3] == 0, Algorithm: block[4] & 0x3F}
	}
	return r, nil
}

// AppendOpenSessionRequest appends the payload that proposes exactly suite s.
func AppendOpenSessionRequest(dst []byte, tag uint8, p Privilege, consoleID uint32, s CipherSuite) []byte {
	dst = append(dst, tag, byte(p), 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, consoleID)
	return appendProposals(dst, s)
}

// Suite returns the first of suites that the proposals allow. All three
// algorithms must belong to one suite: picking them one by one would let suites
// be mixed into combinations nobody enabled.
func (r OpenSessionRequest) Suite(suites []CipherSuite) (CipherSuite, bool) {
	fits := func(p Proposal, algorithm uint8) bool { return p.Any || p.Algorithm == algorithm }
	for _, s := range suites {
		if fits(r.Auth, uint8(s.Auth)) && fits(r.Integrity, uint8(s.Integrity)) &&
			fits(r.Confidentiality, uint8(s.Confidentiality)) {
			return s, true
		}
	}
	return CipherSuite{}, false
}

// An OpenSessionResponse answers it (section 13.18):
//
//	[0] tag  [1] status  [2] maximum privilege  [3] 0  [4:8] console's ID  [8:12] BMC's ID
//	[12:20] authentication  [20:28] integrity  [28:36] confidentiality chosen
type OpenSessionResponse struct {
	Tag          uint8
	Status       Status
	MaxPrivilege Privilege
	ConsoleID    uint32
	BMCID        uint32
	Suite        CipherSuite
}

// AppendOpenSessionResponse appends the payload. With a status other than
// StatusOK it ends after the console's ID, as clients expect.
func AppendOpenSessionResponse(dst []byte, r OpenSessionResponse) []byte {
	dst = append(dst, r.Tag, byte(r.Status), byte(r.MaxPrivilege), 0)
	dst = binary.LittleEndian.AppendUint32(dst, r.ConsoleID)
	if r.Status != StatusOK {
		return dst
	}
	dst = binary.LittleEndian.AppendUint32(dst, r.BMCID)
	return appendProposals(dst, r.Suite)
}

// ParseOpenSessionResponse reads the payload; the suite is found among those
// this package implements.
func ParseOpenSessionResponse(b []byte) (OpenSessionResponse, error) {
	if len(b) < 8 {
		return OpenSessionResponse{}, ErrShort
	}
	r := OpenSessionResponse{
		Tag:          b[0],
		Status:       Status(b[1]),
		MaxPrivilege: Privilege(b[2] & 0x0F),
		ConsoleID:    binary.LittleEndian.Uint32(b[4:]),
	}
	if r.Status != StatusOK {
		return r, nil
	}
	if len(b) < 36 {
		return OpenSessionResponse{}, ErrShort
	}
	r.BMCID = binary.LittleEndian.Uint32(b[8:])
	chosen := OpenSessionRequest{Auth: Proposal{Algorithm: b[16]}, Integrity: Proposal{Algorithm: b[24]}, Confidentiality: Proposal{Algorithm: b[32]}}
	suite, ok := chosen.Suite(supportedSuites)
	if !ok {
		return OpenSessionResponse{}, ErrMalformed
	}
	r.Suite = suite
	return r, nil
}

func appendProposals(dst []byte, s CipherSuite) []byte {
	for i, algorithm := range []uint8{uint8(s.Auth), uint8(s.Integrity), uint8(s.Confidentiality)} {
		dst = append(dst, byte(i), 0, 0, proposalSize, algorithm, 0, 0, 0)
	}
	return dst
}
