package ipmi

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
	MACs          *MACs  // may be shared with others of the same goroutine; nil: made when needed
}

// under begins a code with this key.
func (x *KeyExchange) under(key []byte) *mac {
	if x.MACs == nil {
		x.MACs = new(MACs)
	}
	m := x.MACs.with(x.Suite, key)
	m.begin()
	return m
}

// RAKP2Code is the key exchange authentication code of message 2.
func (x *KeyExchange) RAKP2Code() []byte {
	m := x.under(x.Password)
	m.writeID(x.ConsoleID)          // SIDm
	m.writeID(x.BMCID)              // SIDc
	m.write(x.ConsoleRandom[:])     // Rm
	m.write(x.BMCRandom[:])         // Rc
	m.write(x.GUID[:])              // GUIDc
	m.writeUser(x.Role, x.UserName) // Rolem, ULengthm, UNamem
	return m.end(nil)
}

// RAKP3Code is the key exchange authentication code of message 3.
func (x *KeyExchange) RAKP3Code() []byte {
	m := x.under(x.Password)
	m.write(x.BMCRandom[:])         // Rc
	m.writeID(x.ConsoleID)          // SIDm
	m.writeUser(x.Role, x.UserName) // Rolem, ULengthm, UNamem
	return m.end(nil)
}

// SIK is the session integrity key, from which K1 and K2 derive.
func (x *KeyExchange) SIK() []byte {
	key := x.Kg
	if len(key) == 0 {
		key = x.Password
	}
	m := x.under(key)
	m.write(x.ConsoleRandom[:])     // Rm
	m.write(x.BMCRandom[:])         // Rc
	m.writeUser(x.Role, x.UserName) // Rolem, ULengthm, UNamem
	return m.end(nil)
}

// RAKP4ICV is the integrity check value of message 4, already truncated.
func (x *KeyExchange) RAKP4ICV(sik []byte) []byte {
	m := x.under(sik)
	m.write(x.ConsoleRandom[:]) // Rm
	m.writeID(x.BMCID)          // SIDc
	m.write(x.GUID[:])          // GUIDc
	return m.end(nil)[:x.Suite.icvSize]
}

// appendDerivedKey appends K1 or K2 (section 13.32). The constant is 20 bytes
// long for every hash; clients agree on that although a hash's own size would
// look natural. m is left with the key sik.
func (s CipherSuite) appendDerivedKey(dst []byte, m *mac, sik []byte, n byte) []byte {
	m.setKey(s.newHash, sik)
	m.begin()
	constant := m.scratch[:20]
	for i := range constant {
		constant[i] = n
	}
	m.write(constant)
	return m.end(dst)
}
