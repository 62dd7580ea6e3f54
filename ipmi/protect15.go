package ipmi

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
)

// MaxPassword15 is the longest password of IPMI 1.5, in bytes. A longer one is a
// 20-byte password, which must not be used there (section 22.30).
const MaxPassword15 = 16

// A Protection15 signs and verifies the packets of one session of IPMI 1.5
// (section 22.17.1). It keeps its hash so that a packet costs no allocation; it
// is not safe for use by two goroutines. It has no String: the password is in it.
type Protection15 struct {
	auth     AuthType
	password [MaxPassword15]byte // padded with zeros
	mac      hash.Hash
	word     [4]byte
	sum      [md5.Size]byte
}

// NewProtection15 returns the protection of a session whose packets carry auth
// codes of type t, which is AuthMD5 or AuthPassword. The password has at most
// MaxPassword15 bytes.
func NewProtection15(t AuthType, password []byte) (*Protection15, error) {
	if t != AuthMD5 && t != AuthPassword {
		return nil, fmt.Errorf("ipmi: authentication type %d is not supported", t)
	}
	if len(password) > MaxPassword15 {
		return nil, fmt.Errorf("ipmi: a password of %d bytes is too long for IPMI 1.5", len(password))
	}
	p := &Protection15{auth: t, mac: md5.New()}
	copy(p.password[:], password)
	return p, nil
}

// AuthType is the authentication type of every packet of the session.
func (p *Protection15) AuthType() AuthType { return p.auth }

// Seal appends a whole datagram with the message signed. The message is in the
// clear: IPMI 1.5 has no encryption.
func (p *Protection15) Seal(dst []byte, id, sequence uint32, message []byte) []byte {
	s := Session15{AuthType: p.auth, Sequence: sequence, SessionID: id, Message: message}
	copy(s.AuthCode[:], p.code(id, sequence, message))
	return AppendSession15(dst, s)
}

// Verify checks the type and, in constant time, the auth code of a packet. It
// must succeed before anything else about the packet is believed.
func (p *Protection15) Verify(s Session15) error {
	if s.AuthType != p.auth {
		return ErrIntegrity
	}
	if subtle.ConstantTimeCompare(p.code(s.SessionID, s.Sequence, s.Message), s.AuthCode[:]) != 1 {
		return ErrIntegrity
	}
	return nil
}

// Forget zeroes the password.
func (p *Protection15) Forget() {
	clear(p.password[:])
	clear(p.sum[:])
	p.mac.Reset()
}

// code is MD5(password, session ID, message, sequence, password), or the
// password itself. It is valid until the next call.
func (p *Protection15) code(id, sequence uint32, message []byte) []byte {
	if p.auth == AuthPassword {
		return p.password[:]
	}
	p.mac.Reset()
	p.mac.Write(p.password[:])
	p.write(id)
	p.mac.Write(message)
	p.write(sequence)
	p.mac.Write(p.password[:])
	return p.mac.Sum(p.sum[:0])
}

func (p *Protection15) write(n uint32) {
	binary.LittleEndian.PutUint32(p.word[:], n)
	p.mac.Write(p.word[:])
}
