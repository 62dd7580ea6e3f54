package ipmi

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
)

// An AuthAlgorithm is an RAKP authentication algorithm (table 13-17).
type AuthAlgorithm uint8

// The authentication algorithms.
const (
	RAKPNone       AuthAlgorithm = 0
	RAKPHMACSHA1   AuthAlgorithm = 1
	RAKPHMACMD5    AuthAlgorithm = 2
	RAKPHMACSHA256 AuthAlgorithm = 3
)

// An IntegrityAlgorithm protects packets of a session (table 13-18).
type IntegrityAlgorithm uint8

// The integrity algorithms.
const (
	IntegrityNone          IntegrityAlgorithm = 0
	IntegrityHMACSHA196    IntegrityAlgorithm = 1
	IntegrityHMACMD5128    IntegrityAlgorithm = 2
	IntegrityMD5128        IntegrityAlgorithm = 3
	IntegrityHMACSHA256128 IntegrityAlgorithm = 4
)

// A ConfidentialityAlgorithm encrypts payloads of a session (table 13-19).
type ConfidentialityAlgorithm uint8

// The confidentiality algorithms. xRC4 is broken and not supported.
const (
	ConfidentialityNone      ConfidentialityAlgorithm = 0
	ConfidentialityAESCBC128 ConfidentialityAlgorithm = 1
)

// A CipherSuiteID names a combination of three algorithms (table 22-20).
type CipherSuiteID uint8

// A CipherSuite is a row of table 22-20 with the hash and the sizes it implies.
type CipherSuite struct {
	ID              CipherSuiteID
	Auth            AuthAlgorithm
	Integrity       IntegrityAlgorithm
	Confidentiality ConfidentialityAlgorithm

	newHash func() hash.Hash
	icvSize int // bytes of the RAKP 4 code and of the auth code of a packet
}

// supportedSuites are the suites this package implements. A suite that is not
// in here cannot be configured: no authentication or no integrity is not a
// choice a BMC should offer (sections 13.28.1 ff.), and xRC4 is broken.
var supportedSuites = []CipherSuite{
	{2, RAKPHMACSHA1, IntegrityHMACSHA196, ConfidentialityNone, sha1.New, 12},
	{3, RAKPHMACSHA1, IntegrityHMACSHA196, ConfidentialityAESCBC128, sha1.New, 12},
	{7, RAKPHMACMD5, IntegrityHMACMD5128, ConfidentialityNone, md5.New, 16},
	{8, RAKPHMACMD5, IntegrityHMACMD5128, ConfidentialityAESCBC128, md5.New, 16},
	{11, RAKPHMACMD5, IntegrityMD5128, ConfidentialityNone, md5.New, 16},
	{12, RAKPHMACMD5, IntegrityMD5128, ConfidentialityAESCBC128, md5.New, 16},
	{16, RAKPHMACSHA256, IntegrityHMACSHA256128, ConfidentialityNone, sha256.New, 16},
	{17, RAKPHMACSHA256, IntegrityHMACSHA256128, ConfidentialityAESCBC128, sha256.New, 16},
}

// Encrypts says whether payloads are encrypted in sessions of the suite.
func (s CipherSuite) Encrypts() bool { return s.Confidentiality != ConfidentialityNone }

// CipherSuiteByID returns the suite, or an error when it is not implemented.
func CipherSuiteByID(id CipherSuiteID) (CipherSuite, error) {
	i := slices.IndexFunc(supportedSuites, func(s CipherSuite) bool { return s.ID == id })
	if i < 0 {
		return CipherSuite{}, fmt.Errorf("cipher suite %d is not supported", id)
	}
	return supportedSuites[i], nil
}

const (
	recordStandard       = 0xC0 // start of record, standard cipher suite
	recordIntegrityTag   = 0x40
	recordConfidentalTag = 0x80
)

// AppendCipherSuiteRecords appends the suites as Get Channel Cipher Suites
// lists them "by suite" (section 22.15.1): C0h, ID, then one tagged byte an algorithm.
func AppendCipherSuiteRecords(dst []byte, suites []CipherSuite) []byte {
	for _, s := range suites {
		dst = append(dst, recordStandard, byte(s.ID), byte(s.Auth),
			recordIntegrityTag|byte(s.Integrity), recordConfidentalTag|byte(s.Confidentiality))
	}
	return dst
}

// AppendAlgorithms appends each distinct algorithm of the suites once, as Get
// Channel Cipher Suites lists them "by algorithm" (section 22.15).
func AppendAlgorithms(dst []byte, suites []CipherSuite) []byte {
	start := len(dst)
	add := func(b byte) {
		if !slices.Contains(dst[start:], b) {
			dst = append(dst, b)
		}
	}
	for _, s := range suites {
		add(byte(s.Auth))
	}
	for _, s := range suites {
		add(recordIntegrityTag | byte(s.Integrity))
	}
	for _, s := range suites {
		add(recordConfidentalTag | byte(s.Confidentiality))
	}
	return dst
}
