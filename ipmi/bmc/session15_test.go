package bmc

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
	"github.com/bmc-gateway/bmc-gateway/ipmi/remote"
)

const (
	cmdAuthCapabilities = 0x38
	cmdSessionChallenge = 0x39
	cmdSetPrivilege     = 0x3B
	cmdSessionInfo      = 0x3D
)

func TestLogin15(t *testing.T) {
	for _, auth := range []ipmi.AuthType{ipmi.AuthMD5, ipmi.AuthPassword} {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, bothVersions)
			l := login15(operator)
			l.Auth, l.StayAtUser = auth, true
			s, err := r.console(t).Login15(t.Context(), l)
			if err != nil {
				t.Fatalf("type %d: %v", auth, err)
			}
			command(t, s, ipmi.NetFnChassis, cmdChassisStatus, nil, ipmi.Completed)
			want := []SessionInfo{{
				ID: s.BMCID, Account: operator.Name, Privilege: ipmi.User, Limit: ipmi.Operator,
				From: netip.MustParseAddrPort("192.0.2.11:20001"), Auth: auth, Opened: time.Now(), LastSeen: time.Now(),
			}}
			if diff := cmp.Diff(want, r.bmc.Sessions(), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
				t.Errorf("type %d: sessions (-want +got):\n%s", auth, diff)
			}
			if err := s.SetPrivilege(t.Context(), ipmi.Administrator); !errors.Is(err, ipmi.PrivilegeExceedsLimit) {
				t.Errorf("type %d: beyond the limit: %v, want 81h", auth, err)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Errorf("type %d: close: %v", auth, err)
			}
			r.journal.read(func(j *journal) {
				if diff := cmp.Diff([]string{"completed " + operator.Name}, j.handshakes); diff != "" {
					t.Errorf("type %d: told of handshakes (-want +got):\n%s", auth, diff)
				}
			})
			if left := r.bmc.Sessions(); len(left) != 0 {
				t.Errorf("type %d: sessions after close: %+v", auth, left)
			}
		})
	}
}

// TestLogin15Refused: who does not know a password that can be used hears
// nothing, whatever the reason; who knows one is told what is wrong.
func TestLogin15Refused(t *testing.T) {
	with := func(a Account, change func(*remote.Login15)) remote.Login15 {
		l := login15(a)
		change(&l)
		return l
	}
	tests := []struct {
		name   string
		v15    V15
		login  remote.Login15
		want   error
		result string // told to the operator
	}{
		{"wrong password", V15MD5, with(operator, func(l *remote.Login15) { l.Password = "wrong" }), remote.ErrNoAnswer, "wrong_password oper"},
		{"unknown user", V15MD5, with(operator, func(l *remote.Login15) { l.User = "nobody" }), remote.ErrNoAnswer, "unknown_user nobody"},
		{"password of 20 bytes, cut off", V15MD5, with(admin, func(l *remote.Login15) { l.Password = l.Password[:16] }), remote.ErrNoAnswer, "unknown_user admin"},
		{"no name", V15MD5, with(operator, func(l *remote.Login15) { l.User = "" }), ipmi.NullUserDisabled, ""},
		{"MD2", V15MD5, with(operator, func(l *remote.Login15) { l.Auth = ipmi.AuthMD2 }), ipmi.InvalidField, ""},
		{"no authentication", V15MD5, with(operator, func(l *remote.Login15) { l.Auth = ipmi.AuthNone }), ipmi.InvalidField, ""},
		{"password in the clear is not enabled", V15MD5, with(operator, func(l *remote.Login15) { l.Auth = ipmi.AuthPassword }), ipmi.InvalidField, ""},
		{"IPMI 1.5 is not enabled", V15Off, login15(operator), ipmi.InvalidField, ""},
		{"beyond the account's level", V15MD5, with(operator, func(l *remote.Login15) { l.Privilege = ipmi.Administrator }), ipmi.ActivateExceedsLimit, "refused oper"},
		{"level 6", V15MD5, with(operator, func(l *remote.Login15) { l.Privilege = 6 }), ipmi.InvalidField, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := serve(t, func(c *Config) { c.V15 = tt.v15 })
				_, err := r.console(t).Login15(t.Context(), tt.login)
				if !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
				r.journal.read(func(j *journal) {
					if tt.result != "" && (len(j.handshakes) != 1 || j.handshakes[0] != tt.result) || tt.result == "" && len(j.handshakes) != 0 {
						t.Errorf("told of %q, want %q", j.handshakes, tt.result)
					}
					if tt.want == remote.ErrNoAnswer && j.drops[0] != DropBadIntegrity {
						t.Errorf("dropped as %v, want %v", j.drops, DropBadIntegrity)
					}
				})
				if left := r.bmc.Sessions(); len(left) != 0 {
					t.Errorf("sessions: %+v", left)
				}
			})
		})
	}
}

// An activation15 is a set-up of IPMI 1.5 packet by packet, without a network.
type activation15 struct {
	t         testing.TB
	r         *rig
	now       time.Time
	from      netip.AddrPort
	login     remote.Login15
	challenge ipmi.SessionChallenge
	session   *remote.Session
}

func newActivation15(t testing.TB, r *rig, a Account) *activation15 {
	t.Helper()
	c := &activation15{t: t, r: r, now: time.Now(), from: netip.MustParseAddrPort("192.0.2.10:20000"), login: login15(a)}
	c.ask()
	return c
}

// ask gets a challenge.
func (c *activation15) ask() {
	t := c.t
	t.Helper()
	data := ipmi.AppendSessionChallengeRequest(nil, ipmi.SessionChallengeRequest{AuthType: ipmi.AuthMD5, UserName: []byte(c.login.User)})
	reply, reason := c.send(ipmi.AppendSession15(nil, ipmi.Session15{Message: ipmi.AppendRequest(nil,
		ipmi.Message{Responder: ipmi.AddressBMC, NetFn: ipmi.NetFnApp, Requester: ipmi.AddressConsole, Command: cmdSessionChallenge, Data: data})}))
	if reason != NotDropped {
		t.Fatal(reason)
	}
	p, err := ipmi.ParseSession15(reply[4:])
	if err != nil {
		t.Fatal(err)
	}
	m, err := ipmi.ParseResponse(p.Message)
	if err != nil || m.Code != ipmi.Completed {
		t.Fatalf("%v, %v", m.Code, err)
	}
	if c.challenge, err = ipmi.ParseSessionChallenge(m.Data); err != nil {
		t.Fatal(err)
	}
	console := remote.New(nil, bmcAddr)
	if c.session, err = console.Activation(c.login, c.challenge); err != nil {
		t.Fatal(err)
	}
}

func (c *activation15) send(packet []byte) ([]byte, DropReason) {
	c.r.bmc.mu.Lock()
	defer c.r.bmc.mu.Unlock()
	return c.r.bmc.answer(c.now, c.from, bytes.Clone(packet), nil)
}

func (c *activation15) activate() []byte {
	c.t.Helper()
	reply, reason := c.send(c.session.ActivationRequest(c.login, c.challenge))
	if reason != NotDropped {
		c.t.Fatalf("Activate Session: %v", reason)
	}
	if err := c.session.Activated(reply); err != nil {
		c.t.Fatalf("Activate Session: %v", err)
	}
	return reply
}

func (c *activation15) deviceID() []byte {
	return c.session.Request(ipmi.NetFnApp, cmdDeviceID, nil)
}

// TestDropReason15 is the fate of each packet that is not quite right.
func TestDropReason15(t *testing.T) {
	r := newBMC(t, bothVersions)
	c := newActivation15(t, r, operator)
	other := newActivation15(t, r, operator)
	activate := c.session.ActivationRequest(c.login, c.challenge)
	changed := func(b []byte, at int, to byte) []byte {
		b = bytes.Clone(b)
		b[at] = to
		return b
	}
	md5, err := ipmi.NewProtection15(ipmi.AuthMD5, []byte(operator.Password))
	if err != nil {
		t.Fatal(err)
	}
	clear15 := func(id, sequence uint32) []byte {
		return ipmi.AppendSession15(nil, ipmi.Session15{SessionID: id, Sequence: sequence, Message: getDeviceIDMessage()})
	}
	fate := func(name string, packet []byte, want DropReason) {
		t.Helper()
		reply, got := c.send(packet)
		if got != want || (len(reply) == 0) != (got != NotDropped) {
			t.Errorf("%s: %v with %d bytes of reply, want %v", name, got, len(reply), want)
		}
	}
	fate("another command under a temporary ID", md5.Seal(nil, c.challenge.ID, 0, getDeviceIDMessage()), DropNoSession)
	fate("activation with a number", changed(activate, 5, 1), DropReplay)
	fate("activation without an auth code", clear15(c.challenge.ID, 0), DropUnprotected)
	fate("activation with another type", changed(activate, 4, byte(ipmi.AuthPassword)), DropUnprotected)
	fate("activation of nobody's ID", changed(activate, 9, activate[9]+1), DropUnknownSession)
	fate("no message", md5.Seal(nil, c.challenge.ID, 0, nil), DropMalformed)
	c.from = netip.MustParseAddrPort("192.0.2.99:20000")
	fate("activation from another address", activate, DropUnknownSession)
	c.from = netip.MustParseAddrPort("192.0.2.10:4711")
	fate("activation from another port", activate, NotDropped)
	c.activate()

	good := c.deviceID()
	first := c.session.Sequence
	fate("without an auth code", clear15(c.session.BMCID, first), DropUnprotected)
	fate("with another type", changed(good, 4, byte(ipmi.AuthPassword)), DropUnprotected)
	fate("with a wrong auth code", changed(good, 20, good[20]+1), DropBadIntegrity)
	fate("with a changed command", changed(good, len(good)-2, 2), DropBadIntegrity)
	fate("in the wrapper of IPMI 2.0", ipmi.AppendSession20(nil, ipmi.PayloadIPMI, getDeviceIDMessage()), DropNoSession)
	a := newAttempt(t, r.bmc, operator)
	a.complete()
	a.x.BMCID = c.session.BMCID
	fate("under the keys of another session", sealed(t, a, 1, ipmi.PayloadIPMI, getDeviceIDMessage()), DropUnknownSession)
	c.session.Sequence = first + 8
	fate("nine above the highest", c.deviceID(), DropReplay)
	fate("first packet", good, NotDropped)
	fate("replay", good, DropReplay)
	fate("legacy pad byte", append(c.deviceIDAt(first), 0), DropReplay)
	fate("second packet with a legacy pad byte", append(c.deviceIDAt(first+1), 0), NotDropped)
	fate("activation once more", activate, DropReplay)
	c = newActivation15(t, r, operator)
	activate = c.session.ActivationRequest(c.login, c.challenge)
	c.activate()
	fate("repeated with a wrong password", changed(activate, 20, activate[20]+1), DropBadIntegrity)
	fate("repeated", activate, NotDropped)

	wrong := changed(other.session.ActivationRequest(other.login, other.challenge), 20, 0)
	wrong[21]++
	fate("wrong password", wrong, DropBadIntegrity)
	fate("wrong password again: the ID is gone", wrong, DropUnknownSession)
}

func (c *activation15) deviceIDAt(sequence uint32) []byte {
	c.session.Sequence = sequence - 1
	return c.deviceID()
}

// TestActivationExpires like a handshake of IPMI 2.0.
func TestActivationExpires(t *testing.T) {
	for _, tt := range []struct {
		wait time.Duration
		want DropReason
	}{{handshakeLife - time.Second, NotDropped}, {handshakeLife, DropUnknownSession}} {
		c := newActivation15(t, newBMC(t, bothVersions), operator)
		c.now = c.now.Add(tt.wait)
		if _, got := c.send(c.session.ActivationRequest(c.login, c.challenge)); got != tt.want {
			t.Errorf("after %v: %v, want %v", tt.wait, got, tt.want)
		}
	}
}

// TestActivationTellsWhatIsWrong to a console that knows the password, which may
// then try again.
func TestActivationTellsWhatIsWrong(t *testing.T) {
	c := newActivation15(t, newBMC(t, bothVersions), operator)
	try := func(name string, want error, change func(*remote.Login15, *ipmi.SessionChallenge)) {
		t.Helper()
		l, challenge := c.login, c.challenge
		change(&l, &challenge)
		reply, reason := c.send(c.session.ActivationRequest(l, challenge))
		if err := c.session.Activated(reply); reason != NotDropped || !errors.Is(err, want) {
			t.Errorf("%s: %v, %v, want %v", name, reason, err, want)
		}
	}
	try("another challenge", ipmi.InvalidChallenge, func(_ *remote.Login15, c *ipmi.SessionChallenge) { c.Challenge[3]++ })
	try("another type than in the header", ipmi.InvalidField, func(l *remote.Login15, _ *ipmi.SessionChallenge) { l.Auth = ipmi.AuthPassword })
	try("beyond the limit", ipmi.ActivateExceedsLimit, func(l *remote.Login15, _ *ipmi.SessionChallenge) { l.Privilege = ipmi.Administrator })
	try("all right", nil, func(*remote.Login15, *ipmi.SessionChallenge) {})
	if s := c.r.bmc.Sessions(); len(s) != 1 || s[0].Limit != ipmi.Operator {
		t.Errorf("sessions %+v, want one of an operator", s)
	}
}

// TestActivateInsideASession keeps it alive and numbers the BMC's packets anew.
func TestActivateInsideASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, bothVersions)
		s, err := r.console(t).Login15(t.Context(), login15(root))
		if err != nil {
			t.Fatal(err)
		}
		request := ipmi.ActivateSessionRequest{AuthType: ipmi.AuthMD5, MaxPrivilege: ipmi.Administrator, Outbound: 0xFFFFFFFF}
		got := command(t, s, ipmi.NetFnApp, cmdActivateSession, ipmi.AppendActivateSessionRequest(nil, request), ipmi.Completed)
		want := ipmi.ActivatedSession{AuthType: ipmi.AuthMD5, ID: s.BMCID, Inbound: s.Sequence + 1, MaxPrivilege: ipmi.Administrator}
		if a, err := ipmi.ParseActivatedSession(got.Data); err != nil || a != want || s.Received != 0xFFFFFFFF {
			t.Errorf("%+v under number %08X, %v; want %+v under FFFFFFFF", a, s.Received, err, want)
		}
		command(t, s, ipmi.NetFnApp, cmdDeviceID, nil, ipmi.Completed)
		if s.Received != 1 {
			t.Errorf("after FFFFFFFFh comes %08X, want 1", s.Received)
		}
		request.AuthType = ipmi.AuthPassword
		command(t, s, ipmi.NetFnApp, cmdActivateSession, ipmi.AppendActivateSessionRequest(nil, request), ipmi.InvalidField)
		command(t, s, ipmi.NetFnApp, cmdActivateSession, []byte{2}, ipmi.InvalidLength)
		low, err := r.console(t).Login15(t.Context(), login15(operator))
		if err != nil {
			t.Fatal(err)
		}
		request.AuthType = ipmi.AuthMD5
		command(t, low, ipmi.NetFnApp, cmdActivateSession, ipmi.AppendActivateSessionRequest(nil, request), ipmi.ActivateExceedsLimit)
		s20 := login(t, r.console(t), admin)
		command(t, s20, ipmi.NetFnApp, cmdActivateSession, ipmi.AppendActivateSessionRequest(nil, request), ipmi.NotInPresentState)
	})
}
