package ipmi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
)

// cbc is the block mode of the standard library that can be given a new IV; the
// TLS implementation relies on the same method.
type cbc interface {
	cipher.BlockMode
	SetIV([]byte)
}

// A Protection seals and opens the packets of one session: integrity and, when
// the suite has it, confidentiality, with the keys K1 and K2 (sections 13.28.4,
// 13.28.5, 13.29). It keeps its hash and ciphers so that a packet costs no
// allocation; it is not safe for use by two goroutines.
type Protection struct {
	mac       mac
	password  []byte // written before and after the data, without a key, for MD5-128; else nil
	icvSize   int
	encrypter cbc // nil: the suite has no confidentiality
	decrypter cbc
	iv        [aes.BlockSize]byte // of the packet being sealed; as a local it would be allocated
	sum       [32]byte
}

const trailerNextHeader = 0x07

// Protection derives K1 and K2 from the session integrity key. The suites with
// MD5-128 (11 and 12) sign packets with the password instead of K1.
func (x *KeyExchange) Protection(sik []byte) (*Protection, error) {
	if x.Suite.Integrity != IntegrityMD5128 {
		return NewProtection(x.Suite, sik)
	}
	p := &Protection{icvSize: x.Suite.icvSize, password: make([]byte, MaxPassword)}
	copy(p.password, x.Password)
	return p, p.setKeys(x.Suite, sik)
}

// NewProtection is KeyExchange.Protection for the suites that need no password
// for it, which are all but 11 and 12.
func NewProtection(s CipherSuite, sik []byte) (*Protection, error) {
	if s.newHash == nil || s.Integrity == IntegrityMD5128 {
		return nil, fmt.Errorf("ipmi: no keys for cipher suite %d", s.ID)
	}
	p := &Protection{icvSize: s.icvSize}
	return p, p.setKeys(s, sik)
}

// setKeys leaves K1 in the mac and K2 in the ciphers.
func (p *Protection) setKeys(s CipherSuite, sik []byte) error {
	if s.Encrypts() {
		k2 := s.appendDerivedKey(p.sum[:0], &p.mac, sik, 2)
		block, err := aes.NewCipher(k2[:aes.BlockSize])
		if err != nil {
			return err
		}
		p.encrypter = cipher.NewCBCEncrypter(block, p.iv[:]).(cbc)
		p.decrypter = cipher.NewCBCDecrypter(block, p.iv[:]).(cbc)
	}
	k1 := s.appendDerivedKey(p.sum[:0], &p.mac, sik, 1)
	p.mac.setKey(s.newHash, k1)
	p.mac.keep()
	clear(p.sum[:])
	return nil
}

// Forget zeroes K1 and the password, and drops K2. Nothing can be sealed or
// opened any more.
func (p *Protection) Forget() {
	p.mac.forget()
	clear(p.password)
	clear(p.sum[:])
	p.encrypter, p.decrypter = nil, nil
}

// Encrypts says whether every packet of the session is encrypted; otherwise none is.
func (p *Protection) Encrypts() bool { return p.encrypter != nil }

// Seal appends a whole datagram with the payload signed, and encrypted under iv,
// which must be fresh and random, when the suite has confidentiality.
func (p *Protection) Seal(dst []byte, t PayloadType, id, sequence uint32, iv [aes.BlockSize]byte, payload []byte) []byte {
	start := len(dst) + rmcpSize // the auth code covers the format byte and all that follows
	if !p.Encrypts() {
		dst = appendSession20Header(dst, byte(t)|payloadAuthenticated, id, sequence, len(payload))
		return p.appendTrailer(append(dst, payload...), start)
	}
	pad := (aes.BlockSize - (len(payload)+1)%aes.BlockSize) % aes.BlockSize
	size := aes.BlockSize + len(payload) + pad + 1
	dst = appendSession20Header(dst, byte(t)|payloadEncrypted|payloadAuthenticated, id, sequence, size)

	dst = append(dst, iv[:]...)
	body := len(dst)
	dst = append(dst, payload...)
	for i := range pad {
		dst = append(dst, byte(i+1))
	}
	dst = append(dst, byte(pad))
	p.iv = iv
	p.encrypter.SetIV(p.iv[:])
	p.encrypter.CryptBlocks(dst[body:], dst[body:])

	return p.appendTrailer(dst, start)
}

// appendTrailer pads to a multiple of four with FFh, adds pad length and next
// header, and the auth code over everything since start (section 13.28.4).
func (p *Protection) appendTrailer(dst []byte, start int) []byte {
	pad := (4 - (len(dst)-start+2)%4) % 4
	for range pad {
		dst = append(dst, 0xFF)
	}
	dst = append(dst, byte(pad), trailerNextHeader)
	return append(dst, p.code(dst[start:])...)
}

// Verify checks the auth code of a packet, in constant time. It must succeed
// before anything else about the packet is believed.
func (p *Protection) Verify(s Session20) error {
	signed := len(s.Signed) - p.icvSize
	payloadEnd := session20Size + len(s.Payload)
	if s.Type == PayloadOEM {
		payloadEnd += oemFieldsSize
	}
	if signed < payloadEnd+2 {
		return ErrIntegrity
	}
	if subtle.ConstantTimeCompare(p.code(s.Signed[:signed]), s.Signed[signed:]) != 1 {
		return ErrIntegrity
	}
	if int(s.Signed[signed-2]) > signed-2-payloadEnd {
		return ErrIntegrity
	}
	return nil
}

// Open decrypts the payload in place and returns it without IV and padding
// (section 13.29); without confidentiality it returns the payload. The packet
// must have been verified: after that an error can only be the sender's fault
// and is never reported to it.
func (p *Protection) Open(payload []byte) ([]byte, error) {
	if !p.Encrypts() {
		return payload, nil
	}
	if len(payload) < 2*aes.BlockSize || len(payload)%aes.BlockSize != 0 {
		return nil, ErrMalformed
	}
	body := payload[aes.BlockSize:]
	p.decrypter.SetIV(payload[:aes.BlockSize])
	p.decrypter.CryptBlocks(body, body)
	pad := int(body[len(body)-1])
	// 0 to 15 by the specification; one widespread implementation sends 16.
	if pad > aes.BlockSize || pad >= len(body) {
		return nil, ErrMalformed
	}
	end := len(body) - 1 - pad
	for i, b := range body[end : len(body)-1] {
		if b != byte(i+1) {
			return nil, ErrMalformed
		}
	}
	return body[:end], nil
}

// code is valid until the next call.
func (p *Protection) code(b []byte) []byte {
	if p.password == nil {
		p.mac.begin()
		p.mac.write(b)
		return p.mac.end(p.sum[:0])[:p.icvSize]
	}
	p.mac.hash.Reset()
	p.mac.write(p.password)
	p.mac.write(b)
	p.mac.write(p.password)
	return p.mac.hash.Sum(p.sum[:0])[:p.icvSize]
}
