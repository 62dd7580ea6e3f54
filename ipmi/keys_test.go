package ipmi_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestKeyExchangeCodes(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		x := h.exchange
		tests := []struct {
			name string
			got  []byte
			want string
		}{
			{"RAKP 2 code", x.RAKP2Code(), h.rakp2Code},
			{"RAKP 3 code", x.RAKP3Code(), h.rakp3Code},
			{"SIK", x.SIK(), h.sik},
			{"RAKP 4 integrity check value", x.RAKP4ICV(unhex(h.sik)), h.icv},
		}
		for _, tt := range tests {
			if !bytes.Equal(tt.got, unhex(tt.want)) {
				t.Errorf("%s: got %x, want %s", tt.name, tt.got, tt.want)
			}
		}
	})
}

// TestKeyExchangeInputs spells the inputs of the codes out, piece by piece.
func TestKeyExchangeInputs(t *testing.T) {
	x := suite3.exchange
	var (
		sidm = "a4a3a2a0"
		sidc = "02000000"
		rm   = "382bd6281f1f08f2a5637fdbf397f904"
		rc   = "d213b357184cbe4b364794b888246989"
		guid = "a123456789abcdefa123456789abcdef"
		role = "14"
		name = "07 69706d69757372"
	)
	code := func(newHash func() hash.Hash, key []byte, pieces ...string) []byte {
		mac := hmac.New(newHash, key)
		for _, p := range pieces {
			mac.Write(unhex(p))
		}
		return mac.Sum(nil)
	}
	hashes := []struct {
		name    string
		suite   ipmi.CipherSuite
		newHash func() hash.Hash
		icvSize int
	}{
		{"SHA-1", suite(3), sha1.New, 12},
		{"SHA-256", suite(17), sha256.New, 16},
	}
	for _, h := range hashes {
		t.Run(h.name, func(t *testing.T) {
			x.Suite = h.suite
			kuid := append([]byte("test"), make([]byte, 16)...) // padded to 20 as the text has it
			sik := code(h.newHash, kuid, rm, rc, role, name)
			tests := []struct {
				name      string
				got, want []byte
			}{
				{"RAKP 2 code", x.RAKP2Code(), code(h.newHash, kuid, sidm, sidc, rm, rc, guid, role, name)},
				{"RAKP 3 code", x.RAKP3Code(), code(h.newHash, kuid, rc, sidm, role, name)},
				{"SIK", x.SIK(), sik},
				{"RAKP 4 integrity check value", x.RAKP4ICV(sik), code(h.newHash, sik, rm, sidc, guid)[:h.icvSize]},
			}
			for _, tt := range tests {
				if !bytes.Equal(tt.got, tt.want) {
					t.Errorf("%s: got %x, want %x", tt.name, tt.got, tt.want)
				}
			}
		})
	}
}

func TestKgReplacesPasswordInSIKOnly(t *testing.T) {
	without := suite17.exchange
	with := without
	with.Kg = []byte("a channel key, 20 b.")
	if bytes.Equal(with.SIK(), without.SIK()) {
		t.Error("SIK does not depend on Kg")
	}
	if !bytes.Equal(with.RAKP2Code(), without.RAKP2Code()) || !bytes.Equal(with.RAKP3Code(), without.RAKP3Code()) {
		t.Error("RAKP 2 or 3 code depends on Kg")
	}
}
