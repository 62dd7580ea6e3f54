package bmc

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

// The tests in here are named for the rules about the set-up of sessions; see
// rules_session_test.go.

// R7: whatever message of a set-up is repeated, it is answered again, and there
// is one session in the end. FreeIPMI repeats from another port.
func TestR07HandshakeRetries(t *testing.T) {
	t.Run("IPMI 2.0", func(t *testing.T) {
		a := newAttempt(t, newBMC(t, nil).bmc, admin)
		again := func(message func()) {
			message()
			a.from = netip.AddrPortFrom(a.from.Addr(), a.from.Port()+1)
			message()
		}
		again(func() { a.open() })
		again(func() {
			if m := a.rakp1(); m.Status != ipmi.StatusOK {
				t.Errorf("RAKP message 2: status %02Xh", uint8(m.Status))
			}
		})
		again(func() {
			if m := a.rakp3(); m.Status != ipmi.StatusOK || !bytes.Equal(m.Code, a.x.RAKP4ICV(a.x.SIK())) {
				t.Errorf("RAKP message 4: status %02Xh, code %x", uint8(m.Status), m.Code)
			}
		})
		if n := len(a.b.sessions); n != 1 {
			t.Errorf("%d sessions, want 1", n)
		}
	})
	t.Run("IPMI 1.5", func(t *testing.T) {
		r := newBMC(t, bothVersions)
		c := newActivation15(t, r, operator)
		c.from = netip.MustParseAddrPort("192.0.2.10:20001")
		c.ask() // for another challenge, from another port
		first := c.activate()
		for port := range uint16(5) {
			c.from = netip.AddrPortFrom(c.from.Addr(), 30000+port)
			c.session.RqSeq--
			if again := c.activate(); !bytes.Equal(again, first) {
				t.Errorf("Activate Session again: %x, want %x", again, first)
			}
		}
		if reply, reason := c.send(c.deviceID()); reason != NotDropped || len(reply) == 0 || reply[5] != first[5]+1 {
			t.Errorf("first packet: %v, number %d after %d", reason, reply[5], first[5])
		}
		if s := r.bmc.Sessions(); len(s) != 1 {
			t.Errorf("%d sessions, want 1", len(s))
		}
	})
}

// R8: half-open sessions cost no session its place, and expire.
func TestR08HalfOpenSessionsCostNothing(t *testing.T) {
	r := newBMC(t, func(c *Config) { bothVersions(c); c.MaxSessions = 2 })
	for n := range 1000 {
		a := newAttempt(t, r.bmc, operator)
		a.from = spoofed(n)
		a.open()
		a.send(ipmi.PayloadRAKP1, a.rakp1Payload())
		c := newActivation15(t, r, operator)
		c.from = spoofed(n)
		c.ask()
	}
	newAttempt(t, r.bmc, admin).complete()
	newActivation15(t, r, operator).activate()
	hs := r.bmc.handshakes
	if n, m := len(hs.named.queue), len(hs.challenged.queue); n > maxHalfOpen || m > maxHalfOpen {
		t.Errorf("%d and %d are half open, more than %d", n, m, maxHalfOpen)
	}
	hs.expire(time.Now().Add(handshakeLife))
	if n := len(hs.opened.queue) + len(hs.named.queue) + len(hs.challenged.queue) + len(hs.guesses); n != 0 {
		t.Errorf("%d are half open after %v", n, handshakeLife)
	}
	if n := len(r.bmc.Sessions()); n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
}

// R9: asked for the highest level, the answer is a level, the one the channel allows.
func TestR09HighestLevelIsALevel(t *testing.T) {
	for limit := ipmi.Callback; limit <= ipmi.Administrator; limit++ {
		a := newAttempt(t, newBMC(t, func(c *Config) { c.ChannelLimit = limit }).bmc, admin)
		if r := a.open(); r.Status != ipmi.StatusOK || r.MaxPrivilege != limit {
			t.Errorf("status %02Xh, level %v, want %v", uint8(r.Status), r.MaxPrivilege, limit)
		}
	}
}

// R10: a suite that is not enabled is refused with status 11h, whichever it is.
func TestR10UnsupportedSuite(t *testing.T) {
	enabled := map[ipmi.CipherSuiteID]bool{3: true, 17: true}
	for id, triple := range allSuites {
		a := newAttempt(t, newBMC(t, nil).bmc, admin)
		a.x.Suite = triple
		payload := a.send(ipmi.PayloadOpenSessionRequest, ipmi.AppendOpenSessionRequest(nil, 1, 0, 1, triple))
		want := byte(ipmi.StatusNoSuite)
		if enabled[id] {
			want = byte(ipmi.StatusOK)
		}
		if payload[1] != want {
			t.Errorf("suite %d: status %02Xh, want %02Xh", id, payload[1], want)
		}
	}
}

// R11: a level the account does not have is refused with status 09h when it is
// looked up by name and level, because pyghmi and xCAT then try a lower one.
func TestR11LowerLevelIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, nil).console(t)
		l := loginAs(t, operator)
		l.ByRole, l.Privilege = true, ipmi.Administrator
		_, err := c.Login(t.Context(), l)
		var status *remote.StatusError
		if !errors.As(err, &status) || status.Message != "RAKP message 2" || status.Status != ipmi.StatusInvalidRole {
			t.Errorf("as administrator: %v, want RAKP message 2 with status 09h", err)
		}
		l.Privilege = ipmi.Operator
		if _, err := c.Login(t.Context(), l); err != nil {
			t.Errorf("as operator: %v", err)
		}
	})
}

// R12: name, length and role go into all codes as they came; the session key is
// made with Kg when there is one, messages 2 and 3 with the password.
func TestR12RawNameRoleAndKg(t *testing.T) {
	for _, kg := range []Password{"", "channel key", "twenty bytes of key!"} {
		for _, name := range []string{"admin", "admin" + strings.Repeat("\x00", 11)} {
			for _, role := range []ipmi.Role{0x14, 0x04, 0x12, 0x15} {
				for _, id := range []ipmi.CipherSuiteID{3, 17} {
					a := newAttempt(t, newBMC(t, func(c *Config) { c.Kg = kg }).bmc, admin)
					a.x.Suite, a.x.UserName, a.x.Role, a.x.Kg = suite(t, id), []byte(name), role, []byte(kg)
					a.complete()
				}
			}
		}
	}
}

// R21: when there is no IPMI 1.5, Get Channel Authentication Capabilities says so
// at once; R22: when there is, it offers MD5, and the password only when that is
// wanted, but never packets without authentication or MD2.
func TestR21R22AuthCapabilities(t *testing.T) {
	const kg = Password("key")
	tests := []struct {
		name   string
		change func(*Config)
		ask    []byte
		want   []byte
	}{
		{"2.0 only", func(*Config) {}, []byte{0x8E, 4}, []byte{1, 0x80, 0x04, 0x02, 0, 0, 0, 0}},
		{"2.0 only, asked as 1.5", func(*Config) {}, []byte{0x0E, 4}, []byte{1, 0x00, 0x04, 0x00, 0, 0, 0, 0}},
		{"MD5", func(c *Config) { c.V15 = V15MD5 }, []byte{0x8E, 3}, []byte{1, 0x84, 0x04, 0x03, 0, 0, 0, 0}},
		{"MD5, asked as 1.5", func(c *Config) { c.V15 = V15MD5 }, []byte{0x0E, 3}, []byte{1, 0x04, 0x04, 0x00, 0, 0, 0, 0}},
		{"MD5 and password", func(c *Config) { c.V15 = V15MD5AndPassword }, []byte{0x8E, 3}, []byte{1, 0x94, 0x04, 0x03, 0, 0, 0, 0}},
		{"Kg", func(c *Config) { c.Kg = kg }, []byte{0x8E, 4}, []byte{1, 0x80, 0x24, 0x02, 0, 0, 0, 0}},
		{"Kg, asked as 1.5", func(c *Config) { c.Kg = kg }, []byte{0x0E, 4}, []byte{1, 0x00, 0x04, 0x00, 0, 0, 0, 0}},
		{"at the channel's limit", func(c *Config) { c.V15, c.ChannelLimit = V15MD5, ipmi.Operator }, []byte{0x8E, 3}, []byte{1, 0x84, 0x04, 0x03, 0, 0, 0, 0}},
		{"beyond it", func(c *Config) { c.V15, c.ChannelLimit = V15MD5, ipmi.Operator }, []byte{0x8E, 4}, []byte{1, 0x80, 0x04, 0x03, 0, 0, 0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, tt.change)
				c := r.console(t)
				begin := time.Now()
				for wrapper, ask := range map[string]func() (ipmi.Response, error){
					"1.5": func() (ipmi.Response, error) {
						return c.Sessionless15(t.Context(), ipmi.NetFnApp, cmdAuthCapabilities, tt.ask)
					},
					"2.0": func() (ipmi.Response, error) {
						return c.Sessionless20(t.Context(), ipmi.NetFnApp, cmdAuthCapabilities, tt.ask)
					},
				} {
					got, err := ask()
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(tt.want, got.Data); diff != "" {
						t.Errorf("in the wrapper of %s (-want +got):\n%s", wrapper, diff)
					}
				}
				if took := time.Since(begin); took > 10*time.Millisecond {
					t.Errorf("answered after %v", took)
				}
			})
		})
	}
}

// R23: suites 17 and 3 work, and by configuration every other one with integrity;
// 0, those without integrity and xRC4 cannot be configured.
func TestR23CipherSuites(t *testing.T) {
	for id, triple := range allSuites {
		config := testConfig(t)
		config.Suites = []ipmi.CipherSuite{triple}
		b, err := New(config, &fakeMachine{power: On})
		if want := useful[id]; (err == nil) != want {
			t.Errorf("suite %d: %v, want it configurable: %v", id, err, want)
		}
		if err != nil {
			continue
		}
		a := newAttempt(t, b, admin)
		a.x.Suite = suite(t, id)
		a.complete()
		p, err := a.x.Protection(a.x.SIK())
		if err != nil {
			t.Fatal(err)
		}
		reply, reason := b.answer(a.now, a.from, p.Seal(nil, ipmi.PayloadIPMI, a.x.BMCID, 1, [16]byte{}, getDeviceIDMessage()), nil)
		if reason != NotDropped {
			t.Errorf("suite %d: %v", id, reason)
			continue
		}
		s, err := ipmi.ParseSession20(reply[4:])
		if err != nil || !s.Authenticated || s.Encrypted != p.Encrypts() || p.Verify(s) != nil {
			t.Errorf("suite %d: answer %x, %v", id, reply, err)
		}
	}
}
