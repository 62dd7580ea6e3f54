package ipmi

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"hash"
)

// A KeyExchange is what both sides know after RAKP messages 1 and 2, and from
// which every code and key is computed (sections 13.31 and 13.32). It has no
// String: nothing in it belongs into a log.
type KeyExchange struct {
	Suite         CipherSuite
	ConsoleID     uint32   // SIDm
	BMCID         uint32   // SIDc
	ConsoleRandom [16]byte // Rm
	BMCRandom     [16]byte // Rc
	GUID          [16]byte
	Role          Role   // as received, all eight bits
	UserName      []byte // as received
	Password      []byte // Kuid; HMAC pads it with zeros, so its length does not matter
	Kg            []byte // channel key; empty: the password takes its place ("one-key" login)
}

// RAKP2Code is the key exchange authentication code of message 2.
func (x *KeyExchange) RAKP2Code() []byte {
	h := hmac.New(x.Suite.newHash, x.Password)
	writeID(h, x.ConsoleID)     // SIDm
	writeID(h, x.BMCID)         // SIDc
	h.Write(x.ConsoleRandom[:]) // Rm
	h.Write(x.BMCRandom[:])     // Rc
	h.Write(x.GUID[:])          // GUIDc
	x.writeUser(h)              // Rolem, ULengthm, UNamem
	return h.Sum(nil)
}

// RAKP3Code is the key exchange authentication code of message 3.
func (x *KeyExchange) RAKP3Code() []byte {
	h := hmac.New(x.Suite.newHash, x.Password)
	h.Write(x.BMCRandom[:]) // Rc
	writeID(h, x.ConsoleID) // SIDm
	x.writeUser(h)          // Rolem, ULengthm, UNamem
	return h.Sum(nil)
}

// SIK is the session integrity key, from which K1 and K2 derive.
func (x *KeyExchange) SIK() []byte {
	key := x.Kg
	if len(key) == 0 {
		key = x.Password
	}
	h := hmac.New(x.Suite.newHash, key)
	h.Write(x.ConsoleRandom[:]) // Rm
	h.Write(x.BMCRandom[:])     // Rc
	x.writeUser(h)              // Rolem, ULengthm, UNamem
	return h.Sum(nil)
}

// RAKP4ICV is the integrity check value of message 4, already truncated.
func (x *KeyExchange) RAKP4ICV(sik []byte) []byte {
	h := hmac.New(x.Suite.newHash, sik)
	h.Write(x.ConsoleRandom[:]) // Rm
	writeID(h, x.BMCID)         // SIDc
	h.Write(x.GUID[:])          // GUIDc
	return h.Sum(nil)[:x.Suite.icvSize]
}

// derivedKey is K1 or K2 (section 13.32). The constant is 20 bytes long for
// every hash; clients agree on that although a hash's own size would look natural.
func (s CipherSuite) derivedKey(sik []byte, n byte) []byte {
	h := hmac.New(s.newHash, sik)
	h.Write(bytes.Repeat([]byte{n}, 20))
	return h.Sum(nil)
}

func (x *KeyExchange) writeUser(h hash.Hash) {
	h.Write([]byte{byte(x.Role), byte(len(x.UserName))})
	h.Write(x.UserName)
}

func writeID(h hash.Hash, id uint32) {
	h.Write(binary.LittleEndian.AppendUint32(nil, id))
}
