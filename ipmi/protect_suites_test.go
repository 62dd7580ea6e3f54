package ipmi_test

import (
	"bytes"
	"crypto/md5"
	"errors"
	"slices"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestEverySuite seals and opens packets under each suite, with a payload of each length.
func TestEverySuite(t *testing.T) {
	for _, tt := range []struct {
		id      ipmi.CipherSuiteID
		icv     int
		typed   byte // bits 7:6 of the payload type
		rakp    int  // bytes of the codes of RAKP messages 2 and 3
		rakpICV int
	}{
		{2, 12, 0x40, 20, 12}, {3, 12, 0xC0, 20, 12}, {7, 16, 0x40, 16, 16}, {8, 16, 0xC0, 16, 16},
		{11, 16, 0x40, 16, 16}, {12, 16, 0xC0, 16, 16}, {16, 16, 0x40, 32, 16}, {17, 16, 0xC0, 32, 16},
	} {
		x := ipmi.KeyExchange{Suite: suite(tt.id), UserName: []byte("admin"), Password: []byte("secret")}
		sik := x.SIK()
		if n, m, o := len(x.RAKP2Code()), len(x.RAKP3Code()), len(x.RAKP4ICV(sik)); n != tt.rakp || m != tt.rakp || o != tt.rakpICV {
			t.Errorf("suite %d: codes of %d, %d and %d bytes, want %d, %d and %d", tt.id, n, m, o, tt.rakp, tt.rakp, tt.rakpICV)
		}
		p, err := x.Protection(sik)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 40 {
			payload := bytes.Repeat([]byte{0xA5}, n)
			datagram := p.Seal(nil, ipmi.PayloadIPMI, 7, 9, [16]byte{1}, payload)
			if (len(datagram)-4-tt.icv)%4 != 0 || datagram[5] != tt.typed {
				t.Errorf("suite %d: %d bytes of type %02Xh", tt.id, len(datagram), datagram[5])
			}
			if plain := bytes.Contains(datagram, payload); n > 3 && plain != (tt.typed == 0x40) {
				t.Errorf("suite %d: payload in the clear: %t", tt.id, plain)
			}
			s, err := ipmi.ParseSession20(slices.Clone(datagram[4:]))
			if err != nil || s.Encrypted != p.Encrypts() || !s.Authenticated {
				t.Fatalf("suite %d: %+v, %v", tt.id, s, err)
			}
			if err := p.Verify(s); err != nil {
				t.Fatalf("suite %d, %d bytes: %v", tt.id, n, err)
			}
			if got, err := p.Open(s.Payload); err != nil || !bytes.Equal(got, payload) {
				t.Errorf("suite %d: opened % x, %v", tt.id, got, err)
			}
			s.Signed[len(s.Signed)-1] ^= 1
			if err := p.Verify(s); !errors.Is(err, ipmi.ErrIntegrity) {
				t.Errorf("suite %d, forged: %v", tt.id, err)
			}
		}
	}
}

// TestMD5128UsesThePassword is the one algorithm that is keyed with the password, of 20 bytes.
func TestMD5128UsesThePassword(t *testing.T) {
	x := ipmi.KeyExchange{Suite: suite(11), Password: []byte("secret")}
	p, err := x.Protection(x.SIK())
	if err != nil {
		t.Fatal(err)
	}
	datagram := p.Seal(nil, ipmi.PayloadIPMI, 7, 9, [16]byte{}, []byte("message"))
	password := append([]byte("secret"), make([]byte, 14)...)
	signed := datagram[4 : len(datagram)-16]
	want := md5.Sum(slices.Concat(password, signed, password))
	if got := datagram[len(datagram)-16:]; !bytes.Equal(got, want[:]) {
		t.Errorf("auth code % x, want % x", got, want)
	}
	if _, err := ipmi.NewProtection(x.Suite, x.SIK()); err == nil {
		t.Error("there are keys without the password")
	}
	if _, err := ipmi.NewProtection(ipmi.CipherSuite{}, nil); err == nil {
		t.Error("there are keys for no suite")
	}
}

// TestKgIsInTheSIKOnly: messages 2 and 3 are made with the password all the same.
func TestKgIsInTheSIKOnly(t *testing.T) {
	for _, id := range []ipmi.CipherSuiteID{3, 8, 17} {
		one := ipmi.KeyExchange{Suite: suite(id), UserName: []byte("admin"), Password: []byte("secret")}
		two := one
		two.Kg = []byte("channel key")
		if !bytes.Equal(one.RAKP2Code(), two.RAKP2Code()) || !bytes.Equal(one.RAKP3Code(), two.RAKP3Code()) {
			t.Errorf("suite %d: Kg changes messages 2 and 3", id)
		}
		if bytes.Equal(one.SIK(), two.SIK()) {
			t.Errorf("suite %d: Kg is not in the session integrity key", id)
		}
		padded := two
		padded.Kg = append([]byte("channel key"), make([]byte, 9)...)
		if !bytes.Equal(two.SIK(), padded.SIK()) {
			t.Errorf("suite %d: a key padded to 20 bytes is another one", id)
		}
	}
}
