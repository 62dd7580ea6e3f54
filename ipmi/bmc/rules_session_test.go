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
	"github.com/bmc-gateway/bmc-gateway/ipmi/ipmitest"
)

// The tests in here are named for the rules that follow from what clients do;
// they are those about sessions. What a rule says stands above its test.

// R1: sessions are found by the BMC's ID alone. ipmitool gives all of its
// sessions the same console ID, pyghmi all of its sessions the same socket.
func TestR01SessionsAreKeyedByOurID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, func(c *Config) { bothVersions(c); c.MaxSessions = 63 })
		c := r.console(t)
		seen := map[uint32]bool{}
		var sessions []*ipmitest.Session
		for n := range 20 {
			l := loginAs(t, admin)
			l.ConsoleID = 0xA0A2A3A4
			s, err := c.Login(t.Context(), l)
			if err != nil {
				t.Fatalf("session %d: %v", n+1, err)
			}
			sessions = append(sessions, s, version15("", ipmi.AuthMD5).login(t, c, root))
		}
		for _, s := range sessions {
			command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			seen[s.BMCID] = true
		}
		if len(seen) != 40 || len(r.bmc.Sessions()) != 40 {
			t.Errorf("%d IDs of %d sessions, want 40", len(seen), len(r.bmc.Sessions()))
		}
	})
}

// R2: every request of a session is answered at once, unknown ones with C1h.
func TestR02EveryRequestIsAnswered(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			s := v.login(t, r.console(t), root)
			begin := time.Now()
			for netFn := ipmi.NetFn(0); netFn < 0x40; netFn += 2 {
				for _, cmd := range []uint8{0xF7, 0xFE, 0xFF} {
					command(t, s, netFn, cmd, []byte{0, 2}, ipmi.InvalidCommand)
				}
			}
			if took := time.Since(begin); took != 0 {
				t.Errorf("answered after %v", took)
			}
		})
	})
}

// R3: Get Channel Cipher Suites is answered outside of a session, in both wrappers.
func TestR03CipherSuitesWithoutSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, nil).console(t)
		request := []byte{ipmi.ChannelPresent, byte(ipmi.PayloadIPMI), 0x80}
		want := []byte{ipmi.ChannelLAN, 0xC0, 17, 0x03, 0x44, 0x81, 0xC0, 3, 0x01, 0x41, 0x81}
		r20, err20 := c.Sessionless20(t.Context(), ipmi.NetFnApp, 0x54, request)
		r15, err15 := c.Sessionless15(t.Context(), ipmi.NetFnApp, 0x54, request)
		if err := errors.Join(err20, err15); err != nil {
			t.Fatal(err)
		}
		for _, r := range []ipmi.Response{r20, r15} {
			if diff := cmp.Diff(want, r.Data); r.Code != ipmi.Completed || diff != "" {
				t.Errorf("%v, data (-want +got):\n%s", r.Code, diff)
			}
		}
	})
}

// R6: a retry carries another session sequence number and perhaps another rqSeq.
// Each copy is answered under its own, the command is carried out once.
func TestR06RetriesAreAnsweredEachAndActOnce(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			r.machine.acts(time.Second, nil)
			c := r.console(t)
			c.Timeout = 3 * time.Second
			s := v.login(t, c, root)
			first := s.Received
			send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerCycle)))
			same := s.RqSeq
			time.Sleep(400 * time.Millisecond)
			s.RqSeq--
			send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerCycle)))
			send(t, c, s.Last()) // the network may double it
			time.Sleep(400 * time.Millisecond)
			send(t, c, s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerCycle)))
			for n, want := range []uint8{same, same, same + 1} {
				a := result(t, c, s)
				if a.Code != ipmi.Completed || a.Sequence != want || s.Received != first+uint32(n)+1 {
					t.Errorf("answer %d: %v, rqSeq %d, number %d; want 00h, %d, %d", n+1, a.Code, a.Sequence, s.Received, want, first+uint32(n)+1)
				}
			}
			if diff := cmp.Diff([]string{"cycle"}, r.machine.carriedOut()); diff != "" {
				t.Errorf("carried out (-want +got):\n%s", diff)
			}
		})
	})
}

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
	hs := &r.bmc.handshakes
	if n, m := hs.named.lru.Len(), hs.challenged.lru.Len(); n > maxHalfOpen || m > maxHalfOpen {
		t.Errorf("%d and %d are half open, more than %d", n, m, maxHalfOpen)
	}
	hs.expire(time.Now().Add(handshakeLife))
	if n := hs.opened.lru.Len() + hs.named.lru.Len() + hs.challenged.lru.Len() + hs.guesses.Len(); n != 0 {
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
		var status *ipmitest.StatusError
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

// R13: the BMC's numbers start at 1 in IPMI 2.0, at the console's choice in 1.5,
// and have no gap, because FreeIPMI drops what is more than 8 ahead.
func TestR13OutboundNumbers(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			s, err := v.enter(t, r.console(t), root, true)
			if err != nil {
				t.Fatal(err)
			}
			first := s.Received
			if v20 := strings.Contains(v.name, "2.0"); v20 && first != 0 || !v20 && first != 0x11223344 {
				t.Errorf("the set-up ends with number %08X", first)
			}
			for n := range uint32(40) {
				command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
				if s.Received != first+n+1 {
					t.Fatalf("answer %d has number %d, want %d", n+1, s.Received, first+n+1)
				}
			}
		})
	})
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

// R22: in a session of IPMI 1.5 every packet is authenticated; no setting makes
// one without a code acceptable.
func TestR22EveryPacketIsAuthenticated(t *testing.T) {
	r := newBMC(t, bothVersions)
	c := newActivation15(t, r, operator)
	c.activate()
	for _, netFn := range []ipmi.NetFn{ipmi.NetFnApp, ipmi.NetFnChassis} {
		m := ipmi.AppendRequest(nil, ipmi.Message{Responder: ipmi.AddressBMC, NetFn: netFn, Requester: ipmi.AddressConsole, Command: 1})
		reply, reason := c.send(ipmi.AppendSession15(nil, ipmi.Session15{SessionID: c.session.BMCID, Sequence: c.session.Sequence + 1, Message: m}))
		if reply != nil || reason != DropUnprotected {
			t.Errorf("network function %02Xh: %x, %v", uint8(netFn), reply, reason)
		}
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

// R25: the answer goes to where the latest packet came from.
func TestR25AnswersGoToTheLatestSource(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			r.machine.acts(time.Second, nil)
			home := r.console(t)
			s := v.login(t, home, root)
			for range 3 {
				elsewhere := r.console(t)
				elsewhere.Timeout = 2 * time.Second
				for _, packet := range [][]byte{
					s.Request(ipmi.NetFnApp, cmdDeviceID, nil),
					s.Request(ipmi.NetFnChassis, cmdChassisControl, control(ipmi.ChassisPowerUp)),
				} {
					reply, err := elsewhere.Exchange(t.Context(), packet)
					if err != nil {
						t.Fatal(err)
					}
					if _, ok := s.Open(reply, ipmi.PayloadIPMI); !ok {
						t.Errorf("%x is not of the session", reply)
					}
				}
			}
			if got, err := home.Receive(t.Context()); !errors.Is(err, ipmitest.ErrNoAnswer) {
				t.Errorf("at the old place: %x, %v", got, err)
			}
		})
	})
}

// R26: a session ends 60 s after its last packet. A client that never closes its
// sessions does not shut itself, or others, out.
func TestR26IdleTimeout(t *testing.T) {
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			c := r.console(t)
			c.Tries = 1
			s := v.login(t, c, root)
			for range 3 {
				time.Sleep(59 * time.Second)
				command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			}
			time.Sleep(60 * time.Second)
			if got, err := s.Command(t.Context(), ipmi.NetFnApp, cmdDeviceID, nil); !errors.Is(err, ipmitest.ErrNoAnswer) {
				t.Errorf("60 s after the last packet: %+v, %v, want silence", got, err)
			}
			keep := v.login(t, r.console(t), operator)
			for range 40 { // never closed, one every 5 s
				v.login(t, c, root)
				time.Sleep(5 * time.Second)
				command(t, keep, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
			}
			if n := len(r.bmc.Sessions()); n > defaultMaxSessions {
				t.Errorf("%d sessions, more than %d", n, defaultMaxSessions)
			}
		})
	})
}
