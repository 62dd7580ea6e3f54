package bmc

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// guessFrom is a login with a wrong password from the n-th subnet of IPv6.
func guessFrom(t *testing.T, b *BMC, n int) {
	t.Helper()
	a := newAttempt(t, b, Account{Name: fmt.Sprint("guess", n), Password: "wrong", Privilege: ipmi.User})
	a.from = netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 6: byte(n >> 8), 7: byte(n), 15: 1}), 1000)
	a.open()
	a.rakp1()
	a.rakp3()
}

// TestFloodIsForgotten: what a BMC keeps of strangers that flooded it, from addresses
// that are made up or with passwords that are wrong, it gives back by itself. An
// attacker may go through thousands of BMCs, and none of them hears another packet.
func TestFloodIsForgotten(t *testing.T) {
	const (
		count = 30
		most  = 6 << 10 // bytes of each that are left; 16 to 120 kB are taken meanwhile
	)
	tests := []struct {
		name  string
		flood func(*testing.T, *BMC)
		after time.Duration
	}{
		{"made-up addresses", func(t *testing.T, b *BMC) {
			for n := range 2 * maxSources {
				floodFrom(t, b, spoofed(n))
			}
		}, 2 * handshakeLife},
		{"one address", func(t *testing.T, b *BMC) {
			for range 2 * maxHalfOpen {
				floodFrom(t, b, sameSource(0))
			}
		}, 2 * handshakeLife},
		{"pings", func(t *testing.T, b *BMC) {
			for n := range 2 * maxSources {
				b.answer(time.Now(), spoofed(n), ipmi.AppendPing(nil, 1), nil)
			}
		}, 2 * rememberFor},
		{"wrong passwords", func(t *testing.T, b *BMC) {
			for n := range 2 * maxGuessers {
				guessFrom(t, b, n)
			}
		}, 2 * forgetGuesses},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := testConfig(t)
				config.PacketRate = 20000
				bmcs := make([]*BMC, count)
				before := inUse()
				for i := range bmcs {
					b, err := New(config, &fakeMachine{power: On})
					if err != nil {
						t.Fatal(err)
					}
					stop, err := b.Start(nowhere{})
					if err != nil {
						t.Fatal(err)
					}
					defer stop()
					bmcs[i] = b
				}
				for _, b := range bmcs {
					b.mu.Lock()
					tt.flood(t, b)
					b.mu.Unlock()
				}
				full := int64(inUse()-before) / count
				time.Sleep(tt.after)
				synctest.Wait()
				left := int64(inUse()-before) / count
				t.Logf("%d bytes each in the flood, %d after it", full, left)
				if left > most {
					t.Errorf("%d bytes each are left, more than %d", left, most)
				}
			})
		})
	}
}
