package bmc

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

func TestRAKP3WrongCode(t *testing.T) {
	for _, who := range []Account{{Name: "admin", Password: "wrong", Privilege: ipmi.Administrator}, {Name: "nobody", Password: "wrong", Privilege: ipmi.Administrator}} {
		t.Run(who.Name, func(t *testing.T) {
			r := newBMC(t, nil)
			a := newAttempt(t, r.bmc, who)
			a.open()
			if m := a.rakp1(); m.Status != ipmi.StatusOK || len(m.Code) != 20 {
				t.Fatalf("RAKP message 2: status %02Xh and %d bytes", uint8(m.Status), len(m.Code))
			}
			if m := a.rakp3(); m.Status != ipmi.StatusInvalidICV || m.ID != a.x.ConsoleID || len(m.Code) != 0 {
				t.Errorf("first try: %+v, want status 0Fh", m)
			}
			if m := a.rakp3(); m.Status != ipmi.StatusInvalidSession {
				t.Errorf("second try: status %02Xh, want 02h: the handshake is gone", uint8(m.Status))
			}
			if len(r.bmc.Sessions()) != 0 {
				t.Error("there is a session")
			}
		})
	}
}

// TestUnknownNameCostsTheSame as a wrong password, to the last allocation, in
// both versions.
func TestUnknownNameCostsTheSame(t *testing.T) {
	who := func(name string) Account { return Account{Name: name, Password: "wrong", Privilege: ipmi.Operator} }
	r := newBMC(t, func(c *Config) { bothVersions(c); c.Events = Events{} })
	login20 := func(name string) func() {
		return func() {
			r.bmc.backoff = backoff{}
			a := newAttempt(t, r.bmc, who(name))
			a.open()
			a.rakp1()
			if m := a.rakp3(); m.Status != ipmi.StatusInvalidICV {
				t.Fatalf("%s: status %02Xh", name, uint8(m.Status))
			}
		}
	}
	login15 := func(name string) func() {
		return func() {
			r.bmc.backoff = backoff{}
			c := newActivation15(t, r, who(name))
			if _, got := c.send(c.session.ActivationRequest(c.login, c.challenge)); got != DropBadIntegrity {
				t.Fatalf("%s: %v", name, got)
			}
		}
	}
	for version, login := range map[string]func(string) func(){"2.0": login20, "1.5": login15} {
		known, unknown := testing.AllocsPerRun(50, login("oper")), testing.AllocsPerRun(50, login("nobd"))
		if known != unknown {
			t.Errorf("IPMI %s: %v allocations for a wrong password, %v for an unknown name", version, known, unknown)
		}
	}
}

// TestRAKP3GivesUp: whoever does so with message 2 in hand has guessed, and may not go
// on with that for ever.
func TestRAKP3GivesUp(t *testing.T) {
	r := newBMC(t, nil)
	b := r.bmc
	a := newAttempt(t, b, admin)
	a.open()
	a.rakp1()
	if got := a.send(ipmi.PayloadRAKP3, ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{Status: ipmi.StatusInvalidICV, ID: a.x.BMCID})); got != nil {
		t.Errorf("got %x, want silence", got)
	}
	if m := a.rakp3(); m.Status != ipmi.StatusInvalidSession {
		t.Errorf("status %02Xh, want 02h: the handshake is gone", uint8(m.Status))
	}
	r.journal.read(func(j *journal) {
		if !slices.Equal(j.handshakes, []string{"aborted admin"}) {
			t.Errorf("told of %q", j.handshakes)
		}
	})
	for range guessBurst - 1 {
		a.open()
		a.rakp1()
		a.send(ipmi.PayloadRAKP3, ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{Status: ipmi.StatusInvalidICV, ID: a.x.BMCID}))
	}
	a.open()
	if got := a.send(ipmi.PayloadRAKP1, a.rakp1Payload()); got != nil {
		t.Errorf("after %d guesses: %x, want silence", guessBurst, got)
	}
}

// TestRAKP3WithoutACode for sessions that have none to compare with.
func TestRAKP3WithoutACode(t *testing.T) {
	r := newBMC(t, bothVersions)
	a := newAttempt(t, r.bmc, admin)
	a.complete()
	r.bmc.answer(a.now, a.from, sealed(t, a, 3, ipmi.PayloadIPMI, getDeviceIDMessage()), nil)
	c := newActivation15(t, r, operator)
	c.activate()
	for name, id := range map[string]uint32{"in use already": a.x.BMCID, "of IPMI 1.5": c.session.BMCID} {
		got, err := ipmi.ParseRAKPMessage3(a.send(ipmi.PayloadRAKP3, ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{ID: id})))
		if err != nil || got.Status != ipmi.StatusInvalidSession {
			t.Errorf("%s: %+v, %v, want status 02h", name, got, err)
		}
	}
}

func TestRAKP3BeforeRAKP1(t *testing.T) {
	a := newAttempt(t, newBMC(t, nil).bmc, admin)
	a.open()
	if m := a.rakp3(); m.Status != ipmi.StatusInvalidSession {
		t.Errorf("status %02Xh, want 02h", uint8(m.Status))
	}
	if m := a.rakp1(); m.Status != ipmi.StatusOK {
		t.Errorf("RAKP message 1 after it: status %02Xh, want 00h", uint8(m.Status))
	}
}

func TestRAKP3Repeated(t *testing.T) {
	firstPacket := func(t *testing.T, a *attempt) {
		p, err := ipmi.NewProtection(a.x.Suite, a.x.SIK())
		if err != nil {
			t.Fatal(err)
		}
		m := ipmi.AppendRequest(nil, ipmi.Message{Responder: 0x20, NetFn: ipmi.NetFnApp, Requester: 0x81, Command: cmdDeviceID})
		if reply, reason := a.b.answer(a.now, a.from, p.Seal(nil, ipmi.PayloadIPMI, a.x.BMCID, 3, [16]byte{}, m), nil); reply == nil {
			t.Fatalf("first packet: %v", reason)
		}
	}
	tests := []struct {
		name   string
		before func(*testing.T, *attempt)
		want   ipmi.Status
	}{
		{"at once", func(*testing.T, *attempt) {}, ipmi.StatusOK},
		{"after 9 s", func(_ *testing.T, a *attempt) { a.now = a.now.Add(9 * time.Second) }, ipmi.StatusOK},
		{"after 10 s", func(_ *testing.T, a *attempt) { a.now = a.now.Add(10 * time.Second) }, ipmi.StatusInvalidSession},
		{"after the first packet", firstPacket, ipmi.StatusInvalidSession},
		{"with another code", func(_ *testing.T, a *attempt) { a.x.Password = []byte("x") }, ipmi.StatusInvalidSession},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAttempt(t, newBMC(t, nil).bmc, admin)
			a.complete()
			icv := a.x.RAKP4ICV(a.x.SIK())
			tt.before(t, a)
			m := a.rakp3()
			if m.Status != tt.want {
				t.Errorf("status %02Xh, want %02Xh", uint8(m.Status), uint8(tt.want))
			}
			if m.Status == ipmi.StatusOK && !bytes.Equal(m.Code, icv) {
				t.Errorf("code %x, want %x", m.Code, icv)
			}
			if n := len(a.b.sessions); n != 1 {
				t.Errorf("%d sessions, want 1", n)
			}
		})
	}
}
