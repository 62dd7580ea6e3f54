package ipmi

import (
	"encoding"
	"encoding/binary"
	"hash"
)

// macBlock is the block size of MD5, SHA-1 and SHA-256.
const macBlock = 64

// A mac is an HMAC (RFC 2104) that can be given another key, so that the many
// codes of a handshake share one hash. A code is begun, written and ended; it is
// not safe for use by two goroutines.
type mac struct {
	hash         hash.Hash
	inner, outer [macBlock]byte // the key, padded
	// What the hash is after inner and outer; nil unless the key stays for long.
	afterInner, afterOuter []byte
	scratch                [32]byte // what is written or summed; as a local it would be allocated
}

// setKey takes a key of at most macBlock bytes, which every key of IPMI is.
func (m *mac) setKey(newHash func() hash.Hash, key []byte) {
	if m.hash == nil {
		m.hash = newHash()
	}
	for i := range macBlock {
		var k byte
		if i < len(key) {
			k = key[i]
		}
		m.inner[i], m.outer[i] = k^0x36, k^0x5C
	}
	m.afterInner, m.afterOuter = nil, nil
}

// keep makes codes under the key cheaper from now on: two blocks need not be
// hashed for each. The standard library's hashes can be saved.
func (m *mac) keep() {
	saved := func(pad []byte) []byte {
		m.hash.Reset()
		m.hash.Write(pad)
		state, err := m.hash.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return nil // it goes without
		}
		return state
	}
	m.afterInner, m.afterOuter = saved(m.inner[:]), saved(m.outer[:])
}

// start begins a hash with a pad of the key.
func (m *mac) start(pad *[macBlock]byte, after []byte) {
	if after != nil && m.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(after) == nil {
		return
	}
	m.hash.Reset()
	m.hash.Write(pad[:])
}

func (m *mac) begin() { m.start(&m.inner, m.afterInner) }

func (m *mac) write(b []byte) { m.hash.Write(b) }

func (m *mac) writeID(id uint32) {
	m.hash.Write(binary.LittleEndian.AppendUint32(m.scratch[:0], id))
}

func (m *mac) writeUser(r Role, name []byte) {
	m.hash.Write(append(m.scratch[:0], byte(r), byte(len(name))))
	m.hash.Write(name)
}

// end appends the code to dst.
func (m *mac) end(dst []byte) []byte {
	sum := m.hash.Sum(m.scratch[:0])
	m.start(&m.outer, m.afterOuter)
	m.hash.Write(sum)
	return m.hash.Sum(dst)
}

// forget zeroes the key and what was computed with it.
func (m *mac) forget() {
	clear(m.inner[:])
	clear(m.outer[:])
	clear(m.scratch[:])
	clear(m.afterInner)
	clear(m.afterOuter)
	m.afterInner, m.afterOuter = nil, nil
	if m.hash != nil {
		m.hash.Reset()
	}
}

// MACs compute the codes of key exchanges, one after another, without making a
// hash for each. They are not safe for use by two goroutines.
type MACs struct {
	of [RAKPHMACSHA256 + 1]*mac // by authentication algorithm, made when needed
}

// with returns the one for the suite, with this key.
func (s *MACs) with(suite CipherSuite, key []byte) *mac {
	m := s.of[suite.Auth]
	if m == nil {
		m = new(mac)
		s.of[suite.Auth] = m
	}
	m.setKey(suite.newHash, key)
	return m
}

// Forget zeroes the key that was used last.
func (s *MACs) Forget() {
	for _, m := range s.of {
		if m != nil {
			m.forget()
		}
	}
}
