package bmc

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

const floodSize = 100_000

// floodFrom sends an Open Session Request from the n-th address of a flood.
func floodFrom(t testing.TB, b *BMC, from netip.AddrPort) uint32 {
	t.Helper()
	payload := ipmi.AppendOpenSessionRequest(nil, 0, ipmi.PrivilegeNone, 1, suite(t, 3))
	reply, _ := b.answer(time.Now(), from, ipmi.AppendSession20(nil, ipmi.PayloadOpenSessionRequest, payload), nil)
	if len(reply) != 16+36 {
		t.Fatalf("open session answered with %x", reply)
	}
	return binary.LittleEndian.Uint32(reply[16+8:])
}

func sameSource(int) netip.AddrPort { return netip.MustParseAddrPort("198.51.100.1:1000") }

// spoofed is another address each time.
func spoofed(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, byte(n >> 16), byte(n >> 8), byte(n)}), 1000)
}

// TestFlood sends 100,000 Open Session Requests between the steps of an honest
// login. From one address they may come between any two; with forged addresses
// they must not come between those in which the console has shown that it is there.
func TestFlood(t *testing.T) {
	tests := []struct {
		name         string
		from         func(int) netip.AddrPort
		betweenFirst bool // also between Open Session and RAKP message 1
	}{
		{"from one address", sameSource, true},
		{"from forged addresses", spoofed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newBMC(t, nil)
			active := newAttempt(t, r.bmc, operator)
			active.complete()
			flood := func() {
				for n := range floodSize / 3 {
					floodFrom(t, r.bmc, tt.from(n))
				}
			}
			flood()
			a := newAttempt(t, r.bmc, admin)
			a.open()
			if tt.betweenFirst {
				flood()
			}
			if m := a.rakp1(); m.Status != ipmi.StatusOK {
				t.Fatalf("RAKP message 2: status %02Xh", uint8(m.Status))
			}
			flood()
			if m := a.rakp3(); m.Status != ipmi.StatusOK {
				t.Fatalf("RAKP message 4: status %02Xh", uint8(m.Status))
			}
			hs := r.bmc.handshakes
			if n := len(hs.opened.queue); n > maxHalfOpen {
				t.Errorf("%d handshakes are open, more than %d", n, maxHalfOpen)
			}
			if n := len(hs.opened.sources); n > maxHalfOpen {
				t.Errorf("%d sources are remembered, more than %d", n, maxHalfOpen)
			}
			if n := len(r.bmc.sessions); n != 2 {
				t.Errorf("%d active sessions, want 2", n)
			}
		})
	}
}

// TestFloodOfNames goes one message further: the flood can receive what it is answered.
func TestFloodOfNames(t *testing.T) {
	b := newBMC(t, nil).bmc
	honest := newAttempt(t, b, admin)
	honest.open()
	honest.rakp1()
	for n := range 2000 {
		a := newAttempt(t, b, Account{Name: "nobody", Password: "x", Privilege: ipmi.User})
		a.from = sameSource(n)
		a.open()
		a.send(ipmi.PayloadRAKP1, a.rakp1Payload()) // unanswered when there were too many
	}
	if n := len(b.handshakes.named.queue); n > maxHalfOpen {
		t.Errorf("%d handshakes, more than %d", n, maxHalfOpen)
	}
	if m := honest.rakp3(); m.Status != ipmi.StatusOK {
		t.Errorf("RAKP message 4: status %02Xh", uint8(m.Status))
	}
}

// TestFloodFromOneSubnet: who has one of IPv6 has all of its addresses, can receive at
// each, and pushes out only itself all the same.
func TestFloodFromOneSubnet(t *testing.T) {
	b := newBMC(t, nil).bmc
	honest := newAttempt(t, b, admin)
	honest.open()
	neighbour := func(n int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 14: byte(n >> 8), 15: byte(n)}), 1000)
	}
	flood := func(named bool) {
		for n := range 4 * maxHalfOpen {
			a := newAttempt(t, b, Account{Name: "nobody", Password: "x", Privilege: ipmi.User})
			a.from = neighbour(n)
			a.open()
			if named {
				a.send(ipmi.PayloadRAKP1, a.rakp1Payload())
			}
		}
	}
	flood(false)
	if m := honest.rakp1(); m.Status != ipmi.StatusOK {
		t.Fatalf("RAKP message 2: status %02Xh", uint8(m.Status))
	}
	flood(true)
	if m := honest.rakp3(); m.Status != ipmi.StatusOK {
		t.Errorf("RAKP message 4: status %02Xh", uint8(m.Status))
	}
}

// TestFloodOfChallenges from one address pushes out only itself.
func TestFloodOfChallenges(t *testing.T) {
	r := newBMC(t, bothVersions)
	flood := newActivation15(t, r, root)
	flood.from = sameSource(0)
	honest := newActivation15(t, r, operator)
	for range floodSize / 10 {
		flood.ask()
	}
	honest.activate()
	hs := r.bmc.handshakes
	if n := len(hs.challenged.queue); n > maxHalfOpen || len(hs.challenged.sources) > maxHalfOpen {
		t.Errorf("%d challenges of %d sources, more than %d", n, len(hs.challenged.sources), maxHalfOpen)
	}
}

func TestParallelLoginsFromOneAddress(t *testing.T) {
	b := newBMC(t, func(c *Config) { c.MaxSessions = 40 }).bmc
	attempts := make([]*attempt, 40)
	for i := range attempts {
		attempts[i] = newAttempt(t, b, admin)
		attempts[i].open()
	}
	for _, a := range attempts {
		a.rakp1()
	}
	for i, a := range attempts {
		if m := a.rakp3(); m.Status != ipmi.StatusOK {
			t.Errorf("login %d: status %02Xh", i, uint8(m.Status))
		}
	}
}

// TestAbandonedIsTold: clients that see a wrong password from RAKP message 2
// just stop, so this is where a wrong password shows.
func TestAbandonedIsTold(t *testing.T) {
	r := newBMC(t, nil)
	a := newAttempt(t, r.bmc, admin)
	a.open()
	a.rakp1()
	a.now = a.now.Add(handshakeLife)
	a.open() // any later message sweeps
	if want := "abandoned admin"; len(r.journal.handshakes) != 1 || r.journal.handshakes[0] != want {
		t.Errorf("told of %q, want %q", r.journal.handshakes, want)
	}
	if n := len(r.bmc.handshakes.named.sources); n != 0 {
		t.Errorf("%d sources are still counted", n)
	}
}

// TestAbandonedIsToldWithoutAnotherPacket: somebody who looks why a client cannot
// log in may find that it does not try again.
func TestAbandonedIsToldWithoutAnotherPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		l := loginAs(t, operator)
		l.Password = "wrong"
		if _, err := r.console(t).Login(t.Context(), l); !errors.Is(err, remote.ErrPassword) {
			t.Fatalf("log in: %v", err)
		}
		told := func() (all []string) {
			r.journal.read(func(j *journal) { all = slices.Clone(j.handshakes) })
			return all
		}
		time.Sleep(handshakeLife - time.Second)
		if got := told(); len(got) != 0 {
			t.Errorf("told of %q already", got)
		}
		time.Sleep(2 * time.Second)
		if got := told(); len(got) != 1 || got[0] != "abandoned "+operator.Name {
			t.Errorf("told of %q", got)
		}
		time.Sleep(forgetGuesses + rememberFor) // until then the guess is remembered
		synctest.Wait()
		r.bmc.mu.Lock()
		defer r.bmc.mu.Unlock()
		if r.bmc.sweeping {
			t.Error("the sweeper goes on")
		}
	})
}

func BenchmarkFlood(b *testing.B) {
	r := newBMC(b, nil)
	for n := range b.N {
		floodFrom(b, r.bmc, spoofed(n))
	}
}
