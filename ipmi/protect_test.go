package ipmi_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func protection(t testing.TB, h handshake) *ipmi.Protection {
	t.Helper()
	p, err := ipmi.NewProtection(h.exchange.Suite, unhex(h.sik))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSealRecordedPackets(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		p := protection(t, h)
		iv := [16]byte(find(t, h.sealedRequest, "IV"))
		comparePieces(t, p.Seal(nil, ipmi.PayloadIPMI, h.exchange.BMCID, 3, iv, unhex(privilegeRq)), h.sealedRequest)
		iv = [16]byte(find(t, h.sealedResponse, "IV"))
		comparePieces(t, p.Seal(nil, ipmi.PayloadIPMI, h.exchange.ConsoleID, 1, iv, unhex(privilegeRs)), h.sealedResponse)
	})
}

func TestOpenRecordedPackets(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		p := protection(t, h)
		tests := []struct {
			name     string
			datagram []byte
			id, seq  uint32
			want     string
		}{
			{"request", join(h.sealedRequest), h.exchange.BMCID, 3, privilegeRq},
			{"response", join(h.sealedResponse), h.exchange.ConsoleID, 1, privilegeRs},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := session20Of(t, tt.datagram)
				if !s.Encrypted || !s.Authenticated || s.SessionID != tt.id || s.Sequence != tt.seq {
					t.Errorf("got encrypted %t, authenticated %t, ID %08X, sequence %d", s.Encrypted, s.Authenticated, s.SessionID, s.Sequence)
				}
				if err := p.Verify(s); err != nil {
					t.Fatal(err)
				}
				got, err := p.Open(s.Payload)
				if err != nil || !bytes.Equal(got, unhex(tt.want)) {
					t.Errorf("got % x, error %v, want %s", got, err, tt.want)
				}
			})
		}
	})
}

func TestVerifyRefusesEveryChangedBit(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		p := protection(t, h)
		datagram := join(h.sealedRequest)
		for i := 4; i < len(datagram); i++ { // the RMCP header is not covered
			for bit := range 8 {
				changed := bytes.Clone(datagram)
				changed[i] ^= 1 << bit
				s, err := ipmi.ParseSession20(changed[4:])
				if err == nil && p.Verify(s) == nil {
					t.Errorf("byte %d, bit %d changed, and still verified", i, bit)
				}
			}
		}
		for n := range len(datagram) - 4 {
			s, err := ipmi.ParseSession20(datagram[4 : 4+n])
			if err == nil && p.Verify(s) == nil {
				t.Errorf("cut to %d bytes, and still verified", n)
			}
		}
	})
}

func TestVerifyRefusesPadLengthBeyondTrailer(t *testing.T) {
	h := suite17
	p := protection(t, h)
	s := session20Of(t, join(h.sealedRequest))
	// Between the payload and the pad length there may be more bytes than the pad
	// has, never fewer. The auth code fits all along.
	s.Payload = s.Payload[:len(s.Payload)-1]
	if err := p.Verify(s); err != nil {
		t.Errorf("one byte between payload and pad: got error %v, want none: wider pads are tolerated", err)
	}
	s.Payload = s.Signed[12 : len(s.Signed)-16]
	if err := p.Verify(s); !errors.Is(err, ipmi.ErrIntegrity) {
		t.Errorf("payload over the trailer: got error %v, want %v", err, ipmi.ErrIntegrity)
	}
}

// TestSealThenOpen goes through all alignments of both paddings.
func TestSealThenOpen(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		p := protection(t, h)
		for n := range 70 {
			payload := bytes.Repeat([]byte{0xA5}, n)
			datagram := p.Seal([]byte("before"), ipmi.PayloadSOL, 0x01020304, 0xFFFFFFFF, [16]byte{byte(n)}, payload)[len("before"):]
			s := session20Of(t, datagram)
			if s.Type != ipmi.PayloadSOL || s.SessionID != 0x01020304 || s.Sequence != 0xFFFFFFFF {
				t.Fatalf("%d bytes: got %+v", n, s)
			}
			if len(s.Payload)%16 != 0 || (len(datagram)-4-len(find(t, h.sealedRequest, "auth code")))%4 != 0 {
				t.Errorf("%d bytes: payload %d, datagram %d bytes long", n, len(s.Payload), len(datagram))
			}
			if err := p.Verify(s); err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			if got, err := p.Open(s.Payload); err != nil || !bytes.Equal(got, payload) {
				t.Errorf("%d bytes: got % x, error %v", n, got, err)
			}
		}
	})
}

func TestOpenPadding(t *testing.T) {
	h := suite3
	p := protection(t, h)
	// encrypted is what a sender with this plain text, padding included, would send.
	encrypted := func(plain []byte) []byte {
		// Seal adds a block of padding behind any whole number of blocks less
		// one byte; cutting it off leaves the plain text as given.
		d := p.Seal(nil, ipmi.PayloadIPMI, 1, 1, [16]byte{}, append(bytes.Clone(plain), 0))
		return session20Of(t, d).Payload[:16+len(plain)]
	}
	sequence := func(n int) []byte {
		var b []byte
		for i := range n {
			b = append(b, byte(i+1))
		}
		return b
	}
	tests := []struct {
		name  string
		plain []byte
		want  int
		err   error
	}{
		{"15 pad bytes, empty payload", append(sequence(15), 15), 0, nil},
		{"no pad bytes", append(make([]byte, 15), 0), 15, nil},
		{"16 pad bytes, as one implementation sends", append(append(make([]byte, 15), sequence(16)...), 16), 15, nil},
		{"17 pad bytes", append(append(make([]byte, 14), sequence(17)...), 17), 0, ipmi.ErrMalformed},
		{"more pad than bytes", append(make([]byte, 15), 16), 0, ipmi.ErrMalformed},
		{"wrong pad byte", append(make([]byte, 15), 1), 0, ipmi.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := p.Open(encrypted(tt.plain))
			if !errors.Is(err, tt.err) || len(got) != tt.want {
				t.Errorf("got %d bytes, error %v; want %d, %v", len(got), err, tt.want, tt.err)
			}
		})
	}
	for _, n := range []int{0, 15, 16, 31, 33} {
		t.Run(fmt.Sprintf("%d bytes", n), func(t *testing.T) {
			if _, err := p.Open(make([]byte, n)); !errors.Is(err, ipmi.ErrMalformed) {
				t.Errorf("got error %v, want %v", err, ipmi.ErrMalformed)
			}
		})
	}
}

func TestProtectionAllocatesNothing(t *testing.T) {
	eachHandshake(t, func(t *testing.T, h handshake) {
		p := protection(t, h)
		payload := unhex(privilegeRq)
		buffer := make([]byte, 0, 256)
		n := testing.AllocsPerRun(100, func() {
			d := p.Seal(buffer, ipmi.PayloadIPMI, 1, 1, [16]byte{}, payload)
			s, err := ipmi.ParseSession20(d[4:])
			if err != nil || p.Verify(s) != nil {
				t.Fatal("sealed packet does not verify")
			}
			if _, err := p.Open(s.Payload); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("got %v allocations a packet, want none", n)
		}
	})
}

func BenchmarkProtection(b *testing.B) {
	for _, h := range []handshake{suite3, suite17} {
		b.Run(h.name, func(b *testing.B) {
			p := protection(b, h)
			payload := unhex(privilegeRq)
			buffer := make([]byte, 0, 256)
			for b.Loop() {
				d := p.Seal(buffer, ipmi.PayloadIPMI, 1, 1, [16]byte{}, payload)
				s, _ := ipmi.ParseSession20(d[4:])
				if p.Verify(s) != nil {
					b.Fatal("sealed packet does not verify")
				}
				_, _ = p.Open(s.Payload)
			}
		})
	}
}
