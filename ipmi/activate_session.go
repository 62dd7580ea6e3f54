package ipmi

import "encoding/binary"

const (
	challengeSize        = 16
	challengeRequestSize = 1 + MaxUserName
	challengeAnswerSize  = 4 + challengeSize
	activateRequestSize  = 2 + challengeSize + 4
	activateAnswerSize   = 10
)

// A SessionChallengeRequest is the request of Get Session Challenge (section 22.16):
//
//	[0] bits 3:0 authentication type  [1:17] user name, padded with zeros
type SessionChallengeRequest struct {
	AuthType AuthType
	UserName []byte // aliases the packet; all 16 bytes
}

// ParseSessionChallengeRequest reads the request. The error is a CompletionCode.
func ParseSessionChallengeRequest(data []byte) (SessionChallengeRequest, error) {
	if len(data) != challengeRequestSize {
		return SessionChallengeRequest{}, InvalidLength
	}
	return SessionChallengeRequest{AuthType: AuthType(data[0] & 0x0F), UserName: data[1:]}, nil
}

// AppendSessionChallengeRequest appends the request. A name is cut off after 16 bytes.
func AppendSessionChallengeRequest(dst []byte, r SessionChallengeRequest) []byte {
	var name [MaxUserName]byte
	copy(name[:], r.UserName)
	return append(append(dst, byte(r.AuthType)), name[:]...)
}

// A SessionChallenge is the answer to Get Session Challenge (section 22.16):
//
//	[0:4] temporary session ID  [4:20] challenge
type SessionChallenge struct {
	ID        uint32
	Challenge [challengeSize]byte
}

// AppendSessionChallenge appends the data after the completion code.
func AppendSessionChallenge(dst []byte, c SessionChallenge) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, c.ID), c.Challenge[:]...)
}

// ParseSessionChallenge reads the data after the completion code.
func ParseSessionChallenge(b []byte) (SessionChallenge, error) {
	if len(b) < challengeAnswerSize {
		return SessionChallenge{}, ErrShort
	}
	return SessionChallenge{ID: binary.LittleEndian.Uint32(b), Challenge: [challengeSize]byte(b[4:challengeAnswerSize])}, nil
}

// An ActivateSessionRequest is the request of Activate Session (section 22.17):
//
//	[0] bits 3:0 authentication type  [1] bits 3:0 maximum privilege
//	[2:18] challenge  [18:22] sequence number of the BMC's first packet
type ActivateSessionRequest struct {
	AuthType     AuthType
	MaxPrivilege Privilege
	Challenge    [challengeSize]byte
	Outbound     uint32 // never zero
}

// ParseActivateSessionRequest reads the request. The error is a CompletionCode.
func ParseActivateSessionRequest(data []byte) (ActivateSessionRequest, error) {
	if len(data) != activateRequestSize {
		return ActivateSessionRequest{}, InvalidLength
	}
	r := ActivateSessionRequest{
		AuthType:     AuthType(data[0] & 0x0F),
		MaxPrivilege: Privilege(data[1] & 0x0F),
		Challenge:    [challengeSize]byte(data[2:18]),
		Outbound:     binary.LittleEndian.Uint32(data[18:]),
	}
	switch {
	case r.MaxPrivilege < Callback || r.MaxPrivilege > OEMPrivilege:
		return ActivateSessionRequest{}, InvalidField
	case r.Outbound == 0:
		return ActivateSessionRequest{}, SequenceOutOfRange
	}
	return r, nil
}

// AppendActivateSessionRequest appends the request.
func AppendActivateSessionRequest(dst []byte, r ActivateSessionRequest) []byte {
	dst = append(dst, byte(r.AuthType), byte(r.MaxPrivilege))
	dst = append(dst, r.Challenge[:]...)
	return binary.LittleEndian.AppendUint32(dst, r.Outbound)
}

// An ActivatedSession is the answer to Activate Session (section 22.17):
//
//	[0] bits 3:0 authentication type of the packets that follow  [1:5] session ID
//	[5:9] sequence number of the console's first packet  [9] bits 3:0 maximum privilege
type ActivatedSession struct {
	AuthType     AuthType
	ID           uint32
	Inbound      uint32 // never zero
	MaxPrivilege Privilege
}

// AppendActivatedSession appends the data after the completion code.
func AppendActivatedSession(dst []byte, s ActivatedSession) []byte {
	dst = append(dst, byte(s.AuthType)&0x0F)
	dst = binary.LittleEndian.AppendUint32(dst, s.ID)
	dst = binary.LittleEndian.AppendUint32(dst, s.Inbound)
	return append(dst, byte(s.MaxPrivilege)&0x0F)
}

// ParseActivatedSession reads the data after the completion code.
func ParseActivatedSession(b []byte) (ActivatedSession, error) {
	if len(b) < activateAnswerSize {
		return ActivatedSession{}, ErrShort
	}
	return ActivatedSession{
		AuthType:     AuthType(b[0] & 0x0F),
		ID:           binary.LittleEndian.Uint32(b[1:]),
		Inbound:      binary.LittleEndian.Uint32(b[5:]),
		MaxPrivilege: Privilege(b[9] & 0x0F),
	}, nil
}
