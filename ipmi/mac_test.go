package ipmi_test

import (
	"bytes"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestMACsAreShared by handshakes of all suites, in turns, and after they were forgotten.
func TestMACsAreShared(t *testing.T) {
	var shared ipmi.MACs
	for range 2 {
		for _, id := range []ipmi.CipherSuiteID{3, 17, 8, 12, 3} {
			one := ipmi.KeyExchange{Suite: suite(id), ConsoleID: 1, UserName: []byte("admin"), Password: []byte("a password of 20 b.")}
			other := one
			one.MACs = &shared
			if got, want := one.RAKP2Code(), other.RAKP2Code(); !bytes.Equal(got, want) {
				t.Errorf("suite %d: RAKP 2 code %x, want %x", id, got, want)
			}
			sik := one.SIK()
			if want := other.SIK(); !bytes.Equal(sik, want) {
				t.Errorf("suite %d: SIK %x, want %x", id, sik, want)
			}
			if got, want := one.RAKP4ICV(sik), other.RAKP4ICV(sik); !bytes.Equal(got, want) {
				t.Errorf("suite %d: RAKP 4 integrity check value %x, want %x", id, got, want)
			}
			shared.Forget()
		}
	}
}

// TestForgottenProtection knows no key any more.
func TestForgottenProtection(t *testing.T) {
	for _, id := range []ipmi.CipherSuiteID{2, 11, 16} {
		x := ipmi.KeyExchange{Suite: suite(id), UserName: []byte("admin"), Password: []byte("secret")}
		p, err := x.Protection(x.SIK())
		if err != nil {
			t.Fatal(err)
		}
		packet := p.Seal(nil, ipmi.PayloadIPMI, 1, 1, [16]byte{}, []byte{1, 2, 3})
		s, err := ipmi.ParseSession20(packet[4:])
		if err != nil || p.Verify(s) != nil {
			t.Fatalf("suite %d: packet %x does not verify", id, packet)
		}
		p.Forget()
		if p.Verify(s) == nil {
			t.Errorf("suite %d: the packet verifies after the key was forgotten", id)
		}
	}
}
