package bmc

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

func guesserAt(from string) guesser { return newGuesser(netip.MustParseAddrPort(from), "admin") }

// TestBackoffSchedule tries wrong passwords as often as it is listened to.
func TestBackoffSchedule(t *testing.T) {
	var o backoff
	g := guesserAt("192.0.2.1:1")
	now := time.Unix(1000, 0)
	for n := range 5 {
		if o.waits(now, g) {
			t.Fatalf("guess %d has to wait", n+1)
		}
		o.failed(now, g)
	}
	for _, want := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		wait := time.Duration(want) * time.Second
		if !o.waits(now.Add(wait-1), g) || o.waits(now.Add(wait), g) {
			t.Fatalf("it does not wait for just %v", wait)
		}
		now = now.Add(wait)
		o.failed(now, g)
	}
}

// TestBackoffForgives rare mistakes, quiet guessers and those who know the password.
func TestBackoffForgives(t *testing.T) {
	g := guesserAt("192.0.2.1:1")
	start := time.Unix(1000, 0)
	fail := func(o *backoff, now time.Time, times int) {
		for range times {
			o.failed(now, g)
		}
	}
	t.Run("one in two seconds", func(t *testing.T) {
		var o backoff
		for n := range 100 {
			now := start.Add(time.Duration(n) * guessRefill)
			if o.failed(now, g); o.waits(now, g) {
				t.Fatalf("guess %d has to wait", n+1)
			}
		}
	})
	t.Run("the password is right", func(t *testing.T) {
		var o backoff
		fail(&o, start, 4)
		o.proved(g)
		fail(&o, start, 4)
		if o.waits(start, g) {
			t.Error("it has to wait")
		}
	})
	t.Run("quiet for five minutes", func(t *testing.T) {
		var o backoff
		for n := range 10 {
			o.failed(start.Add(time.Duration(n)*time.Minute), g)
			fail(&o, start.Add(time.Duration(n)*time.Minute), 5)
		}
		later := start.Add(9*time.Minute + forgetGuesses)
		if fail(&o, later, 4); o.waits(later, g) {
			t.Error("it has to wait")
		}
	})
	t.Run("less than a source that tries other names", func(t *testing.T) {
		var o backoff
		fail(&o, start, 4)
		for n := range 1000 {
			o.failed(start, newGuesser(netip.MustParseAddrPort("192.0.2.1:1"), fmt.Sprint("other", n)))
		}
		if fail(&o, start, 1); !o.waits(start, g) {
			t.Error("it does not wait")
		}
	})
	t.Run("what has begun before the wait does not make it longer", func(t *testing.T) {
		var o backoff
		fail(&o, start, 100)
		if o.waits(start.Add(minBackoff), g) {
			t.Error("it waits for more than a second")
		}
	})
}

// TestBackoffIsOfOneSourceAndAccount: nobody else waits.
func TestBackoffIsOfOneSourceAndAccount(t *testing.T) {
	var o backoff
	now := time.Unix(1000, 0)
	for range 50 {
		o.failed(now, guesserAt("192.0.2.1:1"))
		o.failed(now, guesserAt("[2001:db8::1]:1"))
	}
	tests := []struct {
		name string
		g    guesser
		want bool
	}{
		{"itself", guesserAt("192.0.2.1:1"), true},
		{"another port", guesserAt("192.0.2.1:2"), true},
		{"as mapped address", guesserAt("[::ffff:192.0.2.1]:1"), true},
		{"its neighbour", guesserAt("192.0.2.2:1"), false},
		{"another account", newGuesser(netip.MustParseAddrPort("192.0.2.1:1"), "oper"), false},
		{"another address of the same IPv6 subnet", guesserAt("[2001:db8::2%eth0]:1"), true},
		{"another IPv6 subnet", guesserAt("[2001:db8:0:1::1]:1"), false},
	}
	for _, tt := range tests {
		if got := o.waits(now, tt.g); got != tt.want {
			t.Errorf("%s: waits %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestBackoffIsBounded: neither other names nor other sources make it forget.
func TestBackoffIsBounded(t *testing.T) {
	var o backoff
	now := time.Unix(1000, 0)
	guilty := guesserAt("192.0.2.1:1")
	still := func() {
		t.Helper()
		if n, m, names := o.trying.Len(), o.waiting.Len(), len(o.names); n > maxGuessers || m > maxGuessers || names > 2*maxGuessers {
			t.Errorf("%d, %d guessers and %d sources are remembered", n, m, names)
		}
		if !o.waits(now, guilty) {
			t.Error("the guilty one does not wait any more")
		}
	}
	for range 5 {
		o.failed(now, guilty)
	}
	for n := range 10000 {
		o.failed(now, newGuesser(netip.MustParseAddrPort("192.0.2.1:1"), fmt.Sprint("other", n)))
	}
	still()
	if n := o.names[guilty.source]; n > maxNames+1 {
		t.Errorf("%d names of one source are remembered", n)
	}
	for n := range 10000 {
		o.failed(now, newGuesser(spoofed(n), "admin"))
	}
	still()
	for _, g := range []guesser{guesserAt("192.0.2.2:1"), newGuesser(spoofed(20000), "admin")} {
		if o.waits(now, g) {
			t.Errorf("%v waits", g)
		}
	}
}

// try logs in and says what became of it. A console that insists sends RAKP
// message 3 with its wrong password; others stop when they have seen message 2.
func try(t *testing.T, b *BMC, now time.Time, from string, a Account, insist bool) string {
	t.Helper()
	x := newAttempt(t, b, a)
	x.now, x.from = now, netip.MustParseAddrPort(from)
	x.open()
	payload := x.send(ipmi.PayloadRAKP1, x.rakp1Payload())
	if payload == nil {
		return "silence"
	}
	r, err := ipmi.ParseRAKPMessage2(payload)
	if err != nil {
		t.Fatal(err)
	}
	x.x.BMCRandom, x.x.GUID = r.BMCRandom, r.GUID
	if !insist && string(r.Code) != string(x.x.RAKP2Code()) {
		return "stopped"
	}
	payload = x.send(ipmi.PayloadRAKP3, ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{ID: x.x.BMCID, Code: x.x.RAKP3Code()}))
	if payload == nil {
		return "silence"
	}
	if s := b.sessions[x.x.BMCID]; s != nil {
		b.closeSession(s) // makes room for the next login
	}
	return map[byte]string{0: "session", 0x0F: "refused"}[payload[1]]
}

// TestGuessing20 guesses from A for a while. A waits, and nobody else does.
func TestGuessing20(t *testing.T) {
	for _, insist := range []bool{false, true} {
		for _, name := range []string{admin.Name, "nobody"} {
			t.Run(fmt.Sprintf("%s, insisting %v", name, insist), func(t *testing.T) {
				b := newBMC(t, nil).bmc
				wrong := Account{Name: name, Password: "wrong", Privilege: ipmi.Administrator}
				const a, other = "192.0.2.66:1000", "192.0.2.67:1000"
				now := time.Now()
				want := map[bool]string{false: "stopped", true: "refused"}[insist]
				for n := range guessBurst {
					if got := try(t, b, now, a, wrong, insist); got != want {
						t.Fatalf("guess %d: %s, want %s", n+1, got, want)
					}
				}
				if !insist {
					now = now.Add(proveWithin) // by now the right password would have been proved
				}
				if got := try(t, b, now, a, wrong, insist); got != "silence" {
					t.Errorf("guess %d: %s, want silence", guessBurst+1, got)
				}
				if name == admin.Name {
					if got := try(t, b, now, a, admin, false); got != "silence" {
						t.Errorf("the right password from the guesser's address: %s, want silence", got)
					}
				}
				if got := try(t, b, now, a, operator, false); got != "session" {
					t.Errorf("another account from the guesser's address: %s", got)
				}
				if got := try(t, b, now, other, admin, false); got != "session" {
					t.Errorf("the account from another address: %s", got)
				}
				now = now.Add(minBackoff)
				if got := try(t, b, now, a, admin, false); got != "session" {
					t.Errorf("the right password after the wait: %s", got)
				}
			})
		}
	}
}

// TestGuessingInside: who tests passwords with Set User Password waits as at a login.
func TestGuessingInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		c := r.console(t)
		s := login(t, c, admin)
		test := func(id byte, password string, want ipmi.CompletionCode) {
			t.Helper()
			command(t, s, ipmi.NetFnApp, 0x47, append([]byte{id, 3}, append([]byte(password), make([]byte, 16-len(password))...)...), want)
		}
		for range guessBurst {
			test(3, "wrong", ipmi.PasswordWrong)
		}
		test(3, "wrong", ipmi.NodeBusy)
		test(3, string(operator.Password), ipmi.NodeBusy)
		test(4, string(user.Password), ipmi.Completed)
		c.Tries, c.Timeout = 1, minBackoff/10
		if _, err := c.Login(t.Context(), loginAs(t, operator)); !errors.Is(err, remote.ErrNoAnswer) {
			t.Errorf("a login from there: %v, want silence", err)
		}
		login(t, r.console(t), operator)
		time.Sleep(minBackoff)
		test(3, string(operator.Password), ipmi.Completed)
	})
}

// TestGuessesInFlight: handshakes that are half open when the wait begins get no verdict.
func TestGuessesInFlight(t *testing.T) {
	b := newBMC(t, nil).bmc
	wrong := Account{Name: admin.Name, Password: "wrong", Privilege: ipmi.Administrator}
	var attempts []*attempt
	for range 50 {
		a := newAttempt(t, b, wrong)
		a.open()
		a.rakp1()
		attempts = append(attempts, a)
	}
	verdicts := 0
	for _, a := range attempts {
		if a.send(ipmi.PayloadRAKP3, ipmi.AppendRAKPMessage3(nil, ipmi.RAKPMessage3{ID: a.x.BMCID, Code: a.x.RAKP3Code()})) != nil {
			verdicts++
		}
	}
	if verdicts != guessBurst {
		t.Errorf("%d guesses got a verdict, want %d", verdicts, guessBurst)
	}
}

// TestSlowProofIsForgiven: on a bad line message 3 may take its time.
func TestSlowProofIsForgiven(t *testing.T) {
	b := newBMC(t, func(c *Config) { c.MaxSessions = 63 }).bmc
	now := time.Now()
	for n := range 40 {
		a := newAttempt(t, b, admin)
		a.now = now
		a.open()
		if r := a.rakp1(); r.Status != ipmi.StatusOK {
			t.Fatalf("login %d: status %02Xh", n+1, uint8(r.Status))
		}
		a.now = a.now.Add(3 * time.Second)
		if r := a.rakp3(); r.Status != ipmi.StatusOK {
			t.Fatalf("login %d: status %02Xh", n+1, uint8(r.Status))
		}
		now = a.now
	}
}

// TestGuessing15: the same in IPMI 1.5, where there is no message to stop after.
func TestGuessing15(t *testing.T) {
	r := newBMC(t, bothVersions)
	guess := func(now time.Time, from, password string) DropReason {
		c := newActivation15(t, r, operator)
		c.now, c.from, c.login.Password = now, netip.MustParseAddrPort(from), password
		c.ask()
		_, reason := c.send(c.session.ActivationRequest(c.login, c.challenge))
		return reason
	}
	now := time.Now()
	for n := range guessBurst {
		if got := guess(now, "192.0.2.66:1", "wrong"); got != DropBadIntegrity {
			t.Fatalf("guess %d: %v", n+1, got)
		}
	}
	if got := guess(now, "192.0.2.66:1", string(operator.Password)); got != DropBackoff {
		t.Errorf("the right password: %v, want %v", got, DropBackoff)
	}
	if got := try(t, r.bmc, now, "192.0.2.66:1", operator, false); got != "silence" {
		t.Errorf("the right password in IPMI 2.0: %s, want silence", got)
	}
	if got := guess(now, "192.0.2.67:1", string(operator.Password)); got != NotDropped {
		t.Errorf("from another address: %v", got)
	}
	if got := guess(now.Add(minBackoff), "192.0.2.66:1", string(operator.Password)); got != NotDropped {
		t.Errorf("after the wait: %v", got)
	}
}
